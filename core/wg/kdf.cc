#include "core/wg/kdf.h"

#include "core/crypto/blake2s.h"

namespace core::wg {
namespace {

// HMAC-BLAKE2s. Spec: [RFC2104] 2.
void hmac(View<32> key, Bytes message, MutView<32> out) {
  Secret<64> pad;  // a block
  copy(key, pad.mut());
  Bytes said = message;
  for (const std::uint8_t flip : ByteArray<2>{0x36, 0x36 ^ 0x5c}) {  // to ipad, then to opad
    for (auto& byte : pad.mut()) byte ^= flip;
    hash_of(pad.view(), said, out);
    said = out;
  }
}

}  // namespace

void hash_of(Bytes first, Bytes rest, MutView<32> out) {
  crypto::Blake2s hash(32);
  hash.update(first);
  hash.update(rest);
  hash.finish(out);
}

void kdf(View<32> chaining_key, Bytes input, std::initializer_list<Secret<32>*> out) {
  // First a secret, of the chaining key and the input; then with it each output,
  // of the one before and its own number.
  Secret<32> secret;
  Secret<33> message;
  View<32> key = chaining_key;
  Bytes said = input;
  Secret<32>* to = &secret;
  for (std::uint8_t number = 0;; ++number) {
    hmac(key, said, to->mut());
    if (number == out.size()) return;
    said = message.view().last<1>();
    if (number > 0) {
      copy(to->view(), message.mut());
      said = message.view();
    }
    message.mut()[32] = static_cast<std::uint8_t>(number + 1);
    key = secret.view();
    to = out.begin()[number];
  }
}

}  // namespace core::wg
