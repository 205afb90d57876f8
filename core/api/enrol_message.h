// Messages about who belongs to a site: enrolment, certificates, contacts,
// notices. The rules of parse() and encode() are those of core/api/message.h.
// Spec: [API] contacts, renew, notices, docs/spec/enrolment.md exchange.
#ifndef CORE_API_ENROL_MESSAGE_H_
#define CORE_API_ENROL_MESSAGE_H_

#include "core/api/repeated.h"

namespace core::api {

inline constexpr std::size_t kMaxContactsPerPage = 100;
inline constexpr std::size_t kMaxCsrSize = 2048;
inline constexpr std::size_t kMaxCertificateSize = 4096;
inline constexpr std::size_t kMaxHostSize = 255;
inline constexpr std::uint32_t kMaxRegistrationId = 16380;
// The least MTU that carries IPv6, and the most of an interface.
inline constexpr std::uint32_t kMinTunnelMtu = 1280, kMaxTunnelMtu = 65535;

struct ContactsRequest {
  DeviceName after{};              // empty: from the start
  std::uint32_t max_contacts = 0;  // in the answer; 0: kMaxContactsPerPage
  static Result<ContactsRequest> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ContactView {
  DeviceName name{};
  View<33> identity_key;
  static Result<ContactView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ContactsResponseView {
  Repeated<ContactView> contact{};
  bool more = false;
  static Result<ContactsResponseView> parse(Bytes in);
};
// Writes a contact of a ContactsResponse (field 1) or EnrolResponse (field 8).
// The former's `more` is out.varint(2, 1), or nothing.
// Errors: kFull, and then nothing of this contact is written.
Status append_contact(ProtobufWriter& out, std::uint32_t field, const ContactView& contact);

struct RenewRequestView {
  Bytes csr{};  // not empty
  static Result<RenewRequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct RenewResponseView {
  Bytes certificate{};  // not empty
  static Result<RenewResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct Notice {
  enum class Kind : std::uint8_t {
    kNone = 0,
    kLowPreKeys = 1,
    kKeyDrift = 2,
    kRenewalDue = 3,
    kContactsChanged = 4,
    kRevoked = 5,
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
  Bytes csr{};                        // not empty
  View<64> proof;
  Bytes tunnel_key{};              // 32, an X25519 public key, or empty
  std::uint32_t max_contacts = 0;  // in the answer; 0: kMaxContactsPerPage
  static Result<EnrolRequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

// What a device needs to reach the site through its WireGuard gateway.
struct TunnelView {
  View<32> gateway_key;    // X25519, public
  View<32> preshared_key;  // of this device and the gateway alone
  Bytes endpoint_host{};   // 1 to 255: name or address, outside
  std::uint16_t endpoint_port = 0;
  View<16> address;               // the device's, inside
  View<16> prefix;                // what it reaches and hears inside
  std::uint8_t prefix_bits = 0;   // 1 to 128
  std::uint16_t mtu = 0;          // of the inside, from kMinTunnelMtu
  std::uint16_t keepalive_s = 0;  // 0: none
  static Result<TunnelView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct EnrolResponseView {
  Code code{};
  Bytes text{};
  DeviceName name{};  // empty unless code is kOk, like all that follows
  Bytes certificate{}, ca_certificate{};
  Bytes broker_host{};
  std::uint16_t broker_port = 0;
  Repeated<ContactView> contact{};
  std::optional<TunnelView> tunnel{};  // present if the broker is inside one
  static Result<EnrolResponseView> parse(Bytes in);
  // Without contacts: append_contact(out, 8, ...) adds them behind.
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::api
#endif  // CORE_API_ENROL_MESSAGE_H_
