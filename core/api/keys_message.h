// Messages about a device's public keys: publish, status, bundle. The rules of
// parse() and encode() are those of core/api/message.h. Spec: [API] publish, status, bundle.
#ifndef CORE_API_KEYS_MESSAGE_H_
#define CORE_API_KEYS_MESSAGE_H_

#include "core/api/checkpoint.h"
#include "core/api/repeated.h"

namespace core::api {

inline constexpr std::size_t kMaxOneTimePerRequest = 100;
inline constexpr std::size_t kMaxKemPerRequest = 8;

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
  std::optional<SignedPreKeyView> signed_pre_key{};
  std::optional<KemPreKeyView> last_resort{};
  Repeated<PreKeyView> one_time{};
  Repeated<KemPreKeyView> one_time_kem{};
  bool drop_stock = false;  // of one-time keys, before these are stored
  static Result<PublishRequestView> parse(Bytes in);
};
// Writes a PublishRequest part by part, in the order of the calls. Each call's
// errors: kFull (no room, or over the limit of a request), and then nothing of
// this key is written.
class PublishRequestWriter {
 public:
  explicit PublishRequestWriter(MutBytes out) : out_(out) {}
  Status signed_pre_key(const SignedPreKeyView& key);
  Status last_resort(const KemPreKeyView& key);
  Status one_time(const PreKeyView& key);
  Status one_time_kem(const KemPreKeyView& key);
  Status drop_stock();
  Result<std::size_t> finish() const { return out_.finish(); }

 private:
  ProtobufWriter out_;
  std::size_t one_time_count_ = 0;
  std::size_t kem_count_ = 0;
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
  Bytes repeated_use_digest{};  // 32 bytes, or empty
  std::uint64_t mailbox_count = 0;
  std::uint64_t server_time_ms = 0;
  std::optional<Checkpoint> checkpoint{};
  static Result<StatusResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct BundleRequestView {
  DeviceName device{};
  static Result<BundleRequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct BundleResponseView {
  std::uint32_t registration_id = 0;
  std::uint32_t device_id = 0;
  View<33> identity_key;
  std::optional<PreKeyView> one_time{};
  SignedPreKeyView signed_pre_key;
  KemPreKeyView kem;
  static Result<BundleResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::api
#endif  // CORE_API_KEYS_MESSAGE_H_
