// The values of UAPI lines.
#include <arpa/inet.h>

#include <algorithm>

#include "ports/linux/wg/uapi_parser.h"

namespace ports::linux_os::wg {
namespace {

// 1 if low <= c <= high, else 0, without a branch. All are below 2^31.
unsigned in_range(unsigned c, unsigned low, unsigned high) {
  return ((low - 1 - c) & (c - (high + 1))) >> 31;
}

// The value of a hexadecimal digit, or 0x100: no branch on a digit.
unsigned hex_digit(char digit) {
  const auto c = static_cast<unsigned>(static_cast<unsigned char>(digit));
  const unsigned letter = c | 0x20;
  const unsigned is_number = in_range(c, '0', '9'), is_letter = in_range(letter, 'a', 'f');
  return ((c - '0') & (0u - is_number)) | ((letter - 'a' + 10) & (0u - is_letter)) |
         ((1 ^ (is_number | is_letter)) << 8);
}

// inet_pton wants a zero at the end.
core::Result<core::wg::IpAddress> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return core::Error::kMalformed;
  std::copy(text.begin(), text.end(), terminated.begin());
  core::ByteArray<16> bytes{};
  if (inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) {
    return core::wg::IpAddress::v4(core::View<16>(bytes).first<4>());
  }
  if (inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) {
    return core::wg::IpAddress::v6(bytes);
  }
  return core::Error::kMalformed;
}

}  // namespace

core::Result<core::Secret<32>> parse_key_hex(std::string_view hex) {
  if (hex.size() != 64) return core::Error::kMalformed;
  core::Secret<32> key;
  unsigned bad = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    bad |= high | low;
    key.mut()[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (bad > 0xff) return core::Error::kMalformed;
  return key;
}

core::Result<std::uint32_t> parse_number(std::string_view text, std::uint32_t max) {
  if (text.empty() || text.size() > 10) return core::Error::kMalformed;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return core::Error::kMalformed;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number > max) return core::Error::kMalformed;
  return static_cast<std::uint32_t>(number);
}

core::Status parse_endpoint(std::string_view text, core::wg::Endpoint& endpoint,
                            std::array<char, 16>& scope) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return core::Error::kMalformed;
  const auto port = TRY(parse_number(text.substr(colon + 1), UINT16_MAX));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::string_view zone;
  if (const auto percent = host.find('%'); bracketed && percent != std::string_view::npos) {
    zone = host.substr(percent + 1);
    host = host.substr(0, percent);
    if (zone.empty() || zone.size() >= scope.size()) return core::Error::kMalformed;
  }
  const auto address = TRY(parse_address(host));
  if (bracketed != (address.family == core::wg::Family::kIpv6)) return core::Error::kMalformed;
  endpoint = {};
  endpoint.address = address;
  endpoint.port = static_cast<std::uint16_t>(port);
  scope = {};
  std::copy(zone.begin(), zone.end(), scope.begin());
  return {};
}

core::Result<core::wg::Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return core::Error::kMalformed;
  const auto address = TRY(parse_address(text.substr(0, slash)));
  const auto bits = TRY(parse_number(text.substr(slash + 1), address.bits()));
  return core::wg::Prefix{address, static_cast<std::uint8_t>(bits)};
}

}  // namespace ports::linux_os::wg
