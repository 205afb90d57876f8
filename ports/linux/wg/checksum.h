// The Internet's ones' complement checksum, over any number of pieces.
// Spec: [RFC1071] 1, [RFC1624] 3.
#ifndef PORTS_LINUX_WG_CHECKSUM_H_
#define PORTS_LINUX_WG_CHECKSUM_H_

#include "core/base/bytes.h"

namespace ports::linux_os::wg {

// A running sum in the machine's byte order: the checksum does not depend on
// it as long as its 16-bit words are read and stored in memory order.
using ChecksumSum = std::uint64_t;

// Adds `bytes` to `sum`. Only the last piece of a sum may have an odd size.
ChecksumSum checksum_add(ChecksumSum sum, core::Bytes bytes);
// Adds one word given in host order.
ChecksumSum checksum_add_word(ChecksumSum sum, std::uint16_t word);
// The sum folded to 16 bits, not complemented, in memory order: what the
// kernel wants in a checksum field whose rest it computes itself.
std::uint16_t checksum_fold(ChecksumSum sum);

// The sum of the pseudo header of an IPv4 or IPv6 packet: its addresses, the
// protocol and the size of what follows the IP headers.
// REQUIRES: a whole IP header.
ChecksumSum pseudo_header_sum(core::Bytes ip, std::uint8_t protocol, std::size_t size);

// Reads and writes a checksum field in memory order.
std::uint16_t load_sum(core::Bytes at);
void store_sum(core::MutBytes at, std::uint16_t folded);

// Changes one word that a checksum covers and keeps the checksum right.
// Both spans are 2 bytes. The word must lie at an even offset of what is summed.
void replace_word(core::MutBytes word, std::uint16_t value, core::MutBytes checksum);

// Computes the header checksum of an IPv4 header with its options anew.
void write_ipv4_checksum(core::MutBytes header);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_CHECKSUM_H_
