// The handshake, Noise IKpsk2, as functions of their inputs:
//   <- s
//   -> e, es, s, ss, {t}
//   <- e, ee, se, psk, {}
// A message is believed whole or not at all. Everything is constant time in the
// secrets. Spec: [WG] 5.4, docs/spec/tunnel.md handshake.
#ifndef CORE_WG_NOISE_H_
#define CORE_WG_NOISE_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/wg/messages.h"

namespace core::wg {

inline constexpr std::size_t kTimestampSize = 12;

struct TransportKeys {
  Secret<32> send, receive;
};

// The chaining key, and a hash of what was said so far.
struct SymmetricState {
  Secret<32> chaining_key;
  ByteArray<32> hash{};

  // At the start: the protocol's name, and <- s.
  void start(View<32> responder_static);
  void copy_from(const SymmetricState& other);
  void mix_hash(Bytes said);
  void mix_ephemeral(View<32> public_key);
  // `key`: for what follows.
  void mix_key(const Secret<32>& shared, Secret<32>& key);
  // The same with the DH of two keys. Errors: kBadKey: a low-order key.
  Status mix_dh(const Secret<32>& ours, View<32> theirs, Secret<32>& key);
  void mix_preshared_key(View<32> preshared_key, Secret<32>& key);
  // Writes the ciphertext and its tag. REQUIRES: as much room
  void seal(const Secret<32>& key, Bytes plaintext, MutBytes out);
  // In place; then the tag is still there. Errors: kBadTag.
  Status open(const Secret<32>& key, MutBytes text);
};

// What an initiator keeps until the response comes.
struct Handshake {
  std::uint32_t local_index = 0;  // 0: no handshake
  SymmetricState state;
  Secret<32> ephemeral;

  void forget();
};

// X25519. Errors: kBadKey: a low-order key.
Status agree(const Secret<32>& ours, View<32> theirs, Secret<32>& shared);

// The keys of both sides; all outlive the call.
struct Statics {
  const Secret<32>& ours;
  View<32> our_public;
  View<32> theirs;
  const Secret<32>& static_static;  // X25519(ours, theirs)
};

// Writes an initiation but for its MACs and its sender, and what is to be kept
// of it but for the local index. `ephemeral`: a new X25519 private key.
// Errors: kBadKey: the peer's key is of low order; `handshake` is as it was.
Status create_initiation(const Statics& statics, const Secret<32>& ephemeral,
                         View<kTimestampSize> timestamp, Handshake& handshake, Initiation& out);

// Opens the key of the sender of an initiation in place, and returns it: it is
// not proved before consume_timestamp(). Errors: kBadKey: a low-order key; kBadTag.
Result<View<32>> consume_static(const Secret<32>& our_private, View<32> our_public,
                                Initiation& message, SymmetricState& state);

// Authenticates the initiation, and returns its timestamp. Errors: kBadTag.
Result<ByteArray<kTimestampSize>> consume_timestamp(const Secret<32>& static_static,
                                                    Initiation& message, SymmetricState& state);

// What a response answers: the public keys of an initiation.
struct Asker {
  View<32> theirs, their_ephemeral;
};

// Writes the response to an initiation, whose state is gone then, but for its
// MACs and indices, and our transport keys. Errors: kBadKey: a low-order ephemeral key.
Status create_response(SymmetricState& state, const Asker& asker, const Secret<32>& ephemeral,
                       View<32> preshared_key, Response& out, TransportKeys& keys);

// Authenticates the response to `handshake`, in place, and gives our transport
// keys. Errors: kBadKey, kBadTag.
Status consume_response(const Handshake& handshake, const Secret<32>& our_private,
                        View<32> preshared_key, Response& message, TransportKeys& keys);

}  // namespace core::wg
#endif  // CORE_WG_NOISE_H_
