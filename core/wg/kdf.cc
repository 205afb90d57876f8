#include "core/wg/kdf.h"

#include "core/base/result.h"
#include "core/crypto/blake2s.h"

namespace core::wg {

// Spec: [RFC2104] 2.
Secret<32> hmac_blake2s(Bytes key, Bytes message) {
  constexpr std::size_t kBlock = 64;
  CHECK(key.size() <= kBlock);
  Secret<kBlock> pad;
  copy(key, pad.mut());
  for (auto& byte : pad.mut()) byte ^= 0x36;
  Secret<32> inner, out;
  {
    crypto::Blake2s hash(32);
    hash.update(pad.view());
    hash.update(message);
    hash.finish(inner.mut());
  }
  for (auto& byte : pad.mut()) byte ^= 0x36 ^ 0x5c;
  crypto::Blake2s hash(32);
  hash.update(pad.view());
  hash.update(inner.view());
  hash.finish(out.mut());
  return out;
}

}  // namespace core::wg
