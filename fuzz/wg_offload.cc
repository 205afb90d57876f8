// Inner packets from hostile peers and from the host: what is joined must fall
// apart into the same packets, and nothing may be touched that does not parse.
// The input is a row of packets, each after two bytes of its size.
#include <vector>

#include "ports/linux/wg/coalesce.h"
#include "ports/linux/wg/ecn.h"
#include "ports/linux/wg/mss_clamp.h"
#include "ports/linux/wg/segment.h"

namespace {

using ports::linux_os::wg::Coalescer;
using ports::linux_os::wg::VnetHeader;
using Packet = std::vector<std::uint8_t>;

std::vector<Packet> cut(const VnetHeader& header, const Packet& packet) {
  const auto plan = ports::linux_os::wg::plan_segments(header, packet);
  CHECK(plan.ok());
  const std::size_t stride = plan->size + 32;
  Packet room(plan->count * stride + packet.size());
  std::copy(packet.begin(), packet.end(), room.begin());
  ports::linux_os::wg::cut_segments(*plan, header, room, packet.size(), stride);
  std::vector<Packet> out;
  for (std::size_t k = 0; k < plan->count; ++k) {
    const auto at = room.begin() + static_cast<std::ptrdiff_t>(k * stride);
    out.emplace_back(at, at + static_cast<std::ptrdiff_t>(plan->size_of(k)));
  }
  return out;
}

// Any header with any packet: planned or refused, and what is planned is cut.
void cut_anything(core::Bytes input) {
  VnetHeader header;
  if (input.size() < sizeof header) return;
  std::memcpy(&header, input.data(), sizeof header);
  const core::Bytes packet = input.subspan(sizeof header);
  if (ports::linux_os::wg::plan_segments(header, packet).ok()) {
    const auto pieces = cut(header, Packet(packet.begin(), packet.end()));
    CHECK(!pieces.empty());
  }
}

void join_and_cut(const std::vector<Packet>& packets) {
  std::vector<Packet> given = packets;
  Coalescer coalescer(ports::linux_os::wg::Join::kTcpAndUdp);
  std::size_t count = 0, bytes = 0, joined_bytes = 0;
  for (Packet& p : given) {
    if (coalescer.full()) break;
    bytes += p.size();
    ++count;
    coalescer.add(p);
  }
  std::size_t back = 0;
  for (auto pieces = coalescer.next(); !pieces.empty(); pieces = coalescer.next()) {
    VnetHeader header;
    std::memcpy(&header, pieces[0].iov_base, sizeof header);
    Packet whole;
    for (const iovec& piece : pieces.subspan(1)) {
      const auto* from = static_cast<const std::uint8_t*>(piece.iov_base);
      whole.insert(whole.end(), from, from + piece.iov_len);
    }
    CHECK(whole.size() <= 65535);
    for (const Packet& p : cut(header, whole)) {
      joined_bytes += p.size();
      // Identifications of packets that are never fragmented may differ.
      const bool known =
          std::find_if(packets.begin(), packets.end(), [&](const Packet& other) {
            return other.size() == p.size() &&
                   std::equal(other.begin() + std::min<std::ptrdiff_t>(
                                                  12, static_cast<std::ptrdiff_t>(p.size())),
                              other.end(),
                              p.begin() + std::min<std::ptrdiff_t>(
                                              12, static_cast<std::ptrdiff_t>(p.size())));
          }) != packets.end();
      CHECK(known || header.gso_type != ports::linux_os::wg::kGsoNone);
      ++back;
    }
  }
  CHECK(back == count && joined_bytes == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::Bytes input(data, size);
  cut_anything(input);
  std::vector<Packet> packets;
  for (core::Bytes rest = input; rest.size() > 2;) {
    const std::size_t wanted = (std::size_t{rest[0]} << 8 | rest[1]) + 1;
    rest = rest.subspan(2);
    const auto packet = rest.first(std::min(wanted, rest.size()));
    rest = rest.subspan(packet.size());
    packets.emplace_back(packet.begin(), packet.end());
    Packet marked = packets.back();
    ports::linux_os::wg::clamp_mss(marked, 1280);
    CHECK(marked.size() == packet.size());
    if (ports::linux_os::wg::InnerPacket::parse(marked).ok()) {
      (void)ports::linux_os::wg::carry_ecn_inside(ports::linux_os::wg::Ecn::kCongested, marked);
    }
  }
  join_and_cut(packets);
  return 0;
}
