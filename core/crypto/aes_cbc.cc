// AES-CBC by nettle, which uses the processor's AES instructions.
#include "core/crypto/aes_cbc.h"

#include <nettle/aes.h>
#include <nettle/cbc.h>

#include "core/crypto/ct.h"

namespace core::crypto {
namespace {

// An expanded AES-256 key, wiped at the end.
struct Key {
  Key() = default;
  ~Key() { wipe({reinterpret_cast<std::uint8_t*>(&context), sizeof(context)}); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  aes256_ctx context;
};

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
  const std::size_t whole = size - kAesBlockSize;
  Secret<kAesBlockSize> last;  // before `out` is written: it may be `plaintext`
  copy(plaintext.subspan(whole), last.mut());
  const auto padding = static_cast<std::uint8_t>(size - plaintext.size());
  std::fill(last.mut().end() - padding, last.mut().end(), padding);

  Key expanded;
  aes256_set_encrypt_key(&expanded.context, key.data());
  ByteArray<kAesBlockSize> chain = to_array(iv);
  cbc_aes256_encrypt(&expanded.context, chain.data(), whole, out.data(), plaintext.data());
  cbc_aes256_encrypt(&expanded.context, chain.data(), kAesBlockSize, out.data() + whole,
                     last.view().data());
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
  Key expanded;
  aes256_set_decrypt_key(&expanded.context, key.data());
  ByteArray<kAesBlockSize> chain = to_array(iv);
  cbc_decrypt(&expanded.context, reinterpret_cast<nettle_cipher_func*>(aes256_decrypt),
              kAesBlockSize, chain.data(), size, out.data(), ciphertext.data());

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
