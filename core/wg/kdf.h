// HMAC and key derivation by BLAKE2s. Spec: [WG] 5.4 (HMAC, KDF).
#ifndef CORE_WG_KDF_H_
#define CORE_WG_KDF_H_

#include "core/base/bytes.h"

namespace core::wg {

// HMAC-BLAKE2s of `message` under a key of at most 64 bytes.
Secret<32> hmac_blake2s(Bytes key, Bytes message);

// KDF1, KDF2, KDF3: `count` keys of `chaining_key`, of at most 64 bytes, and `input`.
template <std::size_t count>
std::array<Secret<32>, count> kdf(Bytes chaining_key, Bytes input) {
  static_assert(count >= 1 && count <= 3);
  std::array<Secret<32>, count> out;
  const Secret<32> secret = hmac_blake2s(chaining_key, input);
  Secret<33> message;  // the output before, then the output's number
  std::size_t before = 0;
  for (std::uint8_t i = 0; i < count; ++i) {
    message.mut()[before] = static_cast<std::uint8_t>(i + 1);
    out[i] = hmac_blake2s(secret.view(), Bytes(message.view()).first(before + 1));
    before = 32;
    copy(out[i].view(), message.mut());
  }
  return out;
}

}  // namespace core::wg
#endif  // CORE_WG_KDF_H_
