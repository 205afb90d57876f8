// Two devices: PQXDH, then ping-pong until the post-quantum ratchet of both has
// turned twice, messages that come late, a restart, a safety number.
#include <new>

#include "bench/board/report.h"
#include "bench/board/sequence.h"
#include "core/e2e/fingerprint.h"
#include "core/e2e/record.h"

namespace bench::board {
namespace {

using namespace core;
using namespace core::e2e;

constexpr std::size_t kTextSize = 100;
constexpr WallTime kNow{1'700'000'000'000};
constexpr std::uint64_t kEpochs = 3;  // the first one and two more

crypto::MlKemWork g_work;
ByteArray<encrypted_size(kTextSize)> g_wire, g_plain;
ByteArray<SessionRecord::kMaxSerializedSize> g_stored;

Secret<32> draw(Sequence& rng) {
  auto secret = rng.draw<32>();
  must(secret.ok(), "random");
  return *std::move(secret);
}

struct Device {
  explicit Device(std::uint64_t seed)
      : rng(seed),
        identity(draw(rng).view()),
        signed_pre_key(draw(rng).view()),
        one_time(draw(rng).view()) {
    must(rng.fill(kem_seed).ok(), "random");
    crypto::kyber1024_public_key(kem_seed, kem_public, g_work);
    signed_signature = *sign_pre_key(identity, signed_pre_key.public_key(), rng);
    kem_signature = *sign_pre_key(identity, kem_public, rng);
  }
  prekey::Bundle bundle() const {
    return {.registration_id = 7,
            .device_id = 1,
            .identity_key = identity.public_key(),
            .one_time = prekey::OneTimePreKey{11, one_time.public_key()},
            .signed_pre_key = {12, signed_pre_key.public_key(), signed_signature},
            .kem = prekey::KemPreKey{13, kem_public, kem_signature}};
  }
  Parties with(const Device& other) const {
    return {.ours = identity.public_key(), .theirs = other.identity.public_key()};
  }

  Sequence rng;
  OurIdentity identity;
  OurSignedPreKey signed_pre_key;
  OurOneTimePreKey one_time;
  ByteArray<64> kem_seed{};
  ByteArray<prekey::kKemKeySize> kem_public{};
  ByteArray<64> signed_signature{}, kem_signature{};
  SessionRecord record;
};

// Memory for a device that is made when the program runs.
struct Held {
  alignas(Device) ByteArray<sizeof(Device)> memory;
  Device& make(std::uint64_t seed) { return *::new (memory.data()) Device(seed); }
};
Held g_alice, g_bob;

class Conversation {
 public:
  Conversation(Report& report, Transcript& transcript) : report_(report), transcript_(transcript) {}

  void run() {
    set_up();
    std::uint32_t rounds = 0;
    for (; !both_turned(); ++rounds) {
      must(rounds < 1000, "the post-quantum ratchet turns");
      say(bob_, alice_);
      say(alice_, bob_);
    }
    print_text("rounds until both post-quantum ratchets had turned twice: ");
    print_number(rounds);
    print_text("\n");
    for (int i = 0; i < 20; ++i) say_more(alice_, bob_);
    come_late();
    restart();
    safety_number();
  }

 private:
  void set_up() {
    const auto bundle = bob_.bundle();
    Status status;
    report_.measure("bundle: verify", [&] { status = prekey::verify(bundle); });
    must(status.ok(), "bundle");
    report_.measure("session: initiate (PQXDH)", [&] {
      status = alice_.record.initiate({.identity = alice_.identity,
                                       .theirs = bob_.identity.public_key(),
                                       .bundle = bundle,
                                       .our_registration_id = 8},
                                      kNow, alice_.rng, g_work);
    });
    must(status.ok(), "initiate");
    const auto size = seal(alice_, bob_, "session: encrypt the first message");

    Result<OpenedPreKey> opened = Error::kNotFound;
    report_.measure("session: accept (PQXDH and first message)", [&] {
      const auto message = PreKeyMessage::parse(Bytes(g_wire).first(size));
      const OurPreKeys keys{
          .signed_pre_key = bob_.signed_pre_key, .one_time = &bob_.one_time, .kem = bob_.kem_seed};
      const auto parties = bob_.with(alice_);
      opened = bob_.record.decrypt_prekey(
          {.identity = bob_.identity, .parties = parties, .message = *message, .keys = &keys},
          bob_.rng, g_work, g_plain);
    });
    must(opened.ok() && opened->new_session && opened->size == kTextSize, "accept");
    transcript_.add(Bytes(g_plain).first(kTextSize));
  }

