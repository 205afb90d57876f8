// Arithmetic modulo p = 2^255 - 19, in the representation that suits the
// processor. Both have the same functions; the bounds that field25519_64.h gives
// for its limbs hold for all that is written against this header.
#ifndef CORE_CRYPTO_FIELD25519_H_
#define CORE_CRYPTO_FIELD25519_H_

#ifdef __SIZEOF_INT128__
#include "core/crypto/field25519_64.h"
namespace core::crypto {
namespace field25519 = field64;
}
#else
#include "core/crypto/field25519_32.h"
namespace core::crypto {
namespace field25519 = field32;
}
#endif

#endif  // CORE_CRYPTO_FIELD25519_H_
