// The handshake, Noise IKpsk2, as functions of their inputs:
//   <- s
//   -> e, es, s, ss, {t}
//   <- e, ee, se, psk, {}
// A message is written or believed whole or not at all. Everything is constant
// time in the secrets. Spec: [WG] 5.4, docs/spec/tunnel.md handshake.
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

// What an initiator keeps until the response comes.
struct Handshake {
  std::uint32_t local_index = 0;  // 0: no handshake
  ByteArray<32> hash{};
  Secret<32> chaining_key, ephemeral;
};

// What a responder knows after the `s` of an initiation, on its stack.
struct HalfOpened {
  ByteArray<32> hash;
  Secret<32> chaining_key;
  ByteArray<32> their_static, their_ephemeral;
  std::uint32_t their_index;
};

// The keys of both sides; all outlive the call.
struct Statics {
  const Secret<32>& ours;
  View<32> our_public;
  View<32> theirs;
  const Secret<32>& static_static;  // X25519(ours, theirs)
};

// Writes an initiation but for its MACs. `ephemeral`: a new X25519 private key.
// Errors: kBadKey: the peer's key is of low order; `out` is as it was.
Result<Handshake> create_initiation(const Statics& statics, std::uint32_t local_index,
                                    const Secret<32>& ephemeral, View<kTimestampSize> timestamp,
                                    MutView<Initiation::kSize> out);

// Reads who sends an initiation, which is not proved before consume_timestamp().
// Errors: kBadKey: a low-order key; kBadTag.
Result<HalfOpened> consume_static(const Secret<32>& our_private, View<32> our_public,
                                  const Initiation& message);

// Authenticates the initiation and returns its timestamp. Errors: kBadTag.
Result<ByteArray<kTimestampSize>> consume_timestamp(HalfOpened& state,
                                                    const Secret<32>& static_static,
                                                    const Initiation& message);

// Writes the response but for its MACs, and returns our transport keys.
// Errors: kBadKey: a low-order ephemeral key; `out` is as it was.
Result<TransportKeys> create_response(const HalfOpened& state, std::uint32_t local_index,
                                      const Secret<32>& ephemeral, View<32> preshared_key,
                                      MutView<Response::kSize> out);

// Authenticates the response to `handshake` and returns our transport keys.
// Errors: kBadKey, kBadTag.
Result<TransportKeys> consume_response(const Handshake& handshake, const Secret<32>& our_private,
                                       View<32> preshared_key, const Response& message);

}  // namespace core::wg
#endif  // CORE_WG_NOISE_H_
