// Messages that carry mail: send, push, ack. The rules of parse() and encode()
// are those of core/api/message.h. Spec: [API] send, ack, pushing.
#ifndef CORE_API_MAIL_MESSAGE_H_
#define CORE_API_MAIL_MESSAGE_H_

#include "core/api/checkpoint.h"
#include "core/api/repeated.h"

namespace core::api {

inline constexpr std::size_t kMailIdSize = 16;
inline constexpr std::size_t kMaxMailsPerRequest = 64;
// Of one mail, `to` included, and of all mails of one request.
inline constexpr std::size_t kMaxRecipientsPerMail = 64;
inline constexpr std::size_t kMaxRecipientsPerRequest = 256;
inline constexpr std::size_t kMaxCiphertextSize = 65536;

struct MailView {
  DeviceName to{}, from{};  // empty if absent
  View<kMailIdSize> mail_id;
  std::uint32_t type = 0;
  Bytes ciphertext{};  // not empty, unless it is left out
  std::uint64_t sequence = 0;
  std::uint64_t stored_at_ms = 0;
  std::uint32_t ttl_s = 0;
  Repeated<DeviceName> also_to{};  // further recipients of the same mail
  // MailPush: size of the ciphertext, which is larger than the device takes and not there.
  std::uint32_t left_out = 0;
  std::size_t recipients() const { return 1 + also_to.count(); }
  static Result<MailView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
  // Bytes that this mail adds to a SendRequest or MailPush.
  std::size_t field_size() const;
};

// Names for MailView::also_to, in a buffer of the caller's that outlives it.
class AlsoToWriter {
 public:
  // Room for kMaxRecipientsPerMail - 1 names.
  static constexpr std::size_t kMaxSize = (kMaxRecipientsPerMail - 1) * (2 + DeviceName::kMaxSize);

  explicit AlsoToWriter(MutBytes out) : out_(out) {}
  // Errors: kFull.
  Status add(const DeviceName& name);
  // What has been added so far.
  Repeated<DeviceName> names() const;

 private:
  ProtobufWriter out_;
  std::size_t count_ = 0;
};

// A SendRequest or a MailPush: both are mails in field 1. 1 to 64 of them, to at
// most 256 recipients in all.
struct MailsView {
  Repeated<MailView> mail{};
  // MailPush: the sequence number that the first mail follows. Between two
  // mails of one push the mailbox holds no other.
  std::optional<std::uint64_t> after{};
  std::optional<Checkpoint> checkpoint{};  // SendRequest
  static Result<MailsView> parse(Bytes in);
};
class MailsWriter {
 public:
  explicit MailsWriter(MutBytes out) : out_(out) {}
  // Errors of both: kFull (no room, or as many mails or recipients as may be
  // are there), and then nothing of it is written.
  Status add(const MailView& mail);
  // MailPush: what the first mail follows; once. Takes at most kAfterSize
  // bytes: before the mails there is sure to be room.
  static constexpr std::size_t kAfterSize = 11;
  Status after(std::uint64_t sequence);
  // SendRequest; once. Takes at most Checkpoint::kMaxFieldSize bytes.
  Status checkpoint(const Checkpoint& checkpoint);
  std::size_t count() const { return count_; }
  Result<std::size_t> finish() const { return out_.finish(); }
  Bytes written() const { return out_.written(); }

 private:
  ProtobufWriter out_;
  std::size_t count_ = 0;
  std::size_t recipients_ = 0;
};

struct SendResponse {
  std::array<Code, kMaxRecipientsPerRequest> code{};
  std::size_t count = 0;
  static Result<SendResponse> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct AckRequest {
  std::uint64_t through = 0;
  std::uint32_t window = 0;
  std::optional<Checkpoint> checkpoint{};
  std::uint32_t max_push = 0;  // bytes of the largest MailPush that the device takes; 0: any
  static Result<AckRequest> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct AckResponse {
  std::uint64_t waiting = 0;
  static Result<AckResponse> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::api
#endif  // CORE_API_MAIL_MESSAGE_H_
