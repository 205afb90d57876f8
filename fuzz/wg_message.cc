// Every parser of a datagram, and of the IP packet inside one: whatever parses
// is written as it was read.
#include <cstdint>
#include <vector>

#include "core/wg/ip.h"
#include "core/wg/messages.h"

namespace {

using namespace core;
using namespace core::wg;

template <class Message>
void round_trip(Bytes in, std::size_t compared) {
  const auto message = Message::parse(in);
  if (!message) return;
  std::vector<std::uint8_t> again(Message::kSize);
  message->write(MutView<Message::kSize>(again.data(), again.size()));
  CHECK(equal_var(Bytes(again).first(compared), in.first(compared)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in(data, size);
  const auto type = message_type(in);
  round_trip<Initiation>(in, Initiation::kSize - kMacsSize);
  round_trip<Response>(in, Response::kSize - kMacsSize);
  round_trip<CookieReply>(in, CookieReply::kSize);
  round_trip<TransportHeader>(in, TransportHeader::kSize);
  if (!type) CHECK(!TransportHeader::parse(in).ok() && !Initiation::parse(in).ok());
  if (const auto ip = parse_ip(in)) {
    CHECK(ip->size <= size && ip->size >= 20);
    CHECK(ip->source.family == ip->destination.family && ip->source.family != Family::kNone);
  }
  return 0;
}
