// Reads the requests of wg(8) and its kind, byte by byte as they come.
// Spec: docs/spec/wg-uapi.md.
#ifndef PORTS_LINUX_WG_UAPI_PARSER_H_
#define PORTS_LINUX_WG_UAPI_PARSER_H_

#include <string_view>

#include "core/base/result.h"
#include "core/wg/endpoint.h"

namespace ports::linux_os::wg {

// What a reply's errno= says; the values are Linux's, negative.
enum class UapiErrno : std::int16_t {
  kNone = 0,
  kIo = -5,
  kInvalid = -22,
  kNoRoom = -28,
  kProtocol = -71,
  kPortTaken = -98,
};

enum class UapiKey : std::uint8_t {
  // of the device
  kPrivateKey,
  kListenPort,
  kFwmark,
  kReplacePeers,
  // of a peer
  kPublicKey,  // begins the peer's section
  kRemove,
  kUpdateOnly,
  kPresharedKey,
  kEndpoint,
  kPersistentKeepalive,
  kProtocolVersion,
  kReplaceAllowedIps,
  kAllowedIp,
  kRemoveAllowedIp,
};

// One line of a set request. Only what belongs to `key` is set.
struct UapiSetting {
  UapiKey key{};
  core::Secret<32> key_bytes;    // kPrivateKey, kPublicKey, kPresharedKey
  std::uint32_t number = 0;      // kListenPort, kFwmark, kPersistentKeepalive
  core::wg::Endpoint endpoint;   // kEndpoint, without its scope
  std::array<char, 16> scope{};  // kEndpoint: the interface's name or number, or empty
  core::wg::Prefix prefix;       // kAllowedIp, kRemoveAllowedIp
};

enum class UapiEvent : std::uint8_t {
  kNeedMore,  // the input is used up
  kGet,       // a whole get request
  kSet,       // a set request begins
  kSetting,   // see setting()
  kSetDone,   // it ended: reply errno=0
  kError,     // reply errno=error(); the rest of the request is skipped
  kClose,     // close the connection; if error() is not kNone reply it first
};

// One connection. After kClose there is nothing more.
class UapiParser {
 public:
  // Longer lines are an error. No valid one is.
  static constexpr std::size_t kMaxLineSize = 512;

  UapiParser() = default;
  UapiParser(UapiParser&&) = default;
  UapiParser& operator=(UapiParser&&) = default;
  ~UapiParser() { core::wipe(line_); }

  // Takes bytes off the front of `input` up to the next event.
  UapiEvent next(core::Bytes& input);
  // The other side will send no more: ends a set request as an empty line does.
  UapiEvent end_of_input();

  // Of the last kSetting; until the next call of next().
  const UapiSetting& setting() const { return setting_; }
  UapiErrno error() const { return error_; }
  // The last setting could not be carried out: skips the rest of the request.
  void skip_request() { state_ = State::kSkipping; }

 private:
  enum class State : std::uint8_t { kIdle, kGetting, kDevice, kPeer, kSkipping, kClosed };

  UapiEvent take_line(std::string_view line);
  UapiEvent take_long_line();
  UapiEvent take_setting(std::string_view line);
  UapiEvent fail(UapiErrno error, State next);
  UapiErrno parse_setting(std::string_view key, std::string_view value);

  State state_ = State::kIdle;
  UapiErrno error_ = UapiErrno::kNone;
  UapiSetting setting_;
  std::size_t size_ = 0;   // of the line so far
  bool too_long_ = false;  // the line so far; the rest of it is not kept
  core::ByteArray<kMaxLineSize> line_;
};

// The 32 bytes of 64 hexadecimal digits; time does not depend on them.
// Errors: kMalformed.
core::Result<core::Secret<32>> parse_key_hex(std::string_view hex);
// "192.0.2.1:51820", "[2001:db8::1]:51820" or "[fe80::1%eth0]:51820".
// Errors: kMalformed.
core::Status parse_endpoint(std::string_view text, core::wg::Endpoint& endpoint,
                            std::array<char, 16>& scope);
// "10.0.0.0/8", "fd00::/8". Errors: kMalformed.
core::Result<core::wg::Prefix> parse_prefix(std::string_view text);
// Decimal digits only. Errors: kMalformed: none, others, or more than `max`.
core::Result<std::uint32_t> parse_number(std::string_view text, std::uint32_t max);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UAPI_PARSER_H_
