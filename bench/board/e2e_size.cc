// A program that does nothing but call what a device calls of core/e2e and
// core/prekey to talk with another one: its link map says what that needs. It is
// never run.
#include <new>

#include "bench/board/probe.h"
#include "core/e2e/record.h"

namespace {

using namespace core;
using namespace core::e2e;

// Succeeds, or the compiler would leave out what comes after it.
class ZeroRng final : public Rng {
 public:
  Status fill(MutBytes out) override {
    wipe(out);
    return {};
  }
};

constexpr WallTime kNow{};
constexpr std::size_t kTextSize = 100;

crypto::MlKemWork g_work;
ByteArray<64> g_kem_seed;
ByteArray<prekey::kKemKeySize> g_kem_key;
ByteArray<encrypted_size(kTextSize)> g_wire, g_text;
ByteArray<SessionRecord::kMaxSerializedSize> g_stored;
alignas(SessionRecord) ByteArray<sizeof(SessionRecord)> g_record;

Status run() {
  ZeroRng rng;
  Secret<32> random;

  // An identity, and one of each prekey with what a bundle says of it.
  TRY(rng.fill(random.mut()));
  const OurIdentity identity(random.view());
  TRY(rng.fill(random.mut()));
  const OurSignedPreKey signed_pre_key(random.view());
  TRY(rng.fill(random.mut()));
  const OurOneTimePreKey one_time(random.view());
  TRY(rng.fill(g_kem_seed));
  crypto::kyber1024_public_key(g_kem_seed, g_kem_key, g_work);
  const auto signature = TRY(sign_pre_key(identity, signed_pre_key.public_key(), rng));
  const auto kem_signature = TRY(sign_pre_key(identity, g_kem_key, rng));
  const prekey::Bundle bundle{.identity_key = identity.public_key(),
                              .one_time = prekey::OneTimePreKey{1, one_time.public_key()},
                              .signed_pre_key = {1, signed_pre_key.public_key(), signature},
                              .kem = prekey::KemPreKey{1, g_kem_key, kem_signature}};
  const Parties parties{.ours = identity.public_key(), .theirs = bundle.identity_key};

  // A session started, and one accepted.
  auto& record = *::new (g_record.data()) SessionRecord;
  TRY(record.initiate({.identity = identity, .theirs = parties.theirs, .bundle = bundle}, kNow, rng,
                      g_work));
  const auto first = TRY(PreKeyMessage::parse(g_wire));
  const OurPreKeys keys{.signed_pre_key = signed_pre_key, .one_time = &one_time, .kem = g_kem_seed};
  TRY(record.decrypt_prekey({.identity = identity,
                             .parties = parties,
                             .message = first,
                             .keys = record.knows_base_key(first) ? nullptr : &keys},
                            rng, g_work, g_text));

  // A message each way.
  TRY(record.encrypt(parties, Bytes(g_text).first(kTextSize), kNow, rng, g_work, g_wire));
  const auto message = TRY(SignalMessage::parse(g_wire));
  TRY(record.decrypt_whisper(parties, message, rng, g_work, g_text));

  // A restart, and the end of a session.
  TRY(record.serialize(g_stored));
  TRY(SessionRecord::parse(g_stored, record));
  record.archive_current();
  return {};
}

}  // namespace

int board_main() { return run().ok() ? 0 : 1; }
