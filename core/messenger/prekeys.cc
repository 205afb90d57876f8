#include "core/messenger/prekeys.h"

#include "core/api/request.h"
#include "core/e2e/identity.h"

namespace core::messenger {
namespace {

// Ids leap so far when the server knows higher ones than ours.
constexpr std::uint32_t kFarJump = 65536;
constexpr std::uint32_t kMaxId = 0x7fffffff;

std::uint32_t ahead(std::uint32_t id, std::uint32_t by) {
  return id > kMaxId - by ? kMaxId : id + by;
}

// What is missing of `target` when the stock has run low.
std::uint32_t missing(std::uint32_t stock, std::uint32_t low, std::uint32_t target) {
  return stock < low ? target - stock : 0;
}

template <class Record>
Result<std::optional<Record>> optional_record(Store& store, RecordKey key) {
  auto record = get_record<Record>(store, key);
  if (record) return std::optional<Record>(*std::move(record));
  if (record.error() == Error::kNotFound) return std::optional<Record>();
  return record.error();
}

}  // namespace

Status PreKeys::load() {
  state_ = TRY(get_record<KeyStateRecord>(store_, RecordKey(Kind::kKeyState)));
  want_one_time_ = want_kem_ = 0;  // the next `status` tells
  // Dropping the stock means that all keys are replaced: a repeated one too many
  // does no harm.
  const bool all = state_.drop_stock && !state_.pending;
  want_signed_ = all || state_.signed_id == 0;
  want_resort_ = all || state_.resort_id == 0;
  return {};
}

Result<std::uint32_t> PreKeys::unpublished_kem() {
  std::uint32_t count = 0;
  const auto span = state_.last_kem - state_.kem_published;
  for (std::uint32_t i = 0; i < std::min(span, kKemKept); ++i) {
    const auto id = state_.last_kem - i;
    const auto key = optional_record<KemRecord>(store_, {Kind::kOneTimeKem, id % kKemKept});
    if (!key) return key.error();
    if (*key && (*key)->id == id) ++count;
  }
  return count;
}

void PreKeys::stock(std::uint32_t one_time, std::uint32_t one_time_kem) {
  if (state_.drop_stock) one_time = one_time_kem = 0;
  const auto waiting_kem = unpublished_kem();
  const auto waiting = state_.last_one_time - state_.one_time_published;
  want_one_time_ = missing(ahead(one_time, waiting), kOneTimeLow, kOneTimeTarget);
  want_kem_ = waiting_kem ? missing(ahead(one_time_kem, *waiting_kem), kKemLow, kKemTarget) : 0;
}

bool PreKeys::making() const {
  return want_signed_ || want_resort_ || want_one_time_ > 0 || want_kem_ > 0;
}

bool PreKeys::to_publish() const {
  return !making() && (state_.drop_stock || state_.signed_published != state_.signed_id ||
                       state_.resort_published != state_.resort_id ||
                       state_.one_time_published != state_.last_one_time ||
                       state_.kem_published != state_.last_kem);
}

// ---- making

Status PreKeys::make_some(const e2e::OurIdentity& identity, WallTime wall) {
  if (want_signed_) {
    TRY(make_signed(identity, wall));
  } else if (want_resort_) {
    TRY(make_last_resort(identity, wall));
  } else {
    for (std::uint32_t n = 0; n < kOneTimePerStep && want_one_time_ > 0; ++n) TRY(make_one_time());
    for (std::uint32_t n = 0; n < kKemPerStep && want_kem_ > 0; ++n) {
      TRY(make_one_time_kem(identity));
    }
  }
  return save();
}

// Notes when the current key of a kind was replaced.
template <class Record>
Status PreKeys::replace(Kind kind, std::size_t slot, WallTime wall) {
  auto old = TRY(optional_record<Record>(store_, {kind, slot}));
  if (!old) return {};
  old->replaced = wall;
  return put_record(store_, {kind, slot}, *old);
}

Status PreKeys::make_signed(const e2e::OurIdentity& identity, WallTime wall) {
  if (state_.signed_id != 0) TRY(replace<SignedRecord>(Kind::kSigned, state_.signed_slot, wall));
  SignedRecord key;
  key.id = ahead(state_.signed_id, 1);
  const e2e::OurSignedPreKey pair(TRY(rng_.draw<32>()).view());
  key.key = pair.private_key().clone();
  key.signature = TRY(e2e::sign_pre_key(identity, pair.public_key(), rng_));
  key.made = wall;
  const auto slot = (state_.signed_slot + 1) % kSignedKept;
  TRY(put_record(store_, {Kind::kSigned, slot}, key));
  state_.signed_id = key.id;
  state_.signed_slot = static_cast<std::uint8_t>(slot);
  want_signed_ = false;
  return {};
}

Result<KemRecord> PreKeys::new_kem(const e2e::OurIdentity& identity) {
  KemRecord key;
  key.id = ahead(state_.last_kem, 1);
  key.seed = TRY(rng_.draw<64>());
  crypto::kyber1024_public_key(key.seed.view(), work_.kem_key, work_.kem);
  key.signature = TRY(e2e::sign_pre_key(identity, work_.kem_key, rng_));
  state_.last_kem = key.id;
  return key;
}

Status PreKeys::make_last_resort(const e2e::OurIdentity& identity, WallTime wall) {
  if (state_.resort_id != 0) TRY(replace<KemRecord>(Kind::kLastResort, state_.resort_slot, wall));
  auto key = TRY(new_kem(identity));
  key.made = wall;
  const auto slot = (state_.resort_slot + 1) % kLastResortKept;
  TRY(put_record(store_, {Kind::kLastResort, slot}, key));
  TRY(store_.erase(RecordKey(Kind::kBaseKeys, slot).bytes));
  state_.resort_id = key.id;
  state_.resort_slot = static_cast<std::uint8_t>(slot);
  want_resort_ = false;
  return {};
}

Status PreKeys::make_one_time() {
  OneTimeRecord key;
  key.id = ahead(state_.last_one_time, 1);
  key.key = TRY(crypto::x25519_private(rng_));
  TRY(put_record(store_, {Kind::kOneTime, key.id % kOneTimeKept}, key));
  state_.last_one_time = key.id;
  --want_one_time_;
  return {};
}

Status PreKeys::make_one_time_kem(const e2e::OurIdentity& identity) {
  const auto key = TRY(new_kem(identity));
  TRY(put_record(store_, {Kind::kOneTimeKem, key.id % kKemKept}, key));
  --want_kem_;
  return {};
}

Result<bool> PreKeys::compare(const e2e::OurIdentity& identity,
                              const api::StatusResponseView& status) {
  if (state_.drop_stock) return false;  // all of them are about to be replaced
  if (state_.signed_published == 0 || state_.resort_published == 0) return false;
  if (status.signed_pre_key_id == state_.signed_published &&
      status.last_resort_id == state_.resort_published) {
    const auto ours = TRY(get_record<SignedRecord>(store_, {Kind::kSigned, state_.signed_slot}));
    const auto resort = TRY(get_record<KemRecord>(store_, {Kind::kLastResort, state_.resort_slot}));
    const e2e::OurSignedPreKey pair(ours.key.view());
    crypto::kyber1024_public_key(resort.seed.view(), work_.kem_key, work_.kem);
    const auto digest = api::repeated_use_digest(identity.public_key(),
                                                 {ours.id, pair.public_key(), ours.signature},
                                                 {resort.id, work_.kem_key, resort.signature});
    const bool agree = equal_var(digest, status.repeated_use_digest);
    if (!agree) want_signed_ = want_resort_ = true;  // somebody else's keys under our ids
    return agree;
  }
  const auto check = [](std::uint32_t theirs, std::uint32_t& published, bool& wanted) {
    if (theirs < published) published = 0;  // lost: publish it again
    if (theirs > published && published != 0) wanted = true;
  };
  check(status.signed_pre_key_id, state_.signed_published, want_signed_);
  check(status.last_resort_id, state_.resort_published, want_resort_);
  if (want_signed_) state_.signed_id = std::max(state_.signed_id, status.signed_pre_key_id);
  if (want_resort_) state_.last_kem = std::max(state_.last_kem, status.last_resort_id);
  TRY(save());
  return false;
}

template <class Record>
Status PreKeys::age_kind(Kind kind, std::size_t slots, std::uint32_t current,
                         std::int64_t lifetime_ms, WallTime wall, bool& wanted) {
  for (std::size_t slot = 0; slot < slots; ++slot) {
    auto key = TRY(optional_record<Record>(store_, {kind, slot}));
    if (!key) continue;
    WallTime& since = key->id == current ? key->made : key->replaced;
    if (since.ms == 0) {  // was made without a clock: its age is counted from now
      since = wall;
      TRY(put_record(store_, {kind, slot}, *key));
    } else if (key->id == current) {
      if (wall.ms - since.ms >= lifetime_ms) wanted = true;
    } else if (wall.ms - since.ms >= kOverlapMs) {
      TRY(store_.erase(RecordKey(kind, slot).bytes));
      if (kind == Kind::kLastResort) TRY(store_.erase(RecordKey(Kind::kBaseKeys, slot).bytes));
    }
  }
  return {};
}

Status PreKeys::age(WallTime wall) {
  if (wall.ms == 0) return {};
  TRY(age_kind<SignedRecord>(Kind::kSigned, kSignedKept, state_.signed_id, kSignedLifetimeMs, wall,
                             want_signed_));
  return age_kind<KemRecord>(Kind::kLastResort, kLastResortKept, state_.resort_id,
                             kLastResortLifetimeMs, wall, want_resort_);
}

Result<WallTime> PreKeys::signed_made() {
  if (state_.signed_id == 0) return WallTime{};
  return TRY(get_record<SignedRecord>(store_, {Kind::kSigned, state_.signed_slot})).made;
}

Result<WallTime> PreKeys::resort_made() {
  if (state_.resort_id == 0) return WallTime{};
  return TRY(get_record<KemRecord>(store_, {Kind::kLastResort, state_.resort_slot})).made;
}

// ---- publishing

Status PreKeys::begin_publish(const RequestId& id) {
  state_.pending = true;
  state_.request_id = id;
  state_.pending_signed = state_.signed_published != state_.signed_id ? state_.signed_id : 0;
  state_.pending_resort = state_.resort_published != state_.resort_id ? state_.resort_id : 0;
  state_.pending_one_time =
      std::min(state_.last_one_time, ahead(state_.one_time_published, kOneTimePerPublish));
  // Ids of last-resort keys are gaps in this range. One of those takes the room of another key.
  std::uint32_t count = state_.pending_resort != 0 ? 1 : 0;
  std::uint32_t to = state_.kem_published;
  while (to < state_.last_kem) {
    const auto key =
        TRY(optional_record<KemRecord>(store_, {Kind::kOneTimeKem, (to + 1) % kKemKept}));
    if (key && key->id == to + 1 && ++count > kKemPerPublish) break;
    ++to;
  }
  state_.pending_kem = to;
  return save();
}

Result<std::size_t> PreKeys::write_publish(MutBytes body) {
  api::PublishRequestWriter out(body);
  if (state_.pending_signed != 0) {
    const auto key = TRY(get_record<SignedRecord>(store_, {Kind::kSigned, state_.signed_slot}));
    const e2e::OurSignedPreKey pair(key.key.view());
    TRY(out.signed_pre_key({key.id, pair.public_key(), key.signature}));
  }
  if (state_.pending_resort != 0) {
    const auto key = TRY(get_record<KemRecord>(store_, {Kind::kLastResort, state_.resort_slot}));
    crypto::kyber1024_public_key(key.seed.view(), work_.kem_key, work_.kem);
    TRY(out.last_resort({key.id, work_.kem_key, key.signature}));
  }
  for (auto id = state_.one_time_published; id != state_.pending_one_time;) {
    ++id;
    const auto key =
        TRY(optional_record<OneTimeRecord>(store_, {Kind::kOneTime, id % kOneTimeKept}));
    if (!key || key->id != id) continue;
    const e2e::OurOneTimePreKey pair(key->key.view());
    TRY(out.one_time({id, pair.public_key()}));
  }
  for (auto id = state_.kem_published; id != state_.pending_kem;) {
    ++id;
    const auto key = TRY(optional_record<KemRecord>(store_, {Kind::kOneTimeKem, id % kKemKept}));
    if (!key || key->id != id) continue;
    crypto::kyber1024_public_key(key->seed.view(), work_.kem_key, work_.kem);
    TRY(out.one_time_kem({id, work_.kem_key, key->signature}));
  }
  if (state_.drop_stock) TRY(out.drop_stock());
  return out.finish();
}

Status PreKeys::published() {
  if (state_.pending_signed != 0) state_.signed_published = state_.pending_signed;
  if (state_.pending_resort != 0) state_.resort_published = state_.pending_resort;
  state_.one_time_published = state_.pending_one_time;
  state_.kem_published = state_.pending_kem;
  state_.pending = state_.drop_stock = false;
  return save();
}

Status PreKeys::postpone_publish() {
  state_.pending = false;
  return save();
}

Status PreKeys::put_back(std::uint32_t signed_id, std::uint32_t resort_id) {
  state_.signed_id = std::max(state_.signed_id, signed_id);
  state_.last_kem = std::max(state_.last_kem, resort_id);
  state_.last_one_time = state_.one_time_published = ahead(state_.last_one_time, kFarJump);
  state_.last_kem = state_.kem_published = ahead(state_.last_kem, kFarJump);
  want_signed_ = want_resort_ = true;
  state_.pending = false;
  state_.drop_stock = true;
  return save();
}

Status PreKeys::give_up(Jump jump) {
  const auto by = jump == Jump::kFar ? kFarJump : 0;
  if (state_.pending_signed != 0) want_signed_ = true;
  if (state_.pending_resort != 0) want_resort_ = true;
  state_.last_one_time = state_.one_time_published = ahead(state_.last_one_time, by);
  state_.last_kem = state_.kem_published = ahead(state_.last_kem, by);
  if (want_signed_) state_.signed_id = ahead(state_.signed_id, by);
  state_.pending = false;
  return save();
}

}  // namespace core::messenger
