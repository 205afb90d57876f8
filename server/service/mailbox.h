// Mail from device to device, kept until the recipient has acknowledged it.
// Spec: docs/spec/api.md send, ack.
#ifndef SERVER_SERVICE_MAILBOX_H_
#define SERVER_SERVICE_MAILBOX_H_

#include "server/service/answer.h"
#include "server/service/limits.h"

namespace server::service {

struct SendAnswer {
  Answer answer;
  std::vector<store::AccountId> recipients{};  // who got something new
  std::uint64_t stored = 0, repeated = 0, refused = 0;
};

class Mailbox {
 public:
  Mailbox(store::Store& store, const Limits& limits) : store_(store), limits_(limits) {}

  // Stores the mails of a request in order, with a code for each recipient of
  // each. Once a mailbox was full for one of them it is full for the later ones
  // too, even smaller ones, so that order holds. Errors of all: kStore.
  Result<SendAnswer> send(const store::Account& sender, Bytes body, core::WallTime wall);
  Result<Answer> ack(const store::Account& owner, Bytes body);

 private:
  Result<Code> send_one(const store::Account& sender, const core::DeviceName& to,
                        const core::api::MailView& mail, core::WallTime wall, SendAnswer& out);
  Status note(const store::Account& owner, const core::api::Checkpoint& checkpoint);

  store::Store& store_;
  const Limits& limits_;
};

// The ack in a request's body, if there is one that can be followed.
std::optional<core::api::AckRequest> parse_ack(Bytes body);

}  // namespace server::service
#endif  // SERVER_SERVICE_MAILBOX_H_
