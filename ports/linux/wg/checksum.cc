#include "ports/linux/wg/checksum.h"

#include <netinet/in.h>

#include "core/base/result.h"

namespace ports::linux_os::wg {
namespace {

template <class T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Halves of 64 bits cannot overflow the sums before 2^32 words were added.
constexpr std::uint64_t kLow = 0xffffffff;

}  // namespace

ChecksumSum checksum_add(ChecksumSum sum, core::Bytes bytes) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t a = (sum & kLow) + (sum >> 32), b = 0, c = 0, d = 0;
  for (; left >= 32; at += 32, left -= 32) {
    const auto w0 = load<std::uint64_t>(at), w1 = load<std::uint64_t>(at + 8);
    const auto w2 = load<std::uint64_t>(at + 16), w3 = load<std::uint64_t>(at + 24);
    a += (w0 & kLow) + (w0 >> 32);
    b += (w1 & kLow) + (w1 >> 32);
    c += (w2 & kLow) + (w2 >> 32);
    d += (w3 & kLow) + (w3 >> 32);
  }
  a += b + c + d;
  for (; left >= 4; at += 4, left -= 4) a += load<std::uint32_t>(at);
  if (left >= 2) {
    a += load<std::uint16_t>(at);
    at += 2;
    left -= 2;
  }
  if (left == 1) {
    const std::uint8_t last[2] = {*at, 0};
    a += load<std::uint16_t>(last);
  }
  return a;
}

ChecksumSum checksum_add_word(ChecksumSum sum, std::uint16_t word) { return sum + htons(word); }

std::uint16_t checksum_fold(ChecksumSum sum) {
  sum = (sum & kLow) + (sum >> 32);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

ChecksumSum pseudo_header_sum(core::Bytes ip, std::uint8_t protocol, std::size_t size) {
  const bool v6 = ip[0] >> 4 == 6;
  const ChecksumSum addresses = checksum_add(0, v6 ? ip.subspan(8, 32) : ip.subspan(12, 8));
  return checksum_add_word(checksum_add_word(addresses, protocol),
                           static_cast<std::uint16_t>(size));
}

std::uint16_t load_sum(core::Bytes at) {
  CHECK(at.size() >= 2);
  return load<std::uint16_t>(at.data());
}

void store_sum(core::MutBytes at, std::uint16_t folded) {
  CHECK(at.size() >= 2);
  std::memcpy(at.data(), &folded, sizeof folded);
}

void replace_word(core::MutBytes word, std::uint16_t value, core::MutBytes checksum) {
  // HC' = ~(~HC + ~m + m')
  const std::uint16_t before = load_sum(word), after = htons(value);
  const ChecksumSum sum = ChecksumSum{static_cast<std::uint16_t>(~load_sum(checksum))} +
                          static_cast<std::uint16_t>(~before) + after;
  store_sum(word, after);
  store_sum(checksum, static_cast<std::uint16_t>(~checksum_fold(sum)));
}

void write_ipv4_checksum(core::MutBytes header) {
  const auto field = header.subspan(10, 2);
  store_sum(field, 0);
  store_sum(field, static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, header))));
}

}  // namespace ports::linux_os::wg
