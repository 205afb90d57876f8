#include "core/wg/noise.h"

#include "core/crypto/aead.h"
#include "core/crypto/ct.h"
#include "core/crypto/x25519.h"
#include "core/wg/kdf.h"

namespace core::wg {
namespace {

constexpr auto kConstruction = label("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s");
constexpr auto kIdentifier = label("WireGuard v1 zx2c4 Jason@zx2c4.com");
constexpr std::uint64_t kFirstNonce = 0;  // each key encrypts once

}  // namespace

void SymmetricState::start(View<32> responder_static) {
  hash_of({kConstruction}, chaining_key.mut());
  copy(chaining_key.view(), hash);
  mix_hash(kIdentifier);
  mix_hash(responder_static);
}

void SymmetricState::copy_from(const SymmetricState& other) {
  copy(other.chaining_key.view(), chaining_key.mut());
  hash = other.hash;
}

void SymmetricState::mix_hash(Bytes said) { hash_of({hash, said}, hash); }

void SymmetricState::mix_ephemeral(View<32> public_key) {
  mix_hash(public_key);
  kdf(chaining_key.view(), public_key, {&chaining_key});
}

void SymmetricState::mix_key(const Secret<32>& shared, Secret<32>& key) {
  kdf(chaining_key.view(), shared.view(), {&chaining_key, &key});
}

Status SymmetricState::mix_dh(const Secret<32>& ours, View<32> theirs, Secret<32>& key) {
  TRY(agree(ours, theirs, key));
  mix_key(key, key);
  return {};
}

void SymmetricState::mix_preshared_key(View<32> preshared_key, Secret<32>& key) {
  Secret<32> said;
  kdf(chaining_key.view(), preshared_key, {&chaining_key, &said, &key});
  mix_hash(said.view());
}

void SymmetricState::seal(const Secret<32>& key, Bytes plaintext, MutBytes out) {
  copy(plaintext, out);
  crypto::chacha20_poly1305_seal(key.view(), kFirstNonce, hash, out);
  mix_hash(out);
}

Status SymmetricState::open(const Secret<32>& key, MutBytes text) {
  const auto said_before = hash;
  mix_hash(text);
  const auto opened = crypto::chacha20_poly1305_open(key.view(), kFirstNonce, said_before, text);
  return opened ? Status() : opened.error();
}

void Handshake::forget() {
  local_index = 0;
  wipe(state.chaining_key.mut());
  wipe(ephemeral.mut());
}

Status agree(const Secret<32>& ours, View<32> theirs, Secret<32>& shared) {
  const auto agreed = crypto::x25519(ours, theirs);
  if (!agreed) return agreed.error();
  copy(agreed->view(), shared.mut());
  return {};
}

Status create_initiation(const Statics& statics, const Secret<32>& ephemeral,
                         View<kTimestampSize> timestamp, Handshake& handshake, Initiation& out) {
  SymmetricState state;
  Secret<32> key;
  state.start(statics.theirs);
  out.type.set(MessageType::kInitiation);
  // e
  out.ephemeral = crypto::x25519_public(ephemeral);
  state.mix_ephemeral(out.ephemeral);
  // es
  TRY(state.mix_dh(ephemeral, statics.theirs, key));
  // s
  state.seal(key, statics.our_public, out.encrypted_static);
  // ss
  state.mix_key(statics.static_static, key);
  // {t}
  state.seal(key, timestamp, out.encrypted_timestamp);

  handshake.state.copy_from(state);
  copy(ephemeral.view(), handshake.ephemeral.mut());
  return {};
}

Result<View<32>> consume_static(const Secret<32>& our_private, View<32> our_public,
                                Initiation& message, SymmetricState& state) {
  Secret<32> key;
  state.start(our_public);
  // e
  state.mix_ephemeral(message.ephemeral);
  // es
  TRY(state.mix_dh(our_private, message.ephemeral, key));
  // s
  TRY(state.open(key, message.encrypted_static));
  const auto theirs = View<48>(message.encrypted_static).first<32>();
  crypto::declassify(theirs);  // public keys: they are looked up in a table
  return theirs;
}

Result<ByteArray<kTimestampSize>> consume_timestamp(const Secret<32>& static_static,
                                                    Initiation& message, SymmetricState& state) {
  Secret<32> key;
  // ss
  state.mix_key(static_static, key);
  // {t}
  TRY(state.open(key, message.encrypted_timestamp));
  const auto timestamp = View<28>(message.encrypted_timestamp).first<kTimestampSize>();
  crypto::declassify(timestamp);  // compared with the last one: its order shows
  return to_array(timestamp);
}

Status create_response(SymmetricState& state, const Asker& asker, const Secret<32>& ephemeral,
                       View<32> preshared_key, Response& out, TransportKeys& keys) {
  Secret<32> key;
  out.type.set(MessageType::kResponse);
  // e
  out.ephemeral = crypto::x25519_public(ephemeral);
  state.mix_ephemeral(out.ephemeral);
  // ee
  TRY(state.mix_dh(ephemeral, asker.their_ephemeral, key));
  // se
  TRY(state.mix_dh(ephemeral, asker.theirs, key));
  // psk
  state.mix_preshared_key(preshared_key, key);
  // {}
  state.seal(key, {}, out.encrypted_nothing);
  kdf(state.chaining_key.view(), {}, {&keys.receive, &keys.send});
  return {};
}

Status consume_response(const Handshake& handshake, const Secret<32>& our_private,
                        View<32> preshared_key, Response& message, TransportKeys& keys) {
  SymmetricState state;
  Secret<32> key;
  state.copy_from(handshake.state);
  // e
  state.mix_ephemeral(message.ephemeral);
  // ee
  TRY(state.mix_dh(handshake.ephemeral, message.ephemeral, key));
  // se
  TRY(state.mix_dh(our_private, message.ephemeral, key));
  // psk
  state.mix_preshared_key(preshared_key, key);
  // {}
  TRY(state.open(key, message.encrypted_nothing));
  kdf(state.chaining_key.view(), {}, {&keys.send, &keys.receive});
  return {};
}

}  // namespace core::wg
