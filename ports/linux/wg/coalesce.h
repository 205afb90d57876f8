// Joining decrypted packets of one flow into one write to the kernel, which
// handles the super packet at the price of one: receive offload, done here.
// What is joined was verified first: the kernel trusts a super packet's
// checksums, so nothing wrong may hide in one. Packets left alone go as they
// came, and the kernel checks them.
#ifndef PORTS_LINUX_WG_COALESCE_H_
#define PORTS_LINUX_WG_COALESCE_H_

#include <sys/uio.h>

#include <array>

#include "ports/linux/wg/inner_packet.h"
#include "ports/linux/wg/vnet_header.h"

namespace ports::linux_os::wg {

// What the kernel takes in one piece. UDP needs kGsoUdp.
enum class Join : std::uint8_t { kNothing, kTcp, kTcpAndUdp };

// One batch: add() packets, then next() until it is empty. Packets of a flow
// keep their order; flows among each other need not.
class Coalescer {
 public:
  static constexpr std::size_t kMaxPackets = 256;

  explicit Coalescer(Join join) : join_(join) {}

  // Takes one packet of 1 to 65535 bytes. It must live until next() is through
  // and its headers may be rewritten. REQUIRES: !full()
  void add(core::MutBytes packet);
  bool full() const { return piece_count_ == kMaxPackets; }
  bool empty() const { return piece_count_ == 0; }

  // What to write to the TUN device in one writev: a VnetHeader, then the
  // packet in pieces. Empty when all was given; then the batch is empty again.
  // Valid until the next call.
  std::span<const iovec> next();

 private:
  // How many of the latest groups are looked through for a packet's flow.
  static constexpr std::size_t kLookBack = 16;

  struct Piece {
    core::MutBytes bytes;  // the first of a group: the packet; others: payload
    std::uint16_t next;    // the group's next piece, kNone at its end
  };
  enum class Checked : std::uint8_t { kNot, kGood, kBad };
  struct Group {
    InnerPacket shape;
    core::MutBytes first;
    bool open;  // more may be joined
    Checked checked;
    std::uint8_t tcp_flags;  // to be added to the first header
    std::uint16_t first_piece, last_piece;
    std::uint16_t count;         // packets
    std::uint32_t payload_size;  // of each packet but the last
    std::uint32_t size;          // of the whole super packet
    std::uint32_t next_sequence;
  };
  static constexpr std::uint16_t kNone = 0xffff;

  bool joinable(const InnerPacket& shape, core::Bytes packet) const;
  Group* find(const InnerPacket& shape, core::Bytes packet);
  bool join(Group& group, const InnerPacket& shape, core::MutBytes packet);
  void start(core::MutBytes packet);
  void finish_headers(Group& group);

  Join join_;
  std::size_t piece_count_ = 0, group_count_ = 0, next_group_ = 0;
  std::array<Piece, kMaxPackets> pieces_;
  std::array<Group, kMaxPackets> groups_;
  VnetHeader header_{};
  std::array<iovec, kMaxPackets + 1> iovecs_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_COALESCE_H_
