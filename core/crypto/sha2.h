// SHA-256 and SHA-512. Spec: [FIPS180] 6.2, 6.4.
#ifndef CORE_CRYPTO_SHA2_H_
#define CORE_CRYPTO_SHA2_H_

#include "core/base/bytes.h"

namespace core::crypto {

ByteArray<32> sha256(Bytes message);
ByteArray<64> sha512(Bytes message);

// SHA-512 of a message given in parts, one after the other.
ByteArray<64> sha512(std::span<const Bytes> parts);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_SHA2_H_
