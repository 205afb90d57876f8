#include "server/service/mailbox.h"

#include <algorithm>

namespace server::service {

using core::Error;

namespace {

// Sequence numbers stay exact in every number format; no mailbox gets there.
constexpr std::uint64_t kMaxSequence = std::uint64_t{1} << 53;

}  // namespace

std::optional<core::api::AckRequest> parse_ack(Bytes body) {
  const auto ack = core::api::AckRequest::parse(body);
  if (!ack || ack->through > kMaxSequence) return {};
  return *ack;
}

Result<Code> Mailbox::send_one(const store::Account& sender, const core::DeviceName& to,
                               const core::api::MailView& mail, core::WallTime wall,
                               SendAnswer& out) {
  if (to.empty() || mail.ciphertext.empty()) return Code::kMalformed;
  const auto found = store_.find_account(to);
  if (!found && found.error() == Error::kNotFound) return Code::kUnknownDevice;
  const auto recipient = TRY(found);
  if (recipient.state == store::AccountState::kRevoked) return Code::kRevoked;
  if (TRY(store_.mail_known(sender.id, recipient.id, mail.mail_id))) {
    ++out.repeated;
    return Code::kOk;
  }
  if (mail.ciphertext.size() > limits_.max_ciphertext_size) return Code::kTooLarge;
  const auto load = TRY(store_.mail_load(recipient.id, sender.id));
  if (load.count >= limits_.max_mailbox_count || load.sender_count >= limits_.max_sender_count ||
      load.bytes + mail.ciphertext.size() > limits_.max_mailbox_bytes ||
      load.sender_bytes + mail.ciphertext.size() > limits_.max_sender_bytes) {
    return Code::kFull;
  }
  const std::int64_t wished = std::int64_t{mail.ttl_s} * 1000;
  const std::int64_t kept =
      wished == 0 ? limits_.mail_kept_ms : std::min(wished, limits_.mail_kept_ms);
  TRY(store_.append_mail({.recipient = recipient.id,
                          .sender = sender.id,
                          .mail_id = core::to_array(mail.mail_id),
                          .type = mail.type,
                          .ciphertext = mail.ciphertext,
                          .stored_at = wall,
                          .expires_at = {wall.ms + kept}}));
  ++out.stored;
  out.recipients.push_back(recipient.id);
  return Code::kOk;
}

Status Mailbox::note(const store::Account& owner, const core::api::Checkpoint& checkpoint) {
  return store_.note_checkpoint(owner.id, {checkpoint.generation, checkpoint.seal});
}

Result<SendAnswer> Mailbox::send(const store::Account& sender, Bytes body, core::WallTime wall) {
  SendAnswer out;
  const auto mails = core::api::MailsView::parse(body);
  if (!mails) {
    out.answer = refuse(Code::kMalformed, "the mails do not parse");
    return out;
  }
  if (mails->checkpoint) TRY(note(sender, *mails->checkpoint));
  core::api::SendResponse response;
  std::vector<core::DeviceName> full;
  auto rest = mails->mail;
  while (const auto mail = rest.next()) {
    auto also_to = mail->also_to;
    for (std::optional to(mail->to); to; to = also_to.next()) {
      CHECK(response.count < response.code.size());  // counted when parsed
      Code code = Code::kFull;
      if (std::find(full.begin(), full.end(), *to) == full.end()) {
        code = TRY(send_one(sender, *to, *mail, wall, out));
        if (code == Code::kFull) full.push_back(*to);
      }
      if (code != Code::kOk) ++out.refused;
      response.code[response.count++] = code;
    }
  }
  out.answer.body = encoded(response, 16 + response.count);
  return out;
}

Result<Answer> Mailbox::ack(const store::Account& owner, Bytes body) {
  const auto ack = parse_ack(body);
  if (!ack) return refuse(Code::kMalformed, "the acknowledgement does not parse");
  if (ack->checkpoint) TRY(note(owner, *ack->checkpoint));
  const auto waiting = TRY(store_.acknowledge(owner.id, ack->through));
  return Answer{.body = encoded(core::api::AckResponse{.waiting = waiting}, 16)};
}

}  // namespace server::service
