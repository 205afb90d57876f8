#include "core/wg/noise.h"

#include "core/crypto/aead.h"
#include "core/crypto/ct.h"
#include "core/crypto/x25519.h"
#include "core/wg/kdf.h"

namespace core::wg {
namespace {

// HASH("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
constexpr ByteArray<32> kConstructionHash{
    0x60, 0xe2, 0x6d, 0xae, 0xf3, 0x27, 0xef, 0xc0, 0x2e, 0xc3, 0x35, 0xe2, 0xa0, 0x25, 0xd2, 0xd0,
    0x16, 0xeb, 0x42, 0x06, 0xf8, 0x72, 0x77, 0xf5, 0x2d, 0x38, 0xd1, 0x98, 0x8b, 0x78, 0xcd, 0x36};
// HASH(kConstructionHash || "WireGuard v1 zx2c4 Jason@zx2c4.com")
constexpr ByteArray<32> kIdentifierHash{
    0x22, 0x11, 0xb3, 0x61, 0x08, 0x1a, 0xc5, 0x66, 0x69, 0x12, 0x43, 0xdb, 0x45, 0x8a, 0xd5, 0x32,
    0x2d, 0x9c, 0x6c, 0x66, 0x22, 0x93, 0xe8, 0xb7, 0x0e, 0xe1, 0x9c, 0x65, 0xba, 0x07, 0x9e, 0xf3};
constexpr std::uint64_t kFirstNonce = 0;  // each key encrypts once

}  // namespace

void Transcript::copy_from(const Transcript& other) {
  copy(other.chaining_key.view(), chaining_key.mut());
  copy(other.hash, hash);
}

void SymmetricState::start(View<32> responder_static) {
  copy(kConstructionHash, chaining_key.mut());
  hash_of(kIdentifierHash, responder_static, hash);
}

void SymmetricState::mix_hash(Bytes said) { hash_of(hash, said, hash); }

void SymmetricState::mix_ephemeral(View<32> public_key) {
  mix_hash(public_key);
  kdf(chaining_key.view(), public_key, {&chaining_key});
}

void SymmetricState::mix_key(const Secret<32>& shared) {
  kdf(chaining_key.view(), shared.view(), {&chaining_key, &key});
}

Status SymmetricState::mix_dh(const Secret<32>& ours, View<32> theirs) {
  TRY(agree(ours, theirs, key));
  mix_key(key);
  return {};
}

void SymmetricState::mix_preshared_key(View<32> preshared_key) {
  Secret<32> said;
  kdf(chaining_key.view(), preshared_key, {&chaining_key, &said, &key});
  mix_hash(said.view());
}

void SymmetricState::seal(MutBytes text) {
  crypto::chacha20_poly1305_seal(key.view(), kFirstNonce, hash, text);
  mix_hash(text);
}

Status SymmetricState::open(MutBytes text) {
  ByteArray<32> said_before;
  copy(hash, said_before);
  mix_hash(text);
  TRY(crypto::chacha20_poly1305_open(key.view(), kFirstNonce, said_before, text));
  return {};
}

void SymmetricState::split(Secret<32>& initiator, Secret<32>& responder) const {
  kdf(chaining_key.view(), {}, {&initiator, &responder});
}

void Handshake::forget() {
  local_index = 0;
  wipe(state.chaining_key.mut());
  wipe(ephemeral.mut());
}

Status agree(const Secret<32>& ours, View<32> theirs, Secret<32>& shared) {
  const crypto::X25519Pair pair{ours, theirs};
  return crypto::x25519({&pair, 1}, shared.mut());
}

Status create_initiation(const Statics& statics, const Secret<32>& ephemeral,
                         View<kTimestampSize> timestamp, Handshake& handshake, Initiation& out) {
  SymmetricState state;
  state.start(statics.theirs);
  out.type.set(MessageType::kInitiation);
  // e
  out.ephemeral = crypto::x25519_public(ephemeral);
  state.mix_ephemeral(out.ephemeral);
  // es
  TRY(state.mix_dh(ephemeral, statics.theirs));
  // s
  copy(statics.our_public, out.encrypted_static);
  state.seal(out.encrypted_static);
  // ss
  state.mix_key(statics.static_static);
  // {t}
  copy(timestamp, out.encrypted_timestamp);
  state.seal(out.encrypted_timestamp);

  handshake.state.copy_from(state);
  copy(ephemeral.view(), handshake.ephemeral.mut());
  return {};
}

Status consume_static(const Secret<32>& our_private, View<32> our_public, Initiation& message,
                      SymmetricState& state) {
  state.start(our_public);
  // e
  state.mix_ephemeral(message.ephemeral);
  // es
  TRY(state.mix_dh(our_private, message.ephemeral));
  // s
  TRY(state.open(message.encrypted_static));
  crypto::declassify(message.static_key());  // public keys: they are looked up in a table
  return {};
}

Status consume_timestamp(const Secret<32>& static_static, Initiation& message,
                         SymmetricState& state) {
  // ss
  state.mix_key(static_static);
  // {t}
  TRY(state.open(message.encrypted_timestamp));
  crypto::declassify(message.timestamp());  // compared with the last one: its order shows
  return {};
}

Status create_response(SymmetricState& state, const Asker& asker, const Secret<32>& ephemeral,
                       View<32> preshared_key, Response& out) {
  out.type.set(MessageType::kResponse);
  // e
  out.ephemeral = crypto::x25519_public(ephemeral);
  state.mix_ephemeral(out.ephemeral);
  // ee
  TRY(state.mix_dh(ephemeral, asker.their_ephemeral));
  // se
  TRY(state.mix_dh(ephemeral, asker.theirs));
  // psk
  state.mix_preshared_key(preshared_key);
  // {}
  state.seal(out.encrypted_nothing);
  return {};
}

Status consume_response(const Handshake& handshake, const Secret<32>& our_private,
                        View<32> preshared_key, Response& message, SymmetricState& state) {
  state.copy_from(handshake.state);
  // e
  state.mix_ephemeral(message.ephemeral);
  // ee
  TRY(state.mix_dh(handshake.ephemeral, message.ephemeral));
  // se
  TRY(state.mix_dh(our_private, message.ephemeral));
  // psk
  state.mix_preshared_key(preshared_key);
  // {}
  return state.open(message.encrypted_nothing);
}

}  // namespace core::wg
