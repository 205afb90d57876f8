// The site's certificate authority: one self-signed root that signs the
// certificates of the server, of the server's link to the broker and of the
// devices. All keys are ECDSA on P-256. Not thread-safe unless said so.
// Spec: docs/spec/enrolment.md; [RFC5280] 4.2.
#ifndef SERVER_BROKER_AUTHORITY_H_
#define SERVER_BROKER_AUTHORITY_H_

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/name.h"
#include "core/base/time.h"
#include "server/broker/outcome.h"

namespace server::broker {

// The name in the certificate of the server's own broker connection. '@'
// cannot stand in a device's name.
inline constexpr const char* kServerUser = "@ginneld";

inline constexpr int kRootDays = 20 * 365;
inline constexpr int kServerDays = 365;
inline constexpr int kDeviceDays = 90;
// Certificates are valid from this long before their making, so that a clock
// that is a little behind accepts them.
inline constexpr std::int64_t kBackdateMs = 5 * 60 * 1000;
// Larger certificate requests are refused unread.
inline constexpr std::size_t kMaxCsrSize = 2048;

class Authority {
 public:
  // Opens the authority kept in `folder` (ca.pem: key and certificate, mode
  // 0600; ca.crt: the certificate alone), or makes a new one if there is none.
  // Errors: kBadInput if what is there does not parse or does not belong
  // together: a new root would strand every device, so none is made.
  static Outcome<Authority> open(const std::filesystem::path& folder, core::WallTime now);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  // Live as long as this object.
  core::Bytes certificate_der() const;
  const std::string& certificate_pem() const;
  // SHA-256 of certificate_der(). The token carries its first 16 bytes.
  core::ByteArray<32> fingerprint() const;

  // A device's certificate, DER, for the key of `csr` (DER, PKCS#10), whatever
  // else the request asks for: the name is `name`, the use TLS client only.
  // Errors: kBadInput if `csr` does not parse or its signature does not
  // verify, kBadKey if the key is not a named P-256 key. Thread-safe.
  Outcome<std::vector<std::uint8_t>> issue_device(core::Bytes csr, const core::DeviceName& name,
                                                  core::WallTime now, int days = kDeviceDays) const;

  // A fresh key and its certificate, both PEM in one text. A server
  // certificate carries `hosts` (DNS names or IP addresses) as alternative
  // names, and is followed by the authority's; the client certificate's name
  // is `user`. Thread-safe.
  // Errors: kBadInput if a host is neither a DNS name nor an address.
  Outcome<std::string> issue_server(std::span<const std::string> hosts, core::WallTime now,
                                    int days = kServerDays) const;
  Outcome<std::string> issue_client(const std::string& user, core::WallTime now,
                                    int days = kServerDays) const;

 private:
  struct Keys;
  explicit Authority(std::unique_ptr<Keys> keys);
  std::unique_ptr<Keys> keys_;
};

// True if the first certificate of the text `pem` is absent, does not parse,
// is not `authority`'s, has less than a third of its life left, or does not
// carry all of `hosts` (none for a client's).
bool must_renew(const std::string& pem, const Authority& authority,
                std::span<const std::string> hosts, core::WallTime now);

// Makes or renews the two certificates that the server itself needs, as files
// of `folder`: server.pem (key, certificate; for the broker and HTTPS) and
// ginneld.pem (for the broker link). True if one was written.
Outcome<bool> ensure_server_certificates(const Authority& authority,
                                         const std::filesystem::path& folder,
                                         std::span<const std::string> hosts, core::WallTime now);

}  // namespace server::broker
#endif  // SERVER_BROKER_AUTHORITY_H_
