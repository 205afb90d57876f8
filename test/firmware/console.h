// What the programs of this folder say, and how they read what they are told.
#ifndef TEST_FIRMWARE_CONSOLE_H_
#define TEST_FIRMWARE_CONSOLE_H_

#include <charconv>
#include <string_view>

#include "lwip/ip_addr.h"
#include "ports/qemu_virt/board.h"

namespace test::firmware {

inline void say(std::string_view text) {
  ports::qemu_virt::write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

inline void say_number(std::string_view name, std::uint64_t number) {
  char digits[21];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  say(name);
  say("=");
  say({digits, static_cast<std::size_t>(end - digits)});
  say(" ");
}

inline void say_hex(core::Bytes bytes) {
  for (const std::uint8_t byte : bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    const char text[2] = {kHex[byte >> 4], kHex[byte & 15]};
    say({text, sizeof(text)});
  }
  say("\n");
}

// Ends the program with a message if something does not hold.
inline void must(bool holds, std::string_view what) {
  if (holds) return;
  say("FAILED: ");
  say(what);
  say("\n");
  ports::qemu_virt::power_off(1);
}

inline std::uint32_t number_of(std::string_view text) {
  std::uint32_t out = 0;
  must(std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{}, text);
  return out;
}

// The bytes of a text of hex digits, at the front of `out`.
inline core::Bytes bytes_of_hex(std::string_view text, core::MutBytes out) {
  must(text.size() % 2 == 0 && text.size() / 2 <= out.size(), "room for hex digits");
  const std::size_t size = text.size() / 2;
  for (std::size_t i = 0; i < size; ++i) {
    must(std::from_chars(&text[2 * i], &text[2 * i] + 2, out[i], 16).ec == std::errc{}, text);
  }
  return out.first(size);
}

inline ip_addr_t address_of_text(std::string_view text) {
  char copy[48] = {};
  must(text.size() < sizeof(copy), text);
  std::copy(text.begin(), text.end(), copy);
  ip_addr_t out;
  must(ipaddr_aton(copy, &out) != 0, text);
  return out;
}

}  // namespace test::firmware
#endif  // TEST_FIRMWARE_CONSOLE_H_
