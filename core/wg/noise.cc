#include "core/wg/noise.h"

#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/ct.h"
#include "core/crypto/x25519.h"
#include "core/wg/kdf.h"

namespace core::wg {
namespace {

constexpr auto kConstruction = label("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s");
constexpr auto kIdentifier = label("WireGuard v1 zx2c4 Jason@zx2c4.com");
constexpr ByteArray<12> kFirstNonce{};  // each key encrypts once

// The symmetric state: chaining key and hash of what was said so far.
struct Symmetric {
  Secret<32> chaining_key;
  ByteArray<32> hash;

  // At the start: the protocol's name, and <- s.
  explicit Symmetric(View<32> responder_static) {
    crypto::blake2s({}, kConstruction, chaining_key.mut());
    copy(chaining_key.view(), hash);
    mix_hash(kIdentifier);
    mix_hash(responder_static);
  }
  Symmetric(const Secret<32>& key, View<32> said)
      : chaining_key(key.clone()), hash(to_array(said)) {}

  void mix_hash(Bytes said) {
    crypto::Blake2s h(32);
    h.update(hash);
    h.update(said);
    h.finish(hash);
  }
  void mix_ephemeral(View<32> public_key) {
    mix_hash(public_key);
    chaining_key = std::move(kdf<1>(chaining_key.view(), public_key)[0]);
  }
  // Returns the key for what follows.
  Secret<32> mix_key(const Secret<32>& shared) {
    auto keys = kdf<2>(chaining_key.view(), shared.view());
    chaining_key = std::move(keys[0]);
    return std::move(keys[1]);
  }
  Secret<32> mix_preshared_key(View<32> preshared_key) {
    auto keys = kdf<3>(chaining_key.view(), preshared_key);
    chaining_key = std::move(keys[0]);
    mix_hash(keys[1].view());
    return std::move(keys[2]);
  }
  // `text`: the plaintext and room for a tag.
  void seal(const Secret<32>& key, MutBytes text) {
    crypto::chacha20_poly1305_seal(key.view(), kFirstNonce, hash, text);
    mix_hash(text);
  }
  // `out`: as long as the ciphertext; its end is left zero.
  Status open(const Secret<32>& key, Bytes text, MutBytes out) {
    copy(text, out);
    TRY(crypto::chacha20_poly1305_open(key.view(), kFirstNonce, hash, out));
    wipe(out.last(crypto::kAeadTagSize));
    mix_hash(text);
    return {};
  }
};

}  // namespace

Result<Handshake> create_initiation(const Statics& statics, std::uint32_t local_index,
                                    const Secret<32>& ephemeral, View<kTimestampSize> timestamp,
                                    MutView<Initiation::kSize> out) {
  Symmetric state(statics.theirs);
  // e
  const auto ephemeral_public = crypto::x25519_public(ephemeral);
  state.mix_ephemeral(ephemeral_public);
  // es
  auto key = state.mix_key(TRY(crypto::x25519(ephemeral, statics.theirs)));
  // s
  ByteArray<48> encrypted_static{};
  copy(statics.our_public, encrypted_static);
  state.seal(key, encrypted_static);
  // ss
  key = state.mix_key(statics.static_static);
  // {t}
  ByteArray<28> encrypted_timestamp{};
  copy(timestamp, encrypted_timestamp);
  state.seal(key, encrypted_timestamp);

  Initiation{local_index, ephemeral_public, encrypted_static, encrypted_timestamp}.write(out);
  return Handshake{local_index, state.hash, std::move(state.chaining_key), ephemeral.clone()};
}

Result<HalfOpened> consume_static(const Secret<32>& our_private, View<32> our_public,
                                  const Initiation& message) {
  Symmetric state(our_public);
  // e
  state.mix_ephemeral(message.ephemeral);
  // es
  const auto key = state.mix_key(TRY(crypto::x25519(our_private, message.ephemeral)));
  // s
  ByteArray<48> their_static;
  TRY(state.open(key, message.encrypted_static, their_static));
  crypto::declassify(their_static);  // public keys: they are looked up in a table
  return HalfOpened{state.hash, std::move(state.chaining_key),
                    to_array(View<48>(their_static).first<32>()), to_array(message.ephemeral),
                    message.sender};
}

Result<ByteArray<kTimestampSize>> consume_timestamp(HalfOpened& opened,
                                                    const Secret<32>& static_static,
                                                    const Initiation& message) {
  Symmetric state(opened.chaining_key, opened.hash);
  // ss
  const auto key = state.mix_key(static_static);
  // {t}
  ByteArray<28> timestamp;
  TRY(state.open(key, message.encrypted_timestamp, timestamp));
  crypto::declassify(timestamp);  // compared with the last one: its order shows
  opened.hash = state.hash;
  opened.chaining_key = std::move(state.chaining_key);
  return to_array(View<28>(timestamp).first<kTimestampSize>());
}

Result<TransportKeys> create_response(const HalfOpened& opened, std::uint32_t local_index,
                                      const Secret<32>& ephemeral, View<32> preshared_key,
                                      MutView<Response::kSize> out) {
  Symmetric state(opened.chaining_key, opened.hash);
  // e
  const auto ephemeral_public = crypto::x25519_public(ephemeral);
  state.mix_ephemeral(ephemeral_public);
  // ee
  state.mix_key(TRY(crypto::x25519(ephemeral, opened.their_ephemeral)));
  // se
  state.mix_key(TRY(crypto::x25519(ephemeral, opened.their_static)));
  // psk
  const auto key = state.mix_preshared_key(preshared_key);
  // {}
  ByteArray<16> encrypted_nothing{};
  state.seal(key, encrypted_nothing);

  Response{local_index, opened.their_index, ephemeral_public, encrypted_nothing}.write(out);
  auto keys = kdf<2>(state.chaining_key.view(), {});
  return TransportKeys{.send = std::move(keys[1]), .receive = std::move(keys[0])};
}

Result<TransportKeys> consume_response(const Handshake& handshake, const Secret<32>& our_private,
                                       View<32> preshared_key, const Response& message) {
  Symmetric state(handshake.chaining_key, handshake.hash);
  // e
  state.mix_ephemeral(message.ephemeral);
  // ee
  state.mix_key(TRY(crypto::x25519(handshake.ephemeral, message.ephemeral)));
  // se
  state.mix_key(TRY(crypto::x25519(our_private, message.ephemeral)));
  // psk
  const auto key = state.mix_preshared_key(preshared_key);
  // {}
  ByteArray<16> nothing;
  TRY(state.open(key, message.encrypted_nothing, nothing));

  auto keys = kdf<2>(state.chaining_key.view(), {});
  return TransportKeys{.send = std::move(keys[0]), .receive = std::move(keys[1])};
}

}  // namespace core::wg
