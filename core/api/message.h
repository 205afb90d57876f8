// The messages between devices and the server, as views and encoders.
//
// parse() never copies: every view lives as long as the bytes it was parsed
// from. It checks all sizes that proto/ginnel/v1/ginnel.proto states, ignores
// unknown fields, and lets the last of a repeated singular field win.
// encode() writes the fields in ascending number and leaves out absent ones.
// Errors of all parse(): kMalformed. Errors of all encode(): kFull.
// Spec: [API] messages.
#ifndef CORE_API_MESSAGE_H_
#define CORE_API_MESSAGE_H_

#include <optional>

#include "core/base/name.h"
#include "core/base/protobuf.h"

namespace core::api {

inline constexpr std::size_t kRequestIdSize = 16;
inline constexpr std::size_t kMailIdSize = 16;
inline constexpr std::size_t kMaxMailsPerRequest = 64;
inline constexpr std::size_t kMaxOneTimePerRequest = 100;
inline constexpr std::size_t kMaxKemPerRequest = 8;
inline constexpr std::size_t kMaxContactsPerPage = 100;

// The one answer's meaning; the numbers of proto Code.
enum class Code : std::uint8_t {
  kOk = 0, kMalformed = 1, kBadSignature = 2, kUnknownDevice = 3, kRevoked = 4, kKeyConflict = 5,
  kNoKeys = 6, kFull = 7, kTooLarge = 8, kUnknownMethod = 9, kBusy = 10, kInternal = 11,
};

// The methods, the last level of an `up` topic.
enum class Method : std::uint8_t { kPublish, kStatus, kBundle, kSend, kAck, kContacts, kRenew };
inline constexpr std::size_t kMethodCount = 7;

// Iterates the messages of a repeated field of a message that has parsed.
//   Repeated<PreKeyView> keys = ...;
//   while (auto key = keys.next()) { ... }
template <class T>
class Repeated {
 public:
  Repeated() : reader_(Bytes{}) {}
  Repeated(Bytes message, std::uint32_t number, std::size_t count)
      : reader_(message), number_(number), count_(count) {}
  // The next element, or nothing at the end.
  std::optional<T> next() {
    while (const auto* f = reader_.next()) {
      if (f->number != number_ || f->type != WireType::kBytes) continue;
      auto element = T::parse(f->bytes);
      if (!element) return std::nullopt;  // cannot be: checked when parsed
      return *std::move(element);
    }
    return std::nullopt;
  }
  std::size_t count() const { return count_; }

