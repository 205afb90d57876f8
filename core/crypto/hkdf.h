// HKDF with SHA-256. Spec: [RFC5869] 2.
#ifndef CORE_CRYPTO_HKDF_H_
#define CORE_CRYPTO_HKDF_H_

#include "core/base/bytes.h"

namespace core::crypto {

// Derives out.size() bytes, at most 255 * 32. An empty `salt` means 32 zeros.
// `info` may be empty. Constant time in `salt` and `input_key`.
void hkdf_sha256(Bytes salt, Bytes input_key, Bytes info, MutBytes out);

// The same, as one secret of N bytes.
template <std::size_t N>
Secret<N> hkdf_sha256(Bytes salt, Bytes input_key, Bytes info) {
  Secret<N> out;
  hkdf_sha256(salt, input_key, info, out.mut());
  return out;
}

}  // namespace core::crypto
#endif  // CORE_CRYPTO_HKDF_H_
