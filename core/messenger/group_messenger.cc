// The application's side of groups, and what goes out.
#include "core/messenger/group_messenger.h"

#include "core/messenger/transaction.h"

namespace core::messenger {

Group GroupMessenger::group_in(std::size_t slot) const {
  const Entry& entry = m_.groups_.at(slot);
  Group group;
  group.id = entry.id;
  group.name = entry.name;
  group.state = entry.state;
  group.revision = entry.revision;
  group.owner = entry.owner == kNoSlot ? m_.name_ : m_.contacts_.at(entry.owner).contact.name;
  if (entry.state == GroupState::kLeft) return group;
  group.members = 1;
  for (const auto member : entry.members) group.members += member == kNoSlot ? 0 : 1;
  return group;
}

Result<Group> GroupMessenger::find(const GroupId& id) const {
  const auto slot = m_.groups_.find(id);
  if (!slot) return Error::kNotFound;
  return group_in(*slot);
}

Result<DeviceName> GroupMessenger::member(const GroupId& id, std::size_t index) const {
  const auto slot = m_.groups_.find(id);
  if (!slot) return Error::kNotFound;
  for (const auto member : m_.groups_.at(*slot).members) {
    if (member != kNoSlot && index-- == 0) return m_.contacts_.at(member).contact.name;
  }
  return Error::kNotFound;
}

Result<std::size_t> GroupMessenger::find_ours(const GroupId& id) const {
  const auto slot = m_.groups_.find(id);
  if (!slot) return Error::kNotFound;
  if (m_.groups_.at(*slot).state != GroupState::kMember) return Error::kOutOfOrder;
  return *slot;
}

// A member that is added is one whose key we can have compared.
Result<std::size_t> GroupMessenger::contact_to_add(const DeviceName& name) const {
  if (name == m_.name_) return Error::kMalformed;
  const auto contact = name.empty() ? std::nullopt : m_.contacts_.find(name);
  if (!contact || !m_.contacts_.at(*contact).contact.has_key) return Error::kNotFound;
  return *contact;
}

// ---- making and changing a group

Result<GroupId> GroupMessenger::try_create(const GroupName& name,
                                           std::span<const DeviceName> members, Instant now,
                                           WallTime wall) {
  TRY(m_.ready());
  if (members.size() > kMaxGroupMembers) return Error::kFull;
  const auto slot = m_.groups_.find_room();
  if (!slot || m_.outbox_.room() < members.size()) return Error::kFull;
  Members contacts = GroupRecord::no_members();
  std::size_t count = 0;
  for (const auto& member : members) {
    const auto contact = static_cast<std::uint16_t>(TRY(contact_to_add(member)));
    if (std::find(contacts.begin(), contacts.end(), contact) == contacts.end()) {
      contacts[count++] = contact;
    }
  }
  Messenger::Transaction t(m_);
  TRY(t.begin());
  Entry& entry = m_.groups_.at(*slot);
  entry = Entry();
  TRY(m_.rng_.fill(entry.id));
  entry.name = name;
  TRY(set_members(*slot, contacts));
  TRY(announce(*slot, GroupRecord::no_members(), wall));
  const GroupId id = entry.id;
  TRY(t.commit());
  m_.wake(now);
  return id;
}

Status GroupMessenger::try_change(const GroupId& id, std::span<const DeviceName> add,
                                  std::span<const DeviceName> remove, Instant now, WallTime wall) {
  TRY(m_.ready());
  const auto slot = TRY(find_ours(id));
  if (m_.groups_.at(slot).owner != kNoSlot) return Error::kRefused;
  const Members before = m_.groups_.at(slot).members;
  Members after = before;
  for (const auto& name : remove) {
    const auto contact = m_.contacts_.find(name);
    const auto at = contact ? std::find(after.begin(), after.end(), *contact) : after.end();
    if (at != after.end()) *at = kNoSlot;
  }
  for (const auto& name : add) {
    const auto contact = static_cast<std::uint16_t>(TRY(contact_to_add(name)));
    if (std::find(after.begin(), after.end(), contact) != after.end()) continue;
    const auto free = std::find(after.begin(), after.end(), kNoSlot);
    if (free == after.end()) return Error::kFull;
    *free = contact;
  }
  if (after == before) return {};
  if (m_.outbox_.room() < 2 * kMaxGroupMembers) return Error::kFull;
  Messenger::Transaction t(m_);
  TRY(t.begin());
  TRY(set_members(slot, after));
  TRY(announce(slot, before, wall));
  TRY(t.commit());
  m_.wake(now);
  return {};
}

Status GroupMessenger::try_leave(const GroupId& id, Instant now, WallTime wall) {
  TRY(m_.ready());
  const auto slot = TRY(find_ours(id));
  if (m_.outbox_.room() < kMaxGroupMembers) return Error::kFull;
  Messenger::Transaction t(m_);
  TRY(t.begin());
  const auto owner = m_.groups_.at(slot).owner;
  const Members before = m_.groups_.at(slot).members;
  TRY(leave_locally(slot));
  if (owner == kNoSlot) {
    TRY(announce(slot, before, wall));  // a state without members
  } else {
    TRY(m_.groups_.save(slot));
    TRY(queue(owner, {.leave = id}, wall));
  }
  TRY(m_.save_state());
  TRY(t.commit());
  m_.wake(now);
  return {};
}

Result<GroupId> GroupMessenger::create(const GroupName& name, std::span<const DeviceName> members,
                                       Instant now, WallTime wall) {
  return m_.noted(try_create(name, members, now, wall));
}

Status GroupMessenger::change(const GroupId& id, std::span<const DeviceName> add,
                              std::span<const DeviceName> remove, Instant now, WallTime wall) {
  return m_.noted(try_change(id, add, remove, now, wall));
}

Status GroupMessenger::leave(const GroupId& id, Instant now, WallTime wall) {
  return m_.noted(try_leave(id, now, wall));
}

Result<MessageId> GroupMessenger::send(const GroupId& id, Bytes text, Instant now, WallTime wall) {
  return m_.noted(try_send(id, text, now, wall));
}

// ---- members

Status GroupMessenger::set_members(std::size_t slot, const Members& members) {
  Entry& entry = m_.groups_.at(slot);
  const auto contains = [](const Members& list, std::uint16_t contact) {
    return std::find(list.begin(), list.end(), contact) != list.end();
  };
  std::uint64_t gone = 0;
  for (std::size_t i = 0; i < kMaxGroupMembers; ++i) {
    if (entry.members[i] == kNoSlot || contains(members, entry.members[i])) continue;
    gone |= std::uint64_t{1} << i;
    TRY(m_.groups_.drop_their_keys(slot, entry.members[i]));
    entry.members[i] = kNoSlot;
  }
  if (gone != 0) {
    TRY(settle(slot, gone));
    TRY(m_.groups_.drop_our_key(slot));  // whoever has gone has it
  }
  for (const auto contact : members) {
    if (contact == kNoSlot || contains(entry.members, contact)) continue;
    const auto free = std::find(entry.members.begin(), entry.members.end(), kNoSlot);
    CHECK(free != entry.members.end());
    *free = contact;
  }
  return {};
}

Status GroupMessenger::leave_locally(std::size_t slot) {
  Entry& entry = m_.groups_.at(slot);
  TRY(set_members(slot, GroupRecord::no_members()));
  TRY(m_.groups_.drop_our_key(slot));
  entry.state = GroupState::kLeft;
  return {};
}

Status GroupMessenger::settle(std::size_t slot, std::uint64_t positions) {
  m_.requests_.finish(api::Method::kSend);  // made anew without them
  for (std::size_t i = m_.outbox_.size(); i-- > 0;) {
    const auto entry = m_.outbox_[i];
    if (entry.kind != OutboxKind::kGroup || entry.group != slot) continue;
    if (!TRY(m_.outbox_.settle(i, positions))) continue;
    m_.events_.push({.kind = EventKind::kMessageSent, .id = entry.id, .name = {}});
  }
  return {};
}

// ---- what goes out

Status GroupMessenger::queue(std::size_t contact, const ContentView& content, WallTime wall) {
  const auto size = TRY(content.encode(work().body));
  const MutBytes encoded = MutBytes(work().body).first(size);
  const MessageId message = ++m_.state_.last_out;
  const auto mail_id = TRY(make_mail_id(m_.identity_.private_key(), message, m_.rng_));
  const auto added = m_.outbox_.add({.id = message,
                                     .kind = OutboxKind::kControl,
                                     .contact = static_cast<std::uint16_t>(contact),
                                     .made = wall,
                                     .mail_id = mail_id},
                                    encoded);
  wipe(encoded);
  return added;
}

Status GroupMessenger::announce(std::size_t slot, const Members& before, WallTime wall) {
  Entry& entry = m_.groups_.at(slot);
  // Above what was announced by a state of this store that is lost.
  entry.revision =
      std::max(entry.revision + 1, static_cast<std::uint64_t>(std::max(wall.ms, std::int64_t{0})));
  GroupStateWriter writer(work().text, entry.id, entry.revision, entry.name, m_.name_);
  if (entry.state == GroupState::kMember) {
    writer.member(m_.name_);
    for (const auto member : entry.members) {
      if (member != kNoSlot) writer.member(m_.contacts_.at(member).contact.name);
    }
  }
  const Bytes state = Bytes(work().text).first(TRY(writer.finish()));
  const auto signature = TRY(sign_group(m_.identity_.private_key(), state, m_.rng_));
  const SignedGroupView as_signed{.state = state, .signature = signature};
  TRY(m_.groups_.put_signed(slot, as_signed));
  TRY(m_.groups_.save(slot));
  const auto tell = [&](const Members& members, const Members* but) -> Status {
    for (const auto member : members) {
      if (member == kNoSlot) continue;
      if (but != nullptr && std::find(but->begin(), but->end(), member) != but->end()) continue;
      TRY(queue(member, {.group = as_signed}, wall));
    }
    return {};
  };
  TRY(tell(entry.members, nullptr));
  TRY(tell(before, &entry.members));
  return m_.save_state();
}

Status GroupMessenger::hand_over(std::size_t slot, const e2e::OurSenderKey& key,
                                 std::size_t contact, WallTime wall) {
  Secret<e2e::SenderKeyDistribution::kMaxSize> distribution;
  const auto size = TRY(key.distribution(m_.groups_.at(slot).id, distribution.mut()));
  const auto as_signed = TRY(m_.groups_.get_signed(slot));
  return queue(contact, {.group = as_signed, .sender_key = Bytes(distribution.view()).first(size)},
               wall);
}

Status GroupMessenger::ask(const GroupId& id, std::size_t contact, WallTime wall) {
  // One at a time, and never in the way of messages.
  if (m_.outbox_.room() < kMaxOutbox / 2 || m_.outbox_.has_control_for(contact)) return {};
  TRY(queue(contact, {.ask = id}, wall));
  return m_.save_state();
}

Result<MessageId> GroupMessenger::try_send(const GroupId& id, Bytes text, Instant now,
                                           WallTime wall) {
  if (text.size() > kMaxPlaintext) return Error::kFull;
  TRY(m_.ready());
  const auto slot = TRY(find_ours(id));
  const auto positions = m_.groups_.positions(slot);
  if (positions == 0) return Error::kOutOfOrder;
  if (m_.outbox_.group_count() >= kMaxGroupOutbox) return Error::kFull;
  if (m_.outbox_.room() < kMaxGroupMembers + 1) return Error::kFull;

  Messenger::Transaction t(m_);
  TRY(t.begin());
  auto key = TRY(m_.groups_.our_key(slot, m_.rng_));
  TRY(hand_to(slot, key, positions, wall));
  TRY(m_.groups_.save_our_key(slot, std::move(key)));
  const MessageId message = ++m_.state_.last_out;
  const auto mail_id = TRY(make_mail_id(m_.identity_.private_key(), message, m_.rng_));
  const auto size = TRY(ContentView{.text = text}.encode(work().body));
  const MutBytes content = MutBytes(work().body).first(size);
  const auto added = m_.outbox_.add({.id = message,
                                     .kind = OutboxKind::kGroup,
                                     .group = static_cast<std::uint16_t>(slot),
                                     .pending = positions,
                                     .made = wall,
                                     .mail_id = mail_id},
                                    content);
  wipe(content);
  TRY(added);
  TRY(m_.save_state());
  TRY(t.commit());
  m_.wake(now);
  return message;
}

Status GroupMessenger::hand_to(std::size_t slot, const e2e::OurSenderKey& key,
                               std::uint64_t positions, WallTime wall) {
  Entry& entry = m_.groups_.at(slot);
  for (std::size_t i = 0; i < kMaxGroupMembers; ++i) {
    const auto bit = std::uint64_t{1} << i;
    if ((positions & ~entry.given & bit) == 0) continue;
    TRY(hand_over(slot, key, entry.members[i], wall));
    entry.given |= bit;
  }
  return m_.groups_.save(slot);
}

Status GroupMessenger::encrypt(std::size_t index, WallTime wall) {
  const auto slot = m_.outbox_[index].group;
  auto key = TRY(m_.groups_.our_key(slot, m_.rng_));
  TRY(hand_to(slot, key, m_.outbox_[index].pending, wall));
  const auto size = TRY(m_.outbox_.text(index, work().body));
  const MutBytes content = MutBytes(work().body).first(size);
  const auto sealed = key.encrypt(m_.groups_.at(slot).id, content, m_.rng_, work().text);
  wipe(content);
  Outbox::EncryptedMail mail;
  mail.type = e2e::kSenderKeyType;
  mail.ciphertext = Bytes(work().text).first(TRY(sealed));
  TRY(m_.groups_.save_our_key(slot, std::move(key)));
  TRY(m_.save_state());
  return m_.outbox_.set_encrypted(index, mail, work().value);
}

Status GroupMessenger::put_back() {
  for (std::size_t slot = 0; slot < kMaxGroups; ++slot) TRY(m_.groups_.drop_our_key(slot));
  return {};
}

}  // namespace core::messenger
