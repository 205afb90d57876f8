// The states of the post-quantum ratchet as types: each holds what its state
// knows, and no more. In every epoch one side sends a KEM key and the other a
// ciphertext, in pieces; then they change places.
// Spec: [Braid] states, docs/spec/end-to-end.md SPQR states.
#ifndef CORE_E2E_SPQR_STATES_H_
#define CORE_E2E_SPQR_STATES_H_

#include <variant>

#include "core/crypto/mlkem_incremental.h"
#include "core/e2e/spqr/erasure.h"

namespace core::e2e::spqr {

using Header = ByteArray<crypto::kKemHeaderSize>;
using HeaderAndMac = ByteArray<kHeaderChunks * kChunkSize>;
using Vector = ByteArray<crypto::kKemVectorSize>;
using Ct1 = ByteArray<crypto::kKemCt1Size>;
using Ct2AndMac = ByteArray<kCt2Chunks * kChunkSize>;

// A value that is being sent: its chunks 0, 1, 2, ... for as long as the state
// lasts, beyond the end of the value too.
template <class Value>
struct Sending {
  Value value{};
  ChunkIndex next = 0;
};

// ---- the side that sends the key -------------------------------------------

// Its turn has come; keys are made with the next message.
struct KeysUnsampled {};
// Sends the header until a piece of ct1 answers it.
struct KeysSampled {
  Secret<64> seed;
  Sending<HeaderAndMac> header;
};
// Sends the vector and collects ct1.
struct HeaderSent {
  Secret<64> seed;
  Sending<Vector> vector;
  Decoder<kCt1Chunks> ct1;
};
// Has ct1 and says so, with what is left of the vector.
struct Ct1Received {
  Secret<64> seed;
  Sending<Vector> vector;
  Ct1 ct1{};
};
// Knows that the vector has arrived; collects ct2.
struct EkSentCt1Received {
  Secret<64> seed;
  Ct1 ct1{};
  Decoder<kCt2Chunks> ct2;
};

// ---- the side that sends the ciphertext --------------------------------------

// Collects the header.
struct NoHeaderReceived {
  Decoder<kHeaderChunks> header;
};
// Has it; the ciphertext is made with the next message.
struct HeaderReceived {
  Header header{};
};
// Sends ct1 and collects the vector.
struct Ct1Sampled {
  Header header{};
  Secret<32> message;
  Sending<Ct1> ct1;
  Decoder<kVectorChunks> vector;
};
// Has the vector; sends ct1 until that has arrived.
struct EkReceivedCt1Sampled {
  Header header{};
  Secret<32> message;
  Sending<Ct1> ct1;
  Vector vector{};
};
// Knows that ct1 has arrived; collects the vector.
struct Ct1Acknowledged {
  Header header{};
  Secret<32> message;
  Ct1 ct1{};
  Decoder<kVectorChunks> vector;
};
// Sends ct2 until the other side starts the next epoch.
struct Ct2Sampled {
  Sending<Ct2AndMac> ct2;
};

// In the order of their numbers in a stored session.
using State = std::variant<KeysUnsampled, KeysSampled, HeaderSent, Ct1Received, EkSentCt1Received,
                           NoHeaderReceived, HeaderReceived, Ct1Sampled, EkReceivedCt1Sampled,
                           Ct1Acknowledged, Ct2Sampled>;

// Most bytes that write_state() writes: those of Ct1Sampled with all chunks but
// one.
inline constexpr std::size_t kMaxStateSize = 1 + crypto::kKemHeaderSize + 32 + 2 +
                                             crypto::kKemCt1Size +
                                             Decoder<kVectorChunks>::kMaxStoredSize;

// Makes `to` the same state as `from`.
void copy_state(const State& from, State& to);
void write_state(const State& state, Writer& out);
// False if it cannot have been written so.
bool read_state(Reader& in, State& state);

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_STATES_H_
