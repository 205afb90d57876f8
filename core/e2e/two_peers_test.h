// Two devices that talk to each other, for tests.
#ifndef CORE_E2E_TWO_PEERS_TEST_H_
#define CORE_E2E_TWO_PEERS_TEST_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/e2e/record.h"

namespace core::e2e {

using Buffer = std::vector<std::uint8_t>;

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A public key with its type byte before it.
inline PublicKey serialized(View<32> point) {
  PublicKey out{prekey::kCurveKeyType};
  copy(point, MutBytes(out).subspan(1));
  return out;
}

// A sequence that a seed repeats; one draw can be made to fail.
class TestRng final : public Rng {
 public:
  explicit TestRng(std::uint64_t seed) : state_(seed) {}
  Status fill(MutBytes out) override {
    wipe(out);
    if (fail_in_ != 0 && --fail_in_ == 0) return Error::kRng;
    for (auto& byte : out) byte = static_cast<std::uint8_t>(next());
    return {};
  }
  // The n-th draw from here fails, once.
  void fail_at(unsigned n) { fail_in_ = n; }
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  bool chance(unsigned percent) { return next() % 100 < percent; }

 private:
  std::uint64_t state_;
  unsigned fail_in_ = 0;
};

// Hands out given bytes and fails when they are used up or of another size.
class ScriptedRng final : public Rng {
 public:
  void add(Buffer bytes) { queue_.push_back(std::move(bytes)); }
  bool empty() const { return queue_.empty(); }
  Status fill(MutBytes out) override {
    wipe(out);
    if (queue_.empty() || queue_.front().size() != out.size()) return Error::kRng;
    copy(queue_.front(), out);
    queue_.pop_front();
    return {};
  }

 private:
  std::deque<Buffer> queue_;
};

struct Wire {
  MessageType type{};
  Buffer bytes;
};

inline Secret<32> draw32(Rng& rng) {
  auto secret = rng.draw<32>();
  CHECK(secret.ok());
  return *std::move(secret);
}

// A device with one of each prekey, and its record of the other device.
struct Peer {
  explicit Peer(std::uint64_t seed)
      : rng(seed),
        identity(draw32(rng).view()),
        signed_pre_key(draw32(rng).view()),
        one_time(draw32(rng).view()),
        record(std::make_unique<SessionRecord>()) {
    CHECK(rng.fill(kem_seed).ok());
    crypto::kyber1024_public_key(kem_seed, kem_public, work());
    signed_signature = *sign_pre_key(identity, signed_pre_key.public_key(), rng);
    kem_signature = *sign_pre_key(identity, kem_public, rng);
  }

  static crypto::MlKemWork& work() {
    static crypto::MlKemWork memory;
    return memory;
  }

  prekey::Bundle bundle() const {
    return {.registration_id = 4242,
            .device_id = 1,
            .identity_key = identity.public_key(),
            .one_time = prekey::OneTimePreKey{11, one_time.public_key()},
            .signed_pre_key = {12, signed_pre_key.public_key(), signed_signature},
            .kem = prekey::KemPreKey{13, kem_public, kem_signature}};
  }
  OurPreKeys keys() const {
    return {.signed_pre_key = signed_pre_key, .one_time = &one_time, .kem = kem_seed};
  }
  Parties with(const Peer& other) const {
    return {.ours = identity.public_key(), .theirs = other.identity.public_key()};
  }

  Status initiate(const Peer& other, const prekey::Bundle& theirs) {
    return record->initiate({.identity = identity,
                             .theirs = other.identity.public_key(),
                             .bundle = theirs,
                             .our_registration_id = 77,
                             .spqr_minimum = minimum},
                            now, rng, work());
  }
  Status initiate(const Peer& other) { return initiate(other, other.bundle()); }

  Result<Wire> try_send(const Peer& to, std::string_view text) {
    Wire wire;
    wire.bytes.resize(encrypted_size(text.size()));
    const auto sealed =
        TRY(record->encrypt(with(to), bytes_of(text), now, rng, work(), wire.bytes));
    wire.type = sealed.type;
    wire.bytes.resize(sealed.size);
    return wire;
  }
  Wire send(const Peer& to, std::string_view text) {
    auto wire = try_send(to, text);
    CHECK(wire.ok());
    return *std::move(wire);
  }

  // What a messenger does with a mail. The text is in `plaintext`.
  Result<std::string> receive(const Peer& from, const Wire& wire) {
    plaintext.assign(wire.bytes.size(), 0xaa);
    std::size_t size = 0;
    if (wire.type == MessageType::kWhisper) {
      const auto message = TRY(SignalMessage::parse(wire.bytes));
      size = TRY(record->decrypt_whisper(with(from), message, rng, work(), plaintext));
    } else {
      const auto message = TRY(PreKeyMessage::parse(wire.bytes));
      const auto our_keys = keys();
      const auto parties = with(from);
      const auto opened = TRY(record->decrypt_prekey({.identity = identity,
                                                      .parties = parties,
                                                      .message = message,
                                                      .keys = &our_keys,
                                                      .spqr_minimum = minimum},
                                                     rng, work(), plaintext));
      size = opened.size;
      if (opened.new_session) ++new_sessions;
    }
    return std::string(plaintext.begin(), plaintext.begin() + static_cast<std::ptrdiff_t>(size));
  }

  Buffer stored() const {
    static Buffer room(SessionRecord::kMaxSerializedSize);
    const auto size = record->serialize(room);
    CHECK(size.ok());
    return Buffer(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size));
  }
  // As a process does that ends and starts again.
  void restart() {
    const auto before = stored();
    record->clear();
    CHECK(SessionRecord::parse(before, *record).ok());
  }

  TestRng rng;
  OurIdentity identity;
  OurSignedPreKey signed_pre_key;
  OurOneTimePreKey one_time;
  ByteArray<64> kem_seed{};
  ByteArray<prekey::kKemKeySize> kem_public{};
  ByteArray<64> signed_signature{}, kem_signature{};
  std::unique_ptr<SessionRecord> record;
  SpqrMinimum minimum = SpqrMinimum::kV1;
  WallTime now{1'700'000'000'000};
  Buffer plaintext;
  int new_sessions = 0;
};

}  // namespace core::e2e
#endif  // CORE_E2E_TWO_PEERS_TEST_H_
