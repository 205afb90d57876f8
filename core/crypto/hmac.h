// HMAC-SHA-256. Spec: [RFC2104] 2.
#ifndef CORE_CRYPTO_HMAC_H_
#define CORE_CRYPTO_HMAC_H_

#include <initializer_list>

#include "core/base/bytes.h"

namespace core::crypto {

// HMAC of the parts, one after the other, under a key of any size. Secret,
// because chain keys and message keys are made with it.
Secret<32> hmac_sha256(Bytes key, std::initializer_list<Bytes> parts);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_HMAC_H_
