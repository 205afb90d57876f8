#include "core/api/host.h"

#include <optional>

namespace core::api {
namespace {

constexpr std::uint8_t kIpv4 = 0xf4;
constexpr std::uint8_t kIpv6 = 0xf6;
constexpr std::size_t kGroups = 8;  // of 16 bits in an IPv6 address

bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }

std::uint8_t lower(std::uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + ('a' - 'A')) : c;
}

// Takes what stands before `separator` off the front of `text`, and the
// separator; all of it if there is none.
Bytes take_until(Bytes& text, char separator) {
  const auto at = std::find(text.begin(), text.end(), static_cast<std::uint8_t>(separator));
  const auto size = static_cast<std::size_t>(at - text.begin());
  const Bytes part = text.first(size);
  text = text.subspan(at == text.end() ? size : size + 1);
  return part;
}

// Four decimal numbers of 0 to 255 without leading zeros.
std::optional<ByteArray<4>> parse_ipv4(Bytes text) {
  if (std::count(text.begin(), text.end(), std::uint8_t{'.'}) != 3) return std::nullopt;
  ByteArray<4> out{};
  for (std::uint8_t& byte : out) {
    const Bytes part = take_until(text, '.');
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    unsigned value = 0;
    for (const std::uint8_t c : part) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return std::nullopt;
    byte = static_cast<std::uint8_t>(value);
  }
  return out;
}

// One to four hex digits.
std::optional<std::uint16_t> parse_group(Bytes text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (std::uint8_t c : text) {
    c = lower(c);
    if (is_digit(c)) {
      value = value << 4 | static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value << 4 | static_cast<unsigned>(c - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return static_cast<std::uint16_t>(value);
}

using Groups = std::array<std::uint16_t, kGroups>;

// Groups between colons; one "::" stands for one or more groups of zeros. No
// dotted ending, no zone.
std::optional<Groups> parse_ipv6(Bytes text) {
  Groups out{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;  // groups before "::"
  if (text.size() >= 2 && text[0] == ':' && text[1] == ':') {
    gap = 0;
    text = text.subspan(2);
  }
  while (!text.empty()) {
    const bool has_colon = std::find(text.begin(), text.end(), std::uint8_t{':'}) != text.end();
    const auto group = parse_group(take_until(text, ':'));
    if (!group || count == kGroups) return std::nullopt;
    out[count++] = *group;
    if (has_colon && text.empty()) return std::nullopt;  // ends in one colon
    if (!text.empty() && text[0] == ':') {
      if (gap) return std::nullopt;
      gap = count;
      text = text.subspan(1);
    }
  }
  if (!gap) {
    if (count != kGroups) return std::nullopt;
    return out;
  }
  if (count == kGroups) return std::nullopt;
  const auto tail = out.begin() + static_cast<std::ptrdiff_t>(*gap);
  std::rotate(tail, out.begin() + static_cast<std::ptrdiff_t>(count), out.end());
  return out;
}

// Labels of letters, digits, "-" and "_" between dots. The last one has a
// letter: else it could be a mistyped address.
bool is_dns_name(Bytes text) {
  if (text.empty() || text.size() > kMaxHostTextSize) return false;
  bool last_is_number = true;
  while (true) {
    const bool is_last = std::find(text.begin(), text.end(), std::uint8_t{'.'}) == text.end();
    const Bytes part = take_until(text, '.');
    if (part.empty() || part.size() > 63 || part.front() == '-' || part.back() == '-') return false;
    last_is_number = true;
    for (std::uint8_t c : part) {
      c = lower(c);
      if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') return false;
      last_is_number = last_is_number && is_digit(c);
    }
    if (is_last) return !last_is_number;
  }
}

void write_decimal(std::uint8_t value, Writer& text) {
  const auto digit = [&text](int d) { text.u8(static_cast<std::uint8_t>('0' + d)); };
  if (value >= 100) digit(value / 100);
  if (value >= 10) digit(value / 10 % 10);
  digit(value % 10);
}

void write_group(std::uint16_t group, Writer& text) {
  constexpr auto kDigits = label("0123456789abcdef");
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = static_cast<std::size_t>(group >> shift & 15);
    started = started || digit != 0 || shift == 0;
    if (started) text.u8(kDigits[digit]);
  }
}

// The longest run of two or more zero groups, the first of equals, becomes
// "::". Spec: [RFC5952] 4.2.
void write_ipv6(const Groups& groups, Writer& text) {
  std::size_t gap = kGroups, gap_size = 1;
  for (std::size_t i = 0, run = 0; i < kGroups; ++i) {
    run = groups[i] == 0 ? run + 1 : 0;
    if (run > gap_size) {
      gap_size = run;
      gap = i + 1 - run;
    }
  }
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == gap) {
      text.bytes(label("::"));
      i += gap_size - 1;
      continue;
    }
    if (i > 0 && i != gap + gap_size) text.u8(':');
    write_group(groups[i], text);
  }
}

}  // namespace

Status write_host(Bytes text, Writer& out) {
  if (const auto ipv4 = parse_ipv4(text)) {
    out.u8(kIpv4);
    out.bytes(*ipv4);
  } else if (const auto ipv6 = parse_ipv6(text)) {
    out.u8(kIpv6);
    for (const std::uint16_t group : *ipv6) out.u16_be(group);
  } else if (is_dns_name(text)) {
    out.u8(static_cast<std::uint8_t>(text.size()));
    for (const std::uint8_t c : text) out.u8(lower(c));
  } else {
    return Error::kMalformed;
  }
  return {};
}

Status read_host(Reader& in, Writer& text) {
  const std::uint8_t kind = in.u8();
  if (kind == kIpv4) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) text.u8('.');
      write_decimal(in.u8(), text);
    }
  } else if (kind == kIpv6) {
    Groups groups{};
    for (std::uint16_t& group : groups) group = in.u16_be();
    write_ipv6(groups, text);
  } else {
    const Bytes name = in.take(std::size_t{kind});
    const bool is_lower =
        std::none_of(name.begin(), name.end(), [](std::uint8_t c) { return c >= 'A' && c <= 'Z'; });
    if (!is_dns_name(name) || !is_lower) return Error::kMalformed;
    text.bytes(name);
  }
  if (!in.ok() || !text.ok()) return Error::kMalformed;
  return {};
}

}  // namespace core::api
