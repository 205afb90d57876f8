// First messages: finding the private keys that they name, and using them up.
#include "core/crypto/sha2.h"
#include "core/messenger/prekeys.h"

namespace core::messenger {

// The base keys that came with one last-resort KEM key, as 16 bytes of their
// hash. When it is full, the oldest makes room.
struct PreKeys::BaseKeys {
  static constexpr std::size_t kHashSize = 16;
  static constexpr std::size_t kMaxSize = 1 + 2 + 2 + kBaseKeysKept * kHashSize;
  std::uint16_t count = 0;
  std::uint16_t next = 0;
  ByteArray<kBaseKeysKept * kHashSize> hashes{};

  static ByteArray<kHashSize> hash(const e2e::TheirBaseKey& key) {
    return to_array(Bytes(crypto::sha256(key.serialized())).first<kHashSize>());
  }
  bool has(View<kHashSize> hash) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (equal_var(Bytes(hashes).subspan(i * kHashSize, kHashSize), hash)) return true;
    }
    return false;
  }
  void add(View<kHashSize> hash) {
    copy(hash, MutBytes(hashes).subspan(next * kHashSize, kHashSize));
    next = static_cast<std::uint16_t>((next + 1) % kBaseKeysKept);
    if (count < kBaseKeysKept) ++count;
  }
  void write(Writer& out) const {
    out.u16_be(count);
    out.u16_be(next);
    out.bytes(Bytes(hashes).first(count * kHashSize));
  }
  static Result<BaseKeys> read(Reader& in) {
    BaseKeys r;
    r.count = in.u16_be();
    r.next = in.u16_be();
    if (r.count > kBaseKeysKept || r.next >= kBaseKeysKept) return Error::kMalformed;
    copy(in.take(r.count * kHashSize), r.hashes);
    return r;
  }
};

Result<FoundPreKeys> PreKeys::find(const e2e::PreKeyMessage& message) {
  FoundPreKeys found;
  bool have_signed = false;
  for (std::size_t slot = 0; slot < kSignedKept && !have_signed; ++slot) {
    const auto key = get_record<SignedRecord>(store_, {Kind::kSigned, slot});
    if (key && key->id == message.signed_pre_key_id) {
      found.signed_pre_key = e2e::OurSignedPreKey(key->key.view());
      have_signed = true;
    } else if (!key && key.error() != Error::kNotFound) {
      return key.error();
    }
  }
  if (!have_signed) return Error::kNotFound;

  if (message.pre_key_id) {
    const auto id = *message.pre_key_id;
    const auto key = TRY(get_record<OneTimeRecord>(store_, {Kind::kOneTime, id % kOneTimeKept}));
    if (key.id != id) return Error::kNotFound;
    found.one_time = e2e::OurOneTimePreKey(key.key.view());
  }

  if (!message.kem_pre_key_id) return Error::kNotFound;
  const auto id = *message.kem_pre_key_id;
  auto key = get_record<KemRecord>(store_, {Kind::kOneTimeKem, id % kKemKept});
  if (key && key->id == id) {
    found.kem = std::move(key->seed);
    return found;
  }
  if (!key && key.error() != Error::kNotFound) return key.error();
  for (std::uint8_t slot = 0; slot < kLastResortKept; ++slot) {
    auto resort = get_record<KemRecord>(store_, {Kind::kLastResort, slot});
    if (!resort) {
      if (resort.error() == Error::kNotFound) continue;
      return resort.error();
    }
    if (resort->id != id) continue;
    const auto seen = get_record<BaseKeys>(store_, {Kind::kBaseKeys, slot});
    if (!seen && seen.error() != Error::kNotFound) return seen.error();
    if (seen && seen->has(BaseKeys::hash(message.base_key))) return Error::kReplay;
    found.kem = std::move(resort->seed);
    found.last_resort = slot;
    return found;
  }
  return Error::kNotFound;
}

Status PreKeys::used(const e2e::PreKeyMessage& message, const FoundPreKeys& found) {
  // The server hands out only what it has accepted: a key of the request under
  // way in use is as good as the answer.
  bool answered = false;
  if (message.pre_key_id) {
    const auto id = *message.pre_key_id;
    TRY(store_.erase(RecordKey(Kind::kOneTime, id % kOneTimeKept).bytes));
    answered = id > state_.one_time_published && id <= state_.pending_one_time;
  }
  const auto kem_id = *message.kem_pre_key_id;
  if (found.last_resort) {
    const RecordKey key(Kind::kBaseKeys, *found.last_resort);
    auto seen = get_record<BaseKeys>(store_, key);
    if (!seen && seen.error() != Error::kNotFound) return seen.error();
    BaseKeys keys = seen ? *seen : BaseKeys();
    keys.add(BaseKeys::hash(message.base_key));
    TRY(put_record(store_, key, keys));
  } else {
    TRY(store_.erase(RecordKey(Kind::kOneTimeKem, kem_id % kKemKept).bytes));
    answered = answered || (kem_id > state_.kem_published && kem_id <= state_.pending_kem);
  }
  if (answered && state_.pending) TRY(published());
  return {};
}

}  // namespace core::messenger
