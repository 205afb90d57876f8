// Checkpoints: noticing that the store was put back, and getting over it.
#include "core/messenger/healer.h"

#include "core/messenger/decimal.h"
#include "core/messenger/group_messenger.h"

namespace core::messenger {

// What the lost state may have given out after its last checkpoint.
static constexpr MessageId kIdLeap = 1'000'000;

void CheckpointRecord::write(Writer& out) const {
  out.u64_be(generation);
  out.u8(healing ? 1 : 0);
  out.u32_be(put_backs);
  out.u64_be(static_cast<std::uint64_t>(put_back_at.ms));
  out.u64_be(lost_mails);
}

Result<CheckpointRecord> CheckpointRecord::read(Reader& in) {
  CheckpointRecord r;
  r.generation = in.u64_be();
  r.healing = in.u8() != 0;
  r.put_backs = in.u32_be();
  r.put_back_at.ms = static_cast<std::int64_t>(in.u64_be());
  r.lost_mails = in.u64_be();
  if (r.generation == 0 || r.generation > api::Checkpoint::kMaxGeneration) return Error::kMalformed;
  return r;
}

Status Messenger::Healer::load() {
  const auto record = get_record<CheckpointRecord>(m_.store_, RecordKey(Kind::kCheckpoint));
  if (!record && record.error() != Error::kNotFound) return record.error();
  h_.record = record ? *record : CheckpointRecord();
  h_.next_contact = 0;
  return h_.resets.load();
}

// ---- checkpoints

Status Messenger::Transaction::commit() {
  TRY(m_.sessions_.save());
  TRY(Healer(m_).step_generation());
  ended_ = true;
  TRY(m_.store_.commit());
  open_ = false;
  return {};
}

// Before the check the generation stands still: else an older copy could
// reach the number that the server knows by what it does meanwhile.
Status Messenger::Healer::step_generation() {
  if (!h_.checked) return {};
  ++h_.record.generation;
  return put_record(m_.store_, RecordKey(Kind::kCheckpoint), h_.record);
}

Progress Messenger::Healer::progress() const {
  const auto unread_from = m_.inbox_.first_id();
  return {.through = m_.state_.through,
          .unread_from = unread_from ? *unread_from : m_.state_.last_in + 1,
          .last_out = m_.state_.last_out,
          .last_in = m_.state_.last_in};
}

api::Checkpoint Messenger::Healer::checkpoint() const {
  return seal_checkpoint(m_.identity_.private_key(), h_.record.generation, progress());
}

Status Messenger::Healer::compare(const api::StatusResponseView& status, WallTime wall) {
  const auto& seen = status.checkpoint;
  if (!seen || seen->generation <= h_.record.generation) return {};
  const auto lost = open_checkpoint(m_.identity_.private_key(), *seen);
  if (!lost) {  // not of this device: the server or the broker has made it up
    ++m_.counters_.false_checkpoints;
    return {};
  }
  TRY(put_back(*lost, seen->generation, wall));
  return m_.prekeys_.put_back(status.signed_pre_key_id, status.last_resort_id);
}

// Brings what only grows to where the lost state had it. From here on the
// record says that sessions must be retired, whatever happens in between.
Status Messenger::Healer::put_back(const Progress& lost, std::uint64_t generation, WallTime wall) {
  auto& state = m_.state_;
  h_.record.lost_mails = lost.through - std::min(lost.through, state.through);
  h_.record.generation = generation;
  h_.record.healing = true;
  h_.record.put_back_at = wall;
  ++h_.record.put_backs;
  h_.next_contact = 0;
  state.through = std::max(state.through, lost.through);
  state.last_out = std::max(state.last_out, lost.last_out) + kIdLeap;
  state.last_in = std::max(state.last_in, lost.last_in) + kIdLeap;
  // Messages that have been read since then are not shown again.
  while (const auto id = m_.inbox_.first_id()) {
    if (*id >= lost.unread_from) break;
    TRY(m_.inbox_.remove(*id));
  }
  TRY(GroupMessenger(m_).put_back());
  for (const auto method : {api::Method::kPublish, api::Method::kSend, api::Method::kBundle}) {
    m_.requests_.finish(method);
  }
  const MessageId id = m_.inbox_.room() > 0 ? ++state.last_in : 0;
  m_.events_.push({.kind = EventKind::kPutBack, .id = id, .name = {}});
  if (id == 0) return m_.save_state();  // `status` says it as well
  InboxRecord record;
  record.id = id;
  record.kind = InboxKind::kPutBack;
  record.received_at = wall;
  ByteArray<kMaxDigits> digits{};
  const auto text = decimal(h_.record.lost_mails, digits);
  TRY(m_.inbox_.add(record, text));
  return m_.save_state();
}

Status Messenger::Healer::retire(std::size_t contact) {
  auto* record = TRY(m_.sessions_.open(contact));
  record->retire_all();
  m_.sessions_.changed();
  m_.contacts_.at(contact).needs_bundle = false;  // encrypting finds out
  return {};
}

Result<bool> Messenger::Healer::heal_some() {
  if (!h_.record.healing) return false;
  while (h_.next_contact < kMaxContacts) {
    const auto contact = h_.next_contact;
    ByteArray<1> any{};
    const auto there = m_.store_.get(RecordKey(Kind::kSession, contact).bytes, any);
    if (!there && there.error() == Error::kNotFound) {
      ++h_.next_contact;
      continue;
    }
    Transaction t(m_);
    TRY(t.begin());
    TRY(retire(contact));
    if (trusts(contact)) TRY(h_.resets.owe(contact, nullptr));
    TRY(t.commit());
    h_.next_contact = contact + 1;
    return true;
  }
  Transaction t(m_);
  TRY(t.begin());
  h_.record.healing = false;
  TRY(t.commit());
  return true;
}

bool Messenger::Healer::trusts(std::size_t contact) const {
  const auto& known = m_.contacts_.at(contact).contact;
  return known.has_key && known.state != ContactState::kKeyChanged;
}

}  // namespace core::messenger
