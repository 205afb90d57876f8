// Hashes and key derivation by BLAKE2s. Spec: [WG] 5.4 (HASH, HMAC, KDF).
#ifndef CORE_WG_KDF_H_
#define CORE_WG_KDF_H_

#include <initializer_list>

#include "core/base/bytes.h"

namespace core::wg {

// HASH of two pieces, one after the other. `out` may be one of them.
void hash_of(Bytes first, Bytes rest, MutView<32> out);

// KDF1, KDF2, KDF3: as many keys, of a chaining key, which may be one of them,
// and of `input`.
void kdf(View<32> chaining_key, Bytes input, std::initializer_list<Secret<32>*> out);

}  // namespace core::wg
#endif  // CORE_WG_KDF_H_
