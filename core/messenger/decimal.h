// Numbers as text, for entries of the inbox that are about numbers.
#ifndef CORE_MESSENGER_DECIMAL_H_
#define CORE_MESSENGER_DECIMAL_H_

#include "core/base/bytes.h"

namespace core::messenger {

inline constexpr std::size_t kMaxDigits = 20;

// Writes `value` in decimal at the end of `room` and returns the digits.
inline Bytes decimal(std::uint64_t value, MutView<kMaxDigits> room) {
  std::size_t at = kMaxDigits;
  do {
    room[--at] = static_cast<std::uint8_t>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return Bytes(room).subspan(at);
}

}  // namespace core::messenger
#endif  // CORE_MESSENGER_DECIMAL_H_