  std::size_t seal(Device& from, const Device& to, const char* what) {
    ByteArray<kTextSize> text;
    text.fill(static_cast<std::uint8_t>(++count_));
    Result<Sealed> sealed = Error::kNotFound;
    report_.measure(what, [&] {
      sealed = from.record.encrypt(from.with(to), text, kNow, from.rng, g_work, g_wire);
    });
    must(sealed.ok(), "encrypt");
    transcript_.add(Bytes(g_wire).first(sealed->size));
    return sealed->size;
  }

  void open(Device& to, const Device& from, Bytes wire, const char* what) {
    Result<std::size_t> size = Error::kNotFound;
    report_.measure(what, [&] {
      const auto message = SignalMessage::parse(wire);
      size = to.record.decrypt_whisper(to.with(from), *message, to.rng, g_work, g_plain);
    });
    must(size.ok() && *size == kTextSize, "decrypt");
    transcript_.add(Bytes(g_plain).first(*size));
  }

  // A message that turns the ratchet of its reader.
  void say(Device& from, Device& to) {
    const auto size = seal(from, to, "session: encrypt, 100 bytes");
    open(to, from, Bytes(g_wire).first(size), "session: decrypt, the ratchet turns");
  }
  // One more of the same direction.
  void say_more(Device& from, Device& to) {
    const auto size = seal(from, to, "session: encrypt, one more");
    open(to, from, Bytes(g_wire).first(size), "session: decrypt, one more");
  }

  bool both_turned() const {
    return alice_.record.current().spqr_epoch() >= kEpochs &&
           bob_.record.current().spqr_epoch() >= kEpochs;
  }

  // The most that a message may skip and keep here, and then one of those.
  void come_late() {
    ByteArray<encrypted_size(kTextSize)> late;
    const auto late_size = seal(alice_, bob_, "session: encrypt, one more");
    copy(g_wire, late);
    for (std::size_t i = 1; i < kSkipped; ++i) seal(alice_, bob_, "session: encrypt, one more");
    const auto size = seal(alice_, bob_, "session: encrypt, one more");
    open(bob_, alice_, Bytes(g_wire).first(size), "session: decrypt, 64 are missing");
    must(bob_.record.skipped_count() >= kSkipped, "missing messages are kept");
    open(bob_, alice_, Bytes(late).first(late_size), "session: decrypt a late one");

    g_wire[size - 1] ^= 1;
    bool refused = false;
    report_.measure("session: refuse a forged one", [&] {
      const auto message = SignalMessage::parse(Bytes(g_wire).first(size));
      refused =
          !bob_.record.decrypt_whisper(bob_.with(alice_), *message, bob_.rng, g_work, g_plain).ok();
    });
    must(refused, "a forged message");
  }

  void restart() {
    Result<std::size_t> size = Error::kStore;
    report_.measure("session: serialize", [&] { size = alice_.record.serialize(g_stored); });
    must(size.ok(), "serialize");
    transcript_.add(Bytes(g_stored).first(*size));
    Status status;
    report_.measure("session: restore", [&] {
      status = SessionRecord::parse(Bytes(g_stored).first(*size), alice_.record);
    });
    must(status.ok(), "restore");
    print_text("stored session: ");
    print_number(*size);
    print_text(" bytes\n");
    say(bob_, alice_);
  }

  void safety_number() {
    report_.measure("safety number", [&] {
      const Fingerprint number({alice_.identity.public_key(), label("alice")},
                               {bob_.identity.public_key(), label("bob")});
      transcript_.add(number.digits());
    });
  }

  static constexpr std::size_t kSkipped = 64;  // as many as a small device keeps
  Report& report_;
  Transcript& transcript_;
  Device& alice_ = g_alice.make(1);
  Device& bob_ = g_bob.make(2);
  std::uint32_t count_ = 0;
};

}  // namespace

void run_conversation(Report& report, Transcript& transcript) {
  print_text("memory: a session ");
  print_number(sizeof(Session));
  print_text(", stored at most ");
  print_number(Session::kMaxStoredSize);
  print_text("; a record ");
  print_number(sizeof(SessionRecord));
  print_text(", scratch ");
  print_number(sizeof(crypto::MlKemWork));
  print_text(" bytes\n");
  Conversation(report, transcript).run();
}

}  // namespace bench::board
