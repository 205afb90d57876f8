#include "core/wg/kdf.h"

#include "core/crypto/blake2s.h"

namespace core::wg {
namespace {

// HMAC-BLAKE2s, of a message in two pieces. Spec: [RFC2104] 2.
void hmac(View<32> key, Bytes message, Bytes rest, MutView<32> out) {
  Secret<64> pad;  // a block
  copy(key, pad.mut());
  for (auto& byte : pad.mut()) byte ^= 0x36;
  hash_of({pad.view(), message, rest}, out);
  for (auto& byte : pad.mut()) byte ^= 0x36 ^ 0x5c;
  hash_of({pad.view(), out}, out);
}

}  // namespace

void hash_of(std::initializer_list<Bytes> pieces, MutView<32> out) {
  crypto::Blake2s hash(32);
  for (const Bytes piece : pieces) hash.update(piece);
  hash.finish(out);
}

void kdf(View<32> chaining_key, Bytes input, std::initializer_list<Secret<32>*> out) {
  // First a secret, of the chaining key and the input; then with it each output,
  // of the one before and its own number.
  Secret<32> secret;
  View<32> key = chaining_key;
  Bytes message = input;
  Secret<32>* to = &secret;
  for (std::uint8_t number = 0;; ++number) {
    hmac(key, message, {&number, number == 0 ? 0u : 1u}, to->mut());
    if (number == out.size()) return;
    key = secret.view();
    message = number == 0 ? Bytes() : to->view();
    to = out.begin()[number];
  }
}

}  // namespace core::wg
