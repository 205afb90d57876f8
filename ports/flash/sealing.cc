#include "ports/flash/sealing.h"

#include "core/base/reader.h"
#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"

namespace ports::flash {

using core::Bytes;

void Sealing::use_salt(core::View<kSaltSize> salt) {
  core::copy(salt, salt_);
  std::uint8_t which = 1;
  for (auto* key : {&seal_key_, &tag_key_, &id_key_}) {
    core::crypto::Blake2s hash(32, device_key_.view());
    hash.update(context_);
    hash.update(salt_);
    hash.update({&which, 1});
    hash.finish(key->mut());
    ++which;
  }
}

std::uint64_t Sealing::id_of(Bytes key) const {
  core::ByteArray<8> id{};
  core::crypto::blake2s(id_key_.view(), key, id);
  return core::Reader(id).u64_be();
}

void Sealing::seal(core::View<kNonceSize> nonce, Bytes ad, core::MutBytes text) const {
  core::crypto::chacha20_poly1305_seal(seal_key_.view(), nonce, ad, text);
}

core::Status Sealing::open(core::View<kNonceSize> nonce, Bytes ad, core::MutBytes text) const {
  TRY(core::crypto::chacha20_poly1305_open(seal_key_.view(), nonce, ad, text));
  return {};
}

core::ByteArray<Sealing::kTagSize> Sealing::tag(Bytes text) const {
  core::ByteArray<kTagSize> out{};
  core::crypto::blake2s(tag_key_.view(), text, out);
  return out;
}

}  // namespace ports::flash
