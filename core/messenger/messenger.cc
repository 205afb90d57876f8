#include "core/messenger/messenger.h"

#include "core/messenger/group_messenger.h"
#include "core/messenger/healer.h"

namespace core::messenger {

Messenger::Messenger(Store& store, Rng& rng, Workspace& work)
    : store_(store),
      rng_(rng),
      work_(work),
      contacts_(store),
      outbox_(store),
      inbox_(store),
      sessions_(store, work),
      groups_(store, work),
      prekeys_(store, rng, work),
      healing_(store) {}

Status Messenger::create(Store& store, const NewDevice& device) {
  if (device.name.empty() || device.registration_id == 0) return Error::kMalformed;
  ByteArray<1> any{};
  const auto there = store.get(RecordKey(Kind::kDevice).bytes, any);
  if (there || there.error() == Error::kFull) return Error::kOutOfOrder;
  if (there.error() != Error::kNotFound) return there.error();
  TRY(store.begin());
  const auto write = [&]() -> Status {
    DeviceRecord record;
    record.name = device.name;
    record.identity_key = device.identity_key.clone();
    record.registration_id = device.registration_id;
    TRY(put_record(store, RecordKey(Kind::kDevice), record));
    TRY(put_record(store, RecordKey(Kind::kState), StateRecord()));
    return put_record(store, RecordKey(Kind::kKeyState), KeyStateRecord());
  };
  const auto written = write();
  if (!written) {
    store.rollback();
    return written;
  }
  return store.commit();
}

Status Messenger::open(Instant now) {
  const auto device = TRY(get_record<DeviceRecord>(store_, RecordKey(Kind::kDevice)));
  name_ = device.name;
  identity_ = e2e::OurIdentity(device.identity_key.view());
  registration_id_ = device.registration_id;
  work_at_ = now;
  return load();
}

// Puts memory in line with the store.
Status Messenger::load() {
  stale_ = true;
  sessions_.forget();
  state_ = TRY(get_record<StateRecord>(store_, RecordKey(Kind::kState)));
  TRY(contacts_.load());
  TRY(outbox_.load());
  TRY(inbox_.load());
  TRY(groups_.load());
  TRY(prekeys_.load());
  TRY(Healer(*this).load());
  ByteArray<1> any{};
  const auto csr = store_.get(RecordKey(Kind::kCsr).bytes, any);
  if (!csr && csr.error() == Error::kStore) return Error::kStore;
  csr_waits_ = csr || csr.error() == Error::kFull;
  if (prekeys_.publishing() && !requests_.active(api::Method::kPublish)) {
    requests_.start(api::Method::kPublish, to_array(prekeys_.request_id()), Instant{INT64_MIN});
  }
  if (status_at_ != kNever) status_at_ = Instant{INT64_MIN};  // the stock is not known
  stale_ = false;
  return {};
}

// ---- contacts

Result<std::size_t> Messenger::find_or_add(const DeviceName& name) {
  if (const auto slot = contacts_.find(name)) return *slot;
  return contacts_.add(name);
}

Status Messenger::note_key_change(std::size_t contact, WallTime wall) {
  const auto& name = contacts_.at(contact).contact.name;
  ++counters_.key_changes;
  events_.push({.kind = EventKind::kKeyChanged, .id = 0, .name = name});
  requests_.finish(api::Method::kSend);  // may hold mail for this contact: made anew without
  TRY(GroupMessenger(*this).key_changed(contact));
  if (inbox_.room() == 0) return {};  // the contact's state says it as well
  InboxRecord record;
  record.id = ++state_.last_in;
  record.kind = InboxKind::kKeyChanged;
  record.from = name;
  record.received_at = wall;
  TRY(inbox_.add(record, {}));
  return save_state();
}

Status Messenger::add_contact(const DeviceName& name, View<33> identity_key, Instant now) {
  if (name.empty() || name == name_ || identity_key[0] != prekey::kCurveKeyType) {
    return Error::kMalformed;
  }
  TRY(ready());
  if (!contacts_.find(name) && contacts_.count() == kMaxContacts) return Error::kFull;
  Transaction t(*this);
  TRY(noted(t.begin()));
  const auto slot = TRY(noted(find_or_add(name)));
  const auto seen = TRY(noted(contacts_.key_seen(slot, identity_key)));
  if (seen == Contacts::Seen::kChanged) TRY(noted(note_key_change(slot, {})));
  TRY(noted(t.commit()));
  wake(now);
  return {};
}

Result<Contact> Messenger::contact_at(std::size_t index) const {
  return contacts_.at(contacts_.slot_at(index)).contact;
}

Result<Contact> Messenger::contact(const DeviceName& name) const {
  const auto slot = contacts_.find(name);
  if (name.empty() || !slot) return Error::kNotFound;
  return contacts_.at(*slot).contact;
}

Result<e2e::Fingerprint> Messenger::fingerprint(const DeviceName& name) const {
  const auto other = TRY(contact(name));
  if (!other.has_key) return Error::kNotFound;
  return e2e::Fingerprint({identity_.public_key(), name_.bytes()},
                          {other.identity_key, other.name.bytes()});
}

Result<SafetyNumber> Messenger::safety_number(const DeviceName& name) const {
  const auto both = TRY(fingerprint(name));
  return SafetyNumber{both.digits(), both.scannable()};
}

Status Messenger::compare_safety_number(const DeviceName& name, Bytes scanned) const {
  const auto both = TRY(fingerprint(name));
  return both.compare(scanned);
}

Status Messenger::mark_verified(const DeviceName& name) {
  TRY(ready());
  const auto known = TRY(contact(name));
  if (!known.has_key) return Error::kNotFound;
  if (known.state == ContactState::kKeyChanged) return Error::kUntrusted;
  Transaction t(*this);
  TRY(noted(t.begin()));
  const auto slot = *contacts_.find(name);
  contacts_.at(slot).contact.state = ContactState::kVerified;
  TRY(noted(contacts_.save(slot)));
  return noted(t.commit());
}

Status Messenger::accept_new_key(const DeviceName& name, Instant now) {
  TRY(ready());
  const auto known = TRY(contact(name));
  if (known.state != ContactState::kKeyChanged) return Error::kOutOfOrder;
  const auto slot = *contacts_.find(name);
  Transaction t(*this);
  TRY(noted(t.begin()));
  auto& entry = contacts_.at(slot);
  entry.contact.identity_key = entry.contact.new_identity_key;
  entry.contact.new_identity_key = {};
  entry.contact.state = ContactState::kUnverified;
  TRY(noted(contacts_.save(slot)));
  TRY(noted(sessions_.erase(slot)));
  TRY(noted(healing_.resets.erase(slot)));
  // What the server may have of them cannot be read with the new key: they
  // become other mails.
  TRY(noted(outbox_.revert(slot)));
  TRY(noted(GroupMessenger(*this).key_accepted(slot)));
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    if (outbox_[i].contact != slot || outbox_[i].state != OutboxState::kQueued) continue;
    const auto id = TRY(noted(make_mail_id(identity_.private_key(), outbox_[i].id, rng_)));
    TRY(noted(outbox_.set_mail_id(i, id)));
  }
  TRY(noted(t.commit()));
  entry.needs_bundle = false;  // encrypting finds out
  entry.retry.reset();
  requests_.finish(api::Method::kSend);  // its mails may have changed
  wake(now);
  return {};
}