 private:
  ProtobufReader reader_;
  std::uint32_t number_ = 0;
  std::size_t count_ = 0;
};

struct RequestView {
  View<kRequestIdSize> request_id;
  Bytes body;
  Bytes signature;  // 64 bytes, or empty
  static Result<RequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ResponseView {
  View<kRequestIdSize> request_id;
  Code code{};
  Bytes text;
  Bytes body;
  static Result<ResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct PreKeyView {
  std::uint32_t id = 0;
  View<33> public_key;
  static Result<PreKeyView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct SignedPreKeyView {
  std::uint32_t id = 0;
  View<33> public_key;
  View<64> signature;
  static Result<SignedPreKeyView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct KemPreKeyView {
  std::uint32_t id = 0;
  View<1569> public_key;
  View<64> signature;
  static Result<KemPreKeyView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct PublishRequestView {
  std::optional<SignedPreKeyView> signed_pre_key;
  std::optional<KemPreKeyView> last_resort;
  Repeated<PreKeyView> one_time;
  Repeated<KemPreKeyView> one_time_kem;
  static Result<PublishRequestView> parse(Bytes in);
};
// Writes a PublishRequest part by part, in the order of the calls.
class PublishRequestWriter {
 public:
  explicit PublishRequestWriter(MutBytes out) : out_(out) {}
  Status signed_pre_key(const SignedPreKeyView& key);
  Status last_resort(const KemPreKeyView& key);
  Status one_time(const PreKeyView& key);
  Status one_time_kem(const KemPreKeyView& key);
  Result<std::size_t> finish() const { return out_.finish(); }

 private:
  ProtobufWriter out_;
};

struct PublishResponse {
  std::uint32_t one_time_count = 0;
  std::uint32_t one_time_kem_count = 0;
  static Result<PublishResponse> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct StatusResponseView {
  std::uint32_t one_time_count = 0;
  std::uint32_t one_time_kem_count = 0;
  std::uint32_t signed_pre_key_id = 0;
  std::uint32_t last_resort_id = 0;
  Bytes repeated_use_digest;  // 32 bytes, or empty
  std::uint64_t mailbox_count = 0;
  std::uint64_t server_time_ms = 0;
  static Result<StatusResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct BundleRequestView {
  DeviceName device;
  static Result<BundleRequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct BundleResponseView {
  std::uint32_t registration_id = 0;
  std::uint32_t device_id = 0;
  View<33> identity_key;
  std::optional<PreKeyView> one_time;
  SignedPreKeyView signed_pre_key;
  KemPreKeyView kem;
  static Result<BundleResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct MailView {
  DeviceName to, from;        // empty if absent
  View<kMailIdSize> mail_id;
  std::uint32_t type = 0;
  Bytes ciphertext;           // not empty
  std::uint64_t sequence = 0;
  std::uint64_t stored_at_ms = 0;
  std::uint32_t ttl_s = 0;
  static Result<MailView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
  // Bytes that this mail adds to a SendRequest or MailPush.
  std::size_t field_size() const;
};

// A SendRequest or a MailPush: both are mails in field 1. 1 to 64 of them.
struct MailsView {
  Repeated<MailView> mail;
  static Result<MailsView> parse(Bytes in);
};
class MailsWriter {
 public:
  explicit MailsWriter(MutBytes out) : out_(out) {}
  // Errors: kFull, and then nothing of this mail is written.
  Status add(const MailView& mail);
  std::size_t count() const { return count_; }
  Result<std::size_t> finish() const { return out_.finish(); }
  Bytes written() const { return out_.written(); }

 private:
  ProtobufWriter out_;
  std::size_t count_ = 0;
};

struct SendResponse {
  std::array<Code, kMaxMailsPerRequest> code{};
  std::size_t count = 0;
  static Result<SendResponse> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct AckRequest {
  std::uint64_t through = 0;
  std::uint32_t window = 0;
  static Result<AckRequest> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct AckResponse {
  std::uint64_t waiting = 0;
  static Result<AckResponse> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ContactsRequest {
  DeviceName after;  // empty: from the start
  static Result<ContactsRequest> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ContactView {
  DeviceName name;
  View<33> identity_key;
  static Result<ContactView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ContactsResponseView {
  Repeated<ContactView> contact;
  bool more = false;
  static Result<ContactsResponseView> parse(Bytes in);
};
// Writes the contacts of a ContactsResponse (field 1) or EnrolResponse
// (field 8), and the former's `more`.
Status append_contact(ProtobufWriter& out, std::uint32_t field, const ContactView& contact);

struct RenewRequestView {
  Bytes csr;  // not empty
  static Result<RenewRequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct RenewResponseView {
  Bytes certificate;  // not empty
  static Result<RenewResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct Notice {
  enum class Kind : std::uint8_t {
    kNone = 0, kLowPreKeys = 1, kKeyDrift = 2, kRenewalDue = 3, kContactsChanged = 4, kRevoked = 5,
  };
  Kind kind = Kind::kNone;  // kNone: a kind of a later version
  std::uint32_t one_time_count = 0;
  std::uint32_t one_time_kem_count = 0;
  static Result<Notice> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct EnrolRequestView {
  View<33> identity_key;
  std::uint32_t registration_id = 0;  // 1 to 16380
  Bytes csr;                          // not empty
  View<64> proof;
  static Result<EnrolRequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct EnrolResponseView {
  Code code{};
  Bytes text;
  DeviceName name;  // empty unless code is kOk, like all that follows
  Bytes certificate, ca_certificate;
  Bytes broker_host;
  std::uint16_t broker_port = 0;
  Repeated<ContactView> contact;
  static Result<EnrolResponseView> parse(Bytes in);
  // Without contacts: append_contact(out, 8, ...) adds them behind.
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::api
#endif  // CORE_API_MESSAGE_H_
