// Places in tables that nobody can aim at.
#ifndef CORE_WG_KEYED_HASH_H_
#define CORE_WG_KEYED_HASH_H_

#include "core/crypto/blake2s.h"
#include "core/crypto/words.h"

namespace core::wg {

// 32 bits of a keyed hash of `bytes`. `key` is random and secret.
inline std::uint32_t keyed_hash(View<32> key, Bytes bytes) {
  ByteArray<4> out;
  crypto::blake2s(key, bytes, out);
  return crypto::load_u32_le(out);
}

}  // namespace core::wg
#endif  // CORE_WG_KEYED_HASH_H_