Status Messenger::reset_session(const DeviceName& name) {
  TRY(ready());
  TRY(contact(name));
  const auto slot = *contacts_.find(name);
  Transaction t(*this);
  TRY(noted(t.begin()));
  auto* record = TRY(noted(sessions_.open(slot)));
  record->archive_current();
  sessions_.changed();
  return noted(t.commit());
}

// ---- certificate

Status Messenger::renew(Bytes csr, Instant now) {
  if (csr.empty()) return Error::kMalformed;
  if (csr.size() > kMaxCsr) return Error::kFull;
  TRY(ready());
  Transaction t(*this);
  TRY(noted(t.begin()));
  TRY(noted(store_.put(RecordKey(Kind::kCsr).bytes, csr)));
  TRY(noted(t.commit()));
  csr_waits_ = true;
  requests_.finish(api::Method::kRenew);  // an earlier one is superseded
  wake(now);
  return {};
}

Result<std::size_t> Messenger::certificate(MutBytes out) {
  return noted(store_.get(RecordKey(Kind::kCertificate).bytes, out));
}

Status Messenger::certificate_taken() {
  Transaction t(*this);
  TRY(noted(t.begin()));
  TRY(noted(store_.erase(RecordKey(Kind::kCertificate).bytes)));
  return noted(t.commit());
}

// ---- the link

void Messenger::connected(Instant now) {
  connected_ = true;
  server_ = Info();
  healing_.checked = false;
  requests_.finish(api::Method::kStatus);  // its answer could be of before
  requests_.reconnected(now);
  ack_at_ = status_at_ = contacts_at_ = now;
  wake(now);
}

void Messenger::disconnected() {
  connected_ = healing_.checked = false;
  ack_at_ = status_at_ = contacts_at_ = kNever;
}

Info Messenger::info() {
  Info info = server_;
  info.connected = connected_;
  info.revoked = state_.revoked;
  info.contacts = contacts_.count();
  info.failed = outbox_.failed_count();
  info.queued = outbox_.size() - info.failed;
  info.unread = inbox_.size();
  info.through = state_.through;
  info.put_backs = healing_.record.put_backs;
  info.put_back_at = healing_.record.put_back_at;
  info.lost_mails = healing_.record.lost_mails;
  info.healing = healing_.record.healing;
  info.signed_pre_key_id = prekeys_.state().signed_id;
  info.last_resort_id = prekeys_.state().resort_id;
  if (const auto made = prekeys_.signed_made()) info.signed_pre_key_made = *made;
  if (const auto made = prekeys_.resort_made()) info.last_resort_made = *made;
  return info;
}

}  // namespace core::messenger
