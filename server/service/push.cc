#include "server/service/push.h"

#include <algorithm>
#include <utility>

namespace server::service {
namespace {

using core::api::MailsWriter;

constexpr std::size_t kMailOverhead = 256;  // of the fields around a ciphertext

}  // namespace

std::size_t push_size(const PushTask& task, const Limits& limits) {
  return task.max_size != 0 ? task.max_size : limits.max_push_bytes;
}

Push push_of(const PushTask& task, std::span<const store::StoredMail> mails, const Limits& limits) {
  const std::size_t size = push_size(task, limits);
  const bool limited = task.max_size != 0;
  Push push;
  push.payload.resize(limited ? size
                              : std::max(size, mails.front().ciphertext.size() + kMailOverhead) +
                                    MailsWriter::kAfterSize);
  MailsWriter writer(push.payload);
  static_cast<void>(writer.after(task.after));  // fits: it is the first
  for (const auto& mail : mails) {
    core::api::MailView view{.to = {},
                             .from = mail.sender,
                             .mail_id = mail.mail_id,
                             .type = mail.type,
                             .ciphertext = mail.ciphertext,
                             .sequence = mail.sequence,
                             .stored_at_ms = static_cast<std::uint64_t>(mail.stored_at.ms),
                             .ttl_s = 0};
    if (limited && MailsWriter::kAfterSize + view.field_size() > size) {
      view.left_out = static_cast<std::uint32_t>(std::exchange(view.ciphertext, {}).size());
    }
    if (!writer.add(view)) break;  // goes with the next push
    push.sequences.push_back(mail.sequence);
  }
  push.payload.resize(writer.written().size());
  return push;
}

}  // namespace server::service
