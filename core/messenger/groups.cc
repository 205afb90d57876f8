#include "core/messenger/groups.h"

namespace core::messenger {
namespace {

struct OurKeyRecord {
  static constexpr std::size_t kMaxSize = 1 + e2e::OurSenderKey::kStoredSize;
  e2e::OurSenderKey key;
  void write(Writer& out) const { key.write(out); }
  static Result<OurKeyRecord> read(Reader& in) {
    OurKeyRecord r;
    r.key = TRY(e2e::OurSenderKey::read(in));
    return r;
  }
};

}  // namespace

Status Groups::load() {
  for (std::size_t slot = 0; slot < kMaxGroups; ++slot) {
    entries_[slot] = Entry();
    const auto record = get_record<GroupRecord>(store_, RecordKey(Kind::kGroup, slot));
    if (record) {
      entries_[slot] = *record;
    } else if (record.error() != Error::kNotFound) {
      return record.error();
    }
  }
  return {};
}

std::size_t Groups::count() const {
  std::size_t count = 0;
  for (const auto& entry : entries_) {
    if (entry.revision != 0) ++count;
  }
  return count;
}

std::size_t Groups::slot_at(std::size_t index) const {
  std::size_t slot = 0;
  while (entries_[slot].revision == 0 || index-- != 0) CHECK(++slot < kMaxGroups);
  return slot;
}

std::optional<std::size_t> Groups::find(const GroupId& id) const {
  for (std::size_t slot = 0; slot < kMaxGroups; ++slot) {
    if (entries_[slot].revision != 0 && entries_[slot].id == id) return slot;
  }
  return std::nullopt;
}

std::optional<std::size_t> Groups::find_room() const {
  std::optional<std::size_t> left;
  for (std::size_t slot = 0; slot < kMaxGroups; ++slot) {
    if (entries_[slot].revision == 0) return slot;
    if (entries_[slot].state == GroupState::kLeft && !left) left = slot;
  }
  return left;
}

std::optional<std::size_t> Groups::position_of(std::size_t slot, std::size_t contact) const {
  if (entries_[slot].state != GroupState::kMember) return std::nullopt;
  for (std::size_t i = 0; i < kMaxGroupMembers; ++i) {
    if (entries_[slot].members[i] == contact) return i;
  }
  return std::nullopt;
}

bool Groups::has_member(std::size_t contact) const {
  for (const auto& entry : entries_) {
    if (entry.revision == 0) continue;
    if (entry.owner == contact) return true;
    for (const auto member : entry.members) {
      if (member == contact) return true;
    }
  }
  return false;
}

std::uint64_t Groups::positions(std::size_t slot) const {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kMaxGroupMembers; ++i) {
    if (entries_[slot].members[i] != kNoSlot) bits |= std::uint64_t{1} << i;
  }
  return bits;
}

Status Groups::save(std::size_t slot) {
  return put_record(store_, RecordKey(Kind::kGroup, slot), entries_[slot]);
}

Status Groups::put_signed(std::size_t slot, const SignedGroupView& state) {
  Writer out(work_.value);
  out.u8(kRecordVersion);
  out.bytes(state.signature);
  out.bytes(state.state);
  CHECK(out.ok());
  return store_.put(RecordKey(Kind::kGroupState, slot).bytes, out.written());
}

Result<SignedGroupView> Groups::get_signed(std::size_t slot) {
  const auto size = TRY(store_.get(RecordKey(Kind::kGroupState, slot).bytes, work_.value));
  Reader in(Bytes(work_.value).first(size));
  if (in.u8() != kRecordVersion) return Error::kBadVersion;
  SignedGroupView view;
  view.signature = in.take(crypto::kSignatureSize);
  view.state = in.rest();
  if (!in.ok() || view.state.empty()) return Error::kMalformed;
  return view;
}

Result<e2e::OurSenderKey> Groups::our_key(std::size_t slot, Rng& rng) {
  Entry& entry = entries_[slot];
  if (entry.has_key) {
    auto record = get_record<OurKeyRecord>(store_, RecordKey(Kind::kOurSenderKey, slot));
    if (record) return std::move(record->key);
    if (record.error() == Error::kStore) return Error::kStore;
    // A damaged one counts as none.
  }
  auto key = TRY(e2e::OurSenderKey::make(rng));
  entry.has_key = true;
  entry.given = 0;
  return key;
}

Status Groups::save_our_key(std::size_t slot, e2e::OurSenderKey key) {
  OurKeyRecord record;
  record.key = std::move(key);
  return put_record(store_, RecordKey(Kind::kOurSenderKey, slot), record);
}

Status Groups::drop_our_key(std::size_t slot) {
  Entry& entry = entries_[slot];
  if (!entry.has_key) return {};
  entry.has_key = false;
  entry.given = 0;
  TRY(store_.erase(RecordKey(Kind::kOurSenderKey, slot).bytes));
  return save(slot);
}

Result<e2e::TheirSenderKeys*> Groups::their_keys(std::size_t slot, std::size_t contact) {
  const auto size = store_.get(their_key_record(slot, contact).bytes, work_.value);
  if (size) {
    const MutBytes value = MutBytes(work_.value).first(*size);
    // One that does not parse counts as none: its sender is asked for the key.
    static_cast<void>(e2e::TheirSenderKeys::parse(value, work_.sender_keys));
    wipe(value);
  } else if (size.error() == Error::kNotFound) {
    work_.sender_keys.clear();
  } else {
    return Error::kStore;
  }
  return &work_.sender_keys;
}

Status Groups::save_their_keys(std::size_t slot, std::size_t contact) {
  const auto size = work_.sender_keys.serialize(work_.value);
  CHECK(size.ok());
  const MutBytes value = MutBytes(work_.value).first(*size);
  const auto put = store_.put(their_key_record(slot, contact).bytes, value);
  wipe(value);
  work_.sender_keys.clear();
  return put;
}

Status Groups::drop_their_keys(std::size_t slot, std::size_t contact) {
  return store_.erase(their_key_record(slot, contact).bytes);
}

}  // namespace core::messenger
