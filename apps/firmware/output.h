// Text for the console.
#ifndef APPS_FIRMWARE_OUTPUT_H_
#define APPS_FIRMWARE_OUTPUT_H_

#include <charconv>
#include <string_view>

#include "apps/firmware/board.h"

namespace apps::firmware {

class Output {
 public:
  explicit Output(Board& board) : board_(board) {}

  Output& operator<<(std::string_view text) {
    board_.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return *this;
  }
  Output& operator<<(std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }
  // Of others: a line and a terminal stay what they are. What is not printable
  // ASCII or above it becomes \n, \\ or \xHH.
  Output& operator<<(core::Bytes text) {
    for (const std::uint8_t c : text) {
      constexpr char kHex[] = "0123456789abcdef";
      const char escaped[] = {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
      if (c == '\\') {
        *this << "\\\\";
      } else if (c == '\n') {
        *this << "\\n";
      } else if (c < 0x20 || c == 0x7f) {
        *this << std::string_view(escaped, sizeof(escaped));
      } else {
        board_.write({&c, 1});
      }
    }
    return *this;
  }

 private:
  Board& board_;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_OUTPUT_H_
