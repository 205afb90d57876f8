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
struct Transcript {
  Secret<32> chaining_key;
  ByteArray<32> hash{};

  void copy_from(const Transcript& other);
};

// A handshake under way.
struct SymmetricState : Transcript {
  Secret<32> key;  // for what follows the last mix

  // At the start: the protocol's name, and <- s.
  void start(View<32> responder_static);
  void mix_hash(Bytes said);
  void mix_ephemeral(View<32> public_key);
  void mix_key(const Secret<32>& shared);
  // The same with the DH of two keys. Errors: kBadKey: a low-order key.
  Status mix_dh(const Secret<32>& ours, View<32> theirs);
  void mix_preshared_key(View<32> preshared_key);
  // Both in place: the text is followed by its tag, or room for it.
  void seal(MutBytes text);
  Status open(MutBytes text);  // Errors: kBadTag.
  // At the end: what each side sends with.
  void split(Secret<32>& initiator, Secret<32>& responder) const;
};

// What an initiator keeps until the response comes.
struct Handshake {
  std::uint32_t local_index = 0;  // 0: no handshake
  Transcript state;
  Secret<32> ephemeral;

  void forget();
};

// X25519. Errors: kBadKey: a low-order key.
Status agree(const Secret<32>& ours, View<32> theirs, Secret<32>& shared);

// The static keys of both sides; all outlive the call.
struct Statics {
  View<32> our_public;
  View<32> theirs;
  const Secret<32>& static_static;  // their DH
};

// Writes an initiation but for its MACs and its sender, and what is to be kept
// of it but for the local index. `ephemeral`: a new X25519 private key.
// Errors: kBadKey: the peer's key is of low order; `handshake` is as it was.
Status create_initiation(const Statics& statics, const Secret<32>& ephemeral,
                         View<kTimestampSize> timestamp, Handshake& handshake, Initiation& out);

// Opens the static key of the sender of an initiation: it is not proved before
// consume_timestamp(). Errors: kBadKey: a low-order key; kBadTag.
Status consume_static(const Secret<32>& our_private, View<32> our_public, Initiation& message,
                      SymmetricState& state);

// Authenticates the initiation, and opens its timestamp. Errors: kBadTag.
Status consume_timestamp(const Secret<32>& static_static, Initiation& message,
                         SymmetricState& state);

// What a response answers: the public keys of an initiation.
struct Asker {
  View<32> theirs, their_ephemeral;
};

// Writes the response to an initiation, but for its MACs and indices; `state` is
// ready to be split. Errors: kBadKey: a low-order ephemeral key.
Status create_response(SymmetricState& state, const Asker& asker, const Secret<32>& ephemeral,
                       View<32> preshared_key, Response& out);

// Authenticates the response to `handshake`, in place; then `state` is ready to
// be split. Errors: kBadKey, kBadTag.
Status consume_response(const Handshake& handshake, const Secret<32>& our_private,
                        View<32> preshared_key, Response& message, SymmetricState& state);

}  // namespace core::wg
#endif  // CORE_WG_NOISE_H_
