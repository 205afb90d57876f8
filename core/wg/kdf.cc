#include "core/wg/kdf.h"

#include "core/base/result.h"
#include "core/crypto/blake2s.h"

namespace core::wg {
namespace {

// HMAC-BLAKE2s, of a message in two pieces.
// Spec: [RFC2104] 2.
void hmac_blake2s(Bytes key, Bytes message, Bytes rest, MutView<32> out) {
  constexpr std::size_t kBlock = 64;
  CHECK(key.size() <= kBlock);
  Secret<kBlock> pad;
  copy(key, pad.mut());
  for (auto& byte : pad.mut()) byte ^= 0x36;
  crypto::Blake2s inner(32);
  inner.update(pad.view());
  inner.update(message);
  inner.update(rest);
  inner.finish(out);
  for (auto& byte : pad.mut()) byte ^= 0x36 ^ 0x5c;
  crypto::Blake2s outer(32);
  outer.update(pad.view());
  outer.update(out);
  outer.finish(out);
}

}  // namespace

void kdf(Bytes chaining_key, Bytes input, std::initializer_list<Secret<32>*> out) {
  Secret<32> secret;
  hmac_blake2s(chaining_key, input, {}, secret.mut());
  Bytes before;  // the output before, then this one's number
  std::uint8_t number = 0;
  for (Secret<32>* const key : out) {
    ++number;
    hmac_blake2s(secret.view(), before, {&number, 1}, key->mut());
    before = key->view();
  }
}

}  // namespace core::wg
