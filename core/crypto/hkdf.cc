#include "core/crypto/hkdf.h"

#include "core/base/result.h"
#include "core/crypto/hmac.h"

namespace core::crypto {

void hkdf_sha256(Bytes salt, Bytes input_key, Bytes info, MutBytes out) {
  CHECK(out.size() <= std::size_t{255} * 32);
  // An empty salt needs no zeros here: HMAC pads its key with them.
  const Secret<32> pseudorandom_key = hmac_sha256(salt, {input_key});

  HmacSha256 hmac(pseudorandom_key.view());
  Secret<32> block;
  std::uint8_t number = 0;
  for (std::size_t at = 0; at < out.size(); at += 32) {
    if (number != 0) hmac.update(block.view());
    ++number;
    hmac.update(info);
    hmac.update({&number, 1});
    hmac.finish(block.mut());
    const std::size_t size = std::min<std::size_t>(32, out.size() - at);
    copy(block.view().first(size), out.subspan(at));
  }
}

}  // namespace core::crypto
