// The states of the post-quantum ratchet, and what each of them knows. In every
// epoch one side sends a KEM key and the other a ciphertext, in pieces; then
// they change places.
// Spec: [Braid] states, docs/spec/end-to-end.md SPQR states.
#ifndef CORE_E2E_SPQR_STATES_H_
#define CORE_E2E_SPQR_STATES_H_

#include "core/base/codec.h"
#include "core/base/wiped.h"
#include "core/crypto/mlkem_incremental.h"
#include "core/e2e/spqr/erasure.h"
#include "core/e2e/spqr/payload.h"

namespace core::e2e::spqr {

// With their numbers in a stored session.
enum class StateName : std::uint8_t {
  // The side that sends the key.
  kKeysUnsampled = 0,      // its turn has come; keys are made with the next message
  kKeysSampled = 1,        // sends the header until a piece of ct1 answers it
  kHeaderSent = 2,         // sends the vector and collects ct1
  kCt1Received = 3,        // has ct1 and says so, with what is left of the vector
  kEkSentCt1Received = 4,  // knows that the vector has arrived; collects ct2
  // The side that sends the ciphertext.
  kNoHeaderReceived = 5,      // collects the header
  kHeaderReceived = 6,        // has it; the ciphertext is made with the next message
  kCt1Sampled = 7,            // sends ct1 and collects the vector
  kEkReceivedCt1Sampled = 8,  // has the vector; sends ct1 until that has arrived
  kCt1Acknowledged = 9,       // knows that ct1 has arrived; collects the vector
  kCt2Sampled = 10,           // sends ct2 until the other side starts the next epoch
};

// A state's name and all that it knows. Plain and secret: what holds it wipes it.
class State {
 public:
  StateName name() const { return name_; }
  // Another state that knows nothing yet.
  void enter(StateName name);
  // Another state that holds the same.
  void become(StateName name) { name_ = name; }
  // Another state that holds the same keys, but sends and collects other values.
  void begin(StateName name);

  // The key's side: the seed of its KEM key.
  MutView<64> seed() { return MutBytes(kem_).first<64>(); }
  // The ciphertext's side: the key's header, and its own 32 random bytes.
  MutView<crypto::kKemHeaderSize> header() {
    return MutBytes(kem_).first<crypto::kKemHeaderSize>();
  }
  MutView<32> message() { return MutBytes(kem_).last<32>(); }
  // The value that is sent: its chunks 0, 1, 2, ... for as long as the state
  // lasts, beyond the end of the value too. Afterwards ct1 stays here.
  MutBytes sent();
  // The value that is collected; whole once collect() has said so.
  MutBytes collected();

  // What the next message carries: type and chunk.
  void send(Payload& payload);
  // Takes a chunk of the value that is collected; one of a known index changes
  // nothing. True if it was the last that is needed.
  bool collect(const Chunk& chunk);

  // Most bytes that exchange() writes: those of Ct1Sampled with all chunks but
  // one.
  static constexpr std::size_t kMaxStoredSize = 1 + crypto::kKemHeaderSize + 32 + 2 +
                                                crypto::kKemCt1Size + 1 +
                                                (kVectorChunks - 1) * (2 + kChunkSize);
  void exchange(Codec& codec);

 private:
  StateName name_ = StateName::kKeysUnsampled;
  std::uint8_t count_ = 0;                        // chunks collected
  ChunkIndex next_ = 0;                           // of the chunk to send
  std::array<ChunkIndex, kMaxChunks> indices_{};  // of those collected, as they came
  ByteArray<crypto::kKemHeaderSize + 32> kem_{};
  ByteArray<crypto::kKemCt1Size + crypto::kKemVectorSize> values_{};  // sent, collected
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_STATES_H_
