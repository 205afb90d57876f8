// What comes in for groups: states, keys, messages.
#include "core/messenger/group_messenger.h"

namespace core::messenger {

// ---- from one device

Status GroupMessenger::take_content(const api::MailView& mail, std::size_t sender,
                                    MutBytes plaintext, WallTime wall) {
  const auto content = ContentView::parse(plaintext);
  if (!content || content->unsupported() || plaintext.size() > kMaxContent) {
    return m_.put_in_inbox(InboxKind::kUnsupported, mail, {}, wall);
  }
  if (content->text) return take_text(mail, kNoSlot, plaintext, wall);
  if (content->group) return take_group(mail, sender, *content, wall);
  if (content->leave) return take_leave(mail, sender, *content->leave, wall);
  return take_ask(sender, *content->ask);
}

Status GroupMessenger::take_text(const api::MailView& mail, std::size_t slot, Bytes plaintext,
                                 WallTime wall) {
  const auto content = ContentView::parse(plaintext);
  const GroupId group = slot == kNoSlot ? GroupId{} : m_.groups_.at(slot).id;
  if (!content || !content->text || content->text->size() > kMaxPlaintext) {
    return m_.put_in_inbox(InboxKind::kUnsupported, mail, {}, wall, group);
  }
  return m_.put_in_inbox(InboxKind::kMessage, mail, *content->text, wall, group);
}

Status GroupMessenger::refused() {
  ++m_.counters_.group_refused;
  return {};
}

Status GroupMessenger::take_group(const api::MailView& mail, std::size_t sender,
                                  const ContentView& content, WallTime wall) {
  const auto state = GroupStateView::parse(content.group->state);
  if (!state) return m_.put_in_inbox(InboxKind::kUnsupported, mail, {}, wall);
  auto slot = m_.groups_.find(state->id);
  if (!slot || state->revision > m_.groups_.at(*slot).revision) {
    if (!TRY(apply(mail, *state, *content.group, wall))) return refused();
    slot = m_.groups_.find(state->id);
  }
  if (content.sender_key.empty()) return {};
  return take_sender_key(*slot, sender, content.sender_key);
}

// Members pass on the state that their key belongs to, so that whoever gets a
// key before the owner's own message knows the group already. What counts is
// the owner's signature, not who brought it.
Result<bool> GroupMessenger::apply(const api::MailView& mail, const GroupStateView& state,
                                   const SignedGroupView& as_signed, WallTime wall) {
  auto slot = m_.groups_.find(state.id);
  // Our own word is news to us if our store was put back.
  const bool ours = state.owner == m_.name_;
  const auto owner = ours ? std::optional<std::size_t>(kNoSlot) : m_.contacts_.find(state.owner);
  if (!owner || (!ours && !m_.contacts_.at(*owner).contact.has_key)) return false;
  if (slot && m_.groups_.at(*slot).owner != *owner) return false;
  if (!as_signed.verify(ours ? m_.identity_.public_key()
                             : View<33>(m_.contacts_.at(*owner).contact.identity_key))) {
    return false;
  }

  // Is there room for all of it?
  if (state.member.count() > kMaxGroupMembers + 1) return false;
  bool we_are_in = false;
  std::size_t strangers = 0;
  for (auto members = state.member; const auto name = members.next();) {
    we_are_in = we_are_in || *name == m_.name_;
    if (!(*name == m_.name_) && !m_.contacts_.find(*name)) ++strangers;
  }
  if (!slot && !we_are_in) return false;
  if (m_.contacts_.count() + (we_are_in ? strangers : 0) > kMaxContacts) return false;
  if (!slot) {
    slot = m_.groups_.find_room();
    if (!slot) return false;
    m_.groups_.at(*slot) = Entry();
  }

  Entry& entry = m_.groups_.at(*slot);
  entry.id = state.id;
  entry.name = state.name;
  entry.owner = static_cast<std::uint16_t>(*owner);
  entry.revision = state.revision;
  if (we_are_in) {
    Members contacts = GroupRecord::no_members();
    std::size_t count = 0;
    for (auto members = state.member; const auto name = members.next();) {
      if (*name == m_.name_) continue;
      const auto contact = static_cast<std::uint16_t>(TRY(m_.find_or_add(*name)));
      if (std::find(contacts.begin(), contacts.end(), contact) == contacts.end()) {
        if (count == kMaxGroupMembers) break;  // we are named, so at most this many others are
        contacts[count++] = contact;
      }
    }
    entry.state = GroupState::kMember;
    TRY(set_members(*slot, contacts));
  } else {
    TRY(leave_locally(*slot));
  }
  TRY(m_.groups_.put_signed(*slot, as_signed));
  TRY(m_.groups_.save(*slot));
  TRY(m_.put_in_inbox(InboxKind::kGroupChanged, mail, {}, wall, entry.id));
  return true;
}

Status GroupMessenger::take_sender_key(std::size_t slot, std::size_t sender, Bytes key) {
  const auto distribution = e2e::SenderKeyDistribution::parse(key);
  if (!distribution || distribution->distribution_id != m_.groups_.at(slot).id ||
      !m_.groups_.position_of(slot, sender)) {
    return refused();
  }
  auto* keys = TRY(m_.groups_.their_keys(slot, sender));
  keys->add(*distribution);
  return m_.groups_.save_their_keys(slot, sender);
}

// A member that leaves is taken out by the owner, who alone can.
Status GroupMessenger::take_leave(const api::MailView& mail, std::size_t sender, const GroupId& id,
                                  WallTime wall) {
  const auto slot = m_.groups_.find(id);
  if (!slot || m_.groups_.at(*slot).owner != kNoSlot || !m_.groups_.position_of(*slot, sender) ||
      m_.outbox_.room() < kMaxGroupMembers) {
    return refused();
  }
  const Members before = m_.groups_.at(*slot).members;
  Members after = before;
  std::replace(after.begin(), after.end(), static_cast<std::uint16_t>(sender), kNoSlot);
  TRY(set_members(*slot, after));
  TRY(announce(*slot, before, wall));
  return m_.put_in_inbox(InboxKind::kGroupChanged, mail, {}, wall, m_.groups_.at(*slot).id);
}

// The next message hands the key over again.
Status GroupMessenger::take_ask(std::size_t sender, const GroupId& id) {
  const auto slot = m_.groups_.find(id);
  const auto position = slot ? m_.groups_.position_of(*slot, sender) : std::nullopt;
  if (!position) return refused();
  m_.groups_.at(*slot).given &= ~(std::uint64_t{1} << *position);
  return m_.groups_.save(*slot);
}

// ---- to a group

Status GroupMessenger::take_mail(const api::MailView& mail, std::optional<std::size_t> sender,
                                 WallTime wall) {
  const auto unreadable = [&] { return m_.put_in_inbox(InboxKind::kUnreadable, mail, {}, wall); };
  const auto message = e2e::SenderKeyMessage::parse(mail.ciphertext);
  if (!message || !sender || message->ciphertext.size() > work().text.size()) return unreadable();
  const auto slot = m_.groups_.find(message->distribution_id);
  // Still under way as we left: nobody writes to us any more.
  if (slot && m_.groups_.at(*slot).state == GroupState::kLeft) return refused();
  if (!slot || !m_.groups_.position_of(*slot, *sender)) {
    if (!slot) TRY(ask(message->distribution_id, *sender, wall));
    return unreadable();
  }
  auto* keys = TRY(m_.groups_.their_keys(*slot, *sender));
  const auto size = keys->decrypt(*message, work().text);
  if (!size) {
    keys->clear();
    if (size.error() == Error::kReplay) {
      ++m_.counters_.duplicates;
      return {};
    }
    if (size.error() == Error::kNotFound) TRY(ask(message->distribution_id, *sender, wall));
    return unreadable();
  }
  TRY(m_.groups_.save_their_keys(*slot, *sender));
  const MutBytes plaintext = MutBytes(work().text).first(*size);
  const auto taken = take_text(mail, *slot, plaintext, wall);
  wipe(plaintext);
  return taken;
}

// ---- trust

Status GroupMessenger::key_changed(std::size_t contact) {
  for (std::size_t slot = 0; slot < kMaxGroups; ++slot) {
    if (m_.groups_.position_of(slot, contact)) TRY(m_.groups_.drop_our_key(slot));
  }
  return {};
}

Status GroupMessenger::key_accepted(std::size_t contact) {
  for (std::size_t slot = 0; slot < kMaxGroups; ++slot) {
    if (m_.groups_.position_of(slot, contact)) TRY(m_.groups_.drop_their_keys(slot, contact));
  }
  return {};
}

}  // namespace core::messenger
