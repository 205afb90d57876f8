// What looks at a datagram first, and at the IP packet inside one.
#include <cstdint>
#include <vector>

#include "core/wg/ip.h"
#include "core/wg/messages.h"

namespace {

using namespace core;
using namespace core::wg;

// A message is all of a datagram, and of the type that it says.
template <class Message>
bool is(std::vector<std::uint8_t> in) {
  if (!is_message<Message>(in)) return false;
  CHECK(in.size() == Message::kSize && in[0] == static_cast<std::uint8_t>(Message::kType));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in(data, size);
  std::vector<std::uint8_t> copy(data, data + size);
  CHECK(is<Initiation>(copy) + is<Response>(copy) + is<CookieReply>(copy) + is_packet(copy) <= 1);
  if (const auto ip = parse_ip(in)) {
    CHECK(ip->size <= size && ip->size >= 20);
    CHECK(ip->source.family == ip->destination.family && ip->source.family != Family::kNone);
  }
  return 0;
}
