#include "core/messenger/contacts.h"

namespace core::messenger {

Status Contacts::load() {
  count_ = 0;
  for (std::size_t slot = 0; slot < kMaxContacts; ++slot) {
    entries_[slot] = Entry();
    const auto record = get_record<ContactRecord>(store_, RecordKey(Kind::kContact, slot));
    if (record) {
      entries_[slot].contact = record->contact;
      ++count_;
    } else if (record.error() != Error::kNotFound) {
      return record.error();
    }
  }
  return {};
}

std::size_t Contacts::slot_at(std::size_t index) const {
  CHECK(index < count_);
  std::size_t slot = 0;
  while (entries_[slot].contact.name.empty() || index-- != 0) ++slot;
  return slot;
}

std::optional<std::size_t> Contacts::find(const DeviceName& name) const {
  for (std::size_t slot = 0; slot < kMaxContacts; ++slot) {
    if (entries_[slot].contact.name == name) return slot;
  }
  return std::nullopt;
}

Result<std::size_t> Contacts::add(const DeviceName& name) {
  const auto slot = find(DeviceName());
  if (!slot) return Error::kFull;
  entries_[*slot] = Entry();
  entries_[*slot].contact.name = name;
  ++count_;
  TRY(save(*slot));
  return *slot;
}

Status Contacts::save(std::size_t slot) {
  return put_record(store_, RecordKey(Kind::kContact, slot), ContactRecord{entries_[slot].contact});
}

Status Contacts::remove(std::size_t slot) {
  entries_[slot] = Entry();
  --count_;
  return store_.erase(RecordKey(Kind::kContact, slot).bytes);
}

Result<Contacts::Seen> Contacts::key_seen(std::size_t slot, View<33> identity_key) {
  Contact& contact = entries_[slot].contact;
  if (!contact.has_key) {
    contact.identity_key = to_array(identity_key);
    contact.has_key = true;
    TRY(save(slot));
    return Seen::kPinned;
  }
  if (equal_var(contact.identity_key, identity_key)) return Seen::kKnown;
  if (contact.state == ContactState::kKeyChanged &&
      equal_var(contact.new_identity_key, identity_key)) {
    return Seen::kChangedBefore;
  }
  contact.state = ContactState::kKeyChanged;
  contact.new_identity_key = to_array(identity_key);
  TRY(save(slot));
  return Seen::kChanged;
}

}  // namespace core::messenger
