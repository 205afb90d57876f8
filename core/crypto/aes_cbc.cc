#include "core/crypto/aes_cbc.h"

#include "core/crypto/aes256_cbc.h"
#include "core/crypto/ct.h"

namespace core::crypto {
namespace {

// 0xffffffff iff a < b, else 0, for a, b < 2^31.
std::uint32_t mask_less(std::uint32_t a, std::uint32_t b) { return 0u - ((a - b) >> 31); }

// The padding's size if the last block is padded right, else 0. Constant time.
std::size_t padding_size(View<kAesBlockSize> last) {
  const std::uint32_t size = last[kAesBlockSize - 1];
  std::uint32_t wrong = mask_less(size, 1) | mask_less(kAesBlockSize, size);
  for (std::uint32_t i = 1; i <= kAesBlockSize; ++i) {
    wrong |= mask_less(i, size + 1) & (size ^ last[kAesBlockSize - i]);
  }
  const std::uint32_t right = mask_less(wrong & 0xff, 1) & mask_less(wrong >> 8, 1);
  return size & right;
}

}  // namespace

Result<std::size_t> aes256_cbc_encrypt(View<32> key, View<16> iv, Bytes plaintext, MutBytes out) {
  const std::size_t size = aes256_cbc_size(plaintext.size());
  if (out.size() < size) {
    wipe(out);
    return Error::kFull;
  }
  copy(plaintext, out);
  std::fill(out.begin() + plaintext.size(), out.begin() + size,
            static_cast<std::uint8_t>(size - plaintext.size()));
  aes256::cbc_encrypt(key, iv, out.first(size));
  return size;
}

Result<std::size_t> aes256_cbc_decrypt(View<32> key, View<16> iv, Bytes ciphertext, MutBytes out) {
  const std::size_t size = ciphertext.size();
  if (size == 0 || size % kAesBlockSize != 0) {
    wipe(out);
    return Error::kMalformed;
  }
  if (out.size() < size) {
    wipe(out);
    return Error::kFull;
  }
  copy(ciphertext, out);
  aes256::cbc_decrypt(key, iv, out.first(size));

  std::size_t padding = padding_size(out.subspan(size - kAesBlockSize).first<kAesBlockSize>());
  // The plaintext's size, and that the padding was wrong, are what the caller
  // gets; both are known from the ciphertext once its MAC has been checked.
  declassify({reinterpret_cast<const std::uint8_t*>(&padding), sizeof(padding)});
  if (padding == 0) {
    wipe(out);
    return Error::kBadTag;
  }
  wipe(out.subspan(size - padding));
  return size - padding;
}

}  // namespace core::crypto
