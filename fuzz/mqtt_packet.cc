// One packet as it stands: every parser, and that what was parsed is written
// again in a form that parses to the same.
#include <cstdint>
#include <vector>

#include "core/mqtt/packet.h"
#include "core/mqtt/topic.h"

namespace {

using namespace core;
using namespace core::mqtt;

// Gives a parsed packet's properties the user properties to be written.
void adopt(Properties& properties, std::vector<UserProperty>& user) {
  UserPropertyReader reader(properties);
  while (const auto property = reader.next()) user.push_back(*property);
  SubscriptionIdReader ids(properties);
  while (const auto id = ids.next()) CHECK(*id > 0 && *id <= kMaxVarint);
  properties.user_properties = user;
}

// Encodes, parses and encodes again: the second encoding must be the first.
template <class Packet, class Encode, class Parse>
void round_trip(Packet packet, Encode encode_it, Parse parse) {
  std::vector<UserProperty> user, again_user;
  adopt(packet.properties, user);
  std::vector<std::uint8_t> first(70000), second(70000);
  const auto size = encode_it(packet, MutBytes(first));
  if (!size) {
    CHECK(size.error() == Error::kFull);  // parsed, so it can be said
    return;
  }
  const Bytes encoded = Bytes(first).first(*size);
  const auto header = parse_fixed_header(encoded);
  CHECK(header && *header && std::size_t{(*header)->size} + (*header)->remaining == *size);
  auto again = parse((*header)->flags, encoded.subspan((*header)->size));
  CHECK(again.ok());
  adopt(again->properties, again_user);
  CHECK(user.size() == again_user.size());
  const auto again_size = encode_it(*again, MutBytes(second));
  CHECK(again_size && equal_var(encoded, Bytes(second).first(*again_size)));
}

void fuzz_subscribe(Bytes body) {
  auto packet = parse_subscribe(body);
  if (!packet) return;
  // The filters are read twice, from either encoding.
  const auto parse = [](std::uint8_t, Bytes b) { return parse_subscribe(b); };
  const auto encode_it = [](const Subscribe& p, MutBytes out) {
    std::vector<Subscription> list;
    SubscriptionReader reader(p);
    while (const auto s = reader.next()) list.push_back(*s);
    Subscribe sent = p;
    sent.subscriptions = list;
    return encode(sent, out);
  };
  round_trip(*packet, encode_it, parse);
}

void fuzz_connect(Bytes body) {
  auto packet = parse_connect(body);
  if (!packet) return;
  round_trip(
      *packet,
      [](const Connect& p, MutBytes to) {
        Connect sent = p;
        std::vector<UserProperty> list;
        if (sent.will) adopt(sent.will->properties, list);
        return encode(sent, to);
      },
      [](std::uint8_t, Bytes b) { return parse_connect(b); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in(data, size);
  if (is_topic_filter(in) && !is_shared(in)) matches(in, in);
  const auto header = parse_fixed_header(in);
  if (!header || !*header) return 0;
  const Bytes body = in.subspan((*header)->size);  // whatever its length says
  const auto same = [](const auto& packet, MutBytes out) { return encode(packet, out); };
  switch ((*header)->type) {
    case PacketType::kConnect: fuzz_connect(body); break;
    case PacketType::kConnack:
      if (auto p = parse_connack(body)) {
        round_trip(*p, same, [](std::uint8_t, Bytes b) { return parse_connack(b); });
      }
      break;
    case PacketType::kPublish:
      if (auto p = parse_publish((*header)->flags, body)) {
        if (p->properties.topic_alias == 0) break;  // parsed, for the client to refuse
        round_trip(*p, same, [](std::uint8_t flags, Bytes b) { return parse_publish(flags, b); });
      }
      break;
    case PacketType::kPuback:
      if (auto p = parse_puback(body)) {
        round_trip(*p, same, [](std::uint8_t, Bytes b) { return parse_puback(b); });
      }
      break;
    case PacketType::kSubscribe: fuzz_subscribe(body); break;
    case PacketType::kSuback:
      if (auto p = parse_suback(body)) {
        round_trip(*p, encode_suback, [](std::uint8_t, Bytes b) { return parse_suback(b); });
      }
      break;
    case PacketType::kUnsubscribe: static_cast<void>(parse_unsubscribe(body)); break;
    case PacketType::kUnsuback:
      if (auto p = parse_unsuback(body)) {
        round_trip(*p, encode_unsuback, [](std::uint8_t, Bytes b) { return parse_unsuback(b); });
      }
      break;
    case PacketType::kDisconnect:
      if (auto p = parse_disconnect(body)) {
        round_trip(*p, same, [](std::uint8_t, Bytes b) { return parse_disconnect(b); });
      }
      break;
    default: break;
  }
  return 0;
}
