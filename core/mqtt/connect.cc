// CONNECT and CONNACK. Spec: [MQTT5] 3.1, 3.2.
#include "core/mqtt/encode.h"
#include "core/mqtt/topic.h"

namespace core::mqtt {
namespace {

// The protocol's name and version.
constexpr ByteArray<7> kProtocol{0, 4, 'M', 'Q', 'T', 'T', 5};

constexpr std::uint8_t kCleanStart = 0x02, kWillFlag = 0x04, kWillRetain = 0x20;
constexpr std::uint8_t kPasswordFlag = 0x40, kUserNameFlag = 0x80;
constexpr unsigned kWillQosShift = 3;

bool fits(Bytes binary) { return binary.size() <= 65535; }

Status parse_will(Reader& r, unsigned qos, bool retain, Will& will) {
  if (qos == 3) return Error::kMalformed;
  if (qos == 2) return Error::kOutOfOrder;
  will.qos = static_cast<Qos>(qos);
  will.retain = retain;
  TRY(read_properties(r, PacketType::kWill, will.properties));
  will.topic = read_binary(r);
  will.payload = read_binary(r);
  if (!r.ok() || !is_utf8(will.topic)) return Error::kMalformed;
  if (!is_topic_name(will.topic)) return Error::kOutOfOrder;
  return {};
}

}  // namespace

Result<Connect> parse_connect(Bytes body) {
  Reader r(body);
  if (!equal_var(r.take<kProtocol.size()>(), kProtocol)) {
    return r.ok() ? Error::kBadVersion : Error::kMalformed;
  }
  const std::uint8_t flags = r.u8();
  const bool with_will = (flags & kWillFlag) != 0;
  const unsigned will_qos = flags >> kWillQosShift & 3u;
  const bool will_retain = (flags & kWillRetain) != 0;
  if ((flags & 1) != 0 || (!with_will && (will_qos != 0 || will_retain))) return Error::kMalformed;
  Connect p;
  p.clean_start = (flags & kCleanStart) != 0;
  p.keep_alive_s = r.u16_be();
  TRY(read_properties(r, PacketType::kConnect, p.properties));
  p.client_id = read_binary(r);
  if (!r.ok() || !is_utf8(p.client_id)) return Error::kMalformed;
  if (with_will) TRY(parse_will(r, will_qos, will_retain, p.will.emplace()));
  if ((flags & kUserNameFlag) != 0) {
    p.username = read_binary(r);
    if (!is_utf8(*p.username)) return Error::kMalformed;
  }
  if ((flags & kPasswordFlag) != 0) p.password = read_binary(r);
  if (!r.finished()) return Error::kMalformed;
  if (p.properties.authentication_data && !p.properties.authentication_method) {
    return Error::kOutOfOrder;
  }
  return p;
}

Result<std::size_t> encode(const Connect& p, MutBytes out) {
  if (!is_utf8(p.client_id) || !valid_to_send(p.properties, PacketType::kConnect) ||
      (p.username && !is_utf8(*p.username)) || (p.password && !fits(*p.password))) {
    return Error::kMalformed;
  }
  std::uint8_t flags = p.clean_start ? kCleanStart : 0;
  std::size_t remaining =
      kProtocol.size() + 1 + 2 + properties_size(p.properties) + 2 + p.client_id.size();
  if (p.will) {
    if (!is_topic_name(p.will->topic) || !fits(p.will->payload) ||
        !valid_to_send(p.will->properties, PacketType::kWill)) {
      return Error::kMalformed;
    }
    flags = static_cast<std::uint8_t>(flags | kWillFlag | (p.will->retain ? kWillRetain : 0) |
                                      static_cast<unsigned>(p.will->qos) << kWillQosShift);
    remaining +=
        properties_size(p.will->properties) + 4 + p.will->topic.size() + p.will->payload.size();
  }
  if (p.username) {
    flags |= kUserNameFlag;
    remaining += 2 + p.username->size();
  }
  if (p.password) {
    flags |= kPasswordFlag;
    remaining += 2 + p.password->size();
  }
  return encode_packet(PacketType::kConnect, 0, remaining, out, [&](Writer& w) {
    w.bytes(kProtocol);
    w.u8(flags);
    w.u16_be(p.keep_alive_s);
    write_properties(p.properties, w);
    write_binary(p.client_id, w);
    if (p.will) {
      write_properties(p.will->properties, w);
      write_binary(p.will->topic, w);
      write_binary(p.will->payload, w);
    }
    if (p.username) write_binary(*p.username, w);
    if (p.password) write_binary(*p.password, w);
  });
}

Result<Connack> parse_connack(Bytes body) {
  Reader r(body);
  const std::uint8_t flags = r.u8(), code = r.u8();
  if (flags > 1) return Error::kMalformed;
  Connack p;
  p.session_present = flags == 1;
  TRY(read_properties(r, PacketType::kConnack, p.properties));
  if (!r.finished()) return Error::kMalformed;
  if (!reason_allowed(PacketType::kConnack, code) || (p.session_present && code != 0)) {
    return Error::kOutOfOrder;
  }
  p.reason = static_cast<Reason>(code);
  return p;
}

Result<std::size_t> encode(const Connack& p, MutBytes out) {
  const auto code = static_cast<std::uint8_t>(p.reason);
  if (!reason_allowed(PacketType::kConnack, code) || (p.session_present && code != 0) ||
      !valid_to_send(p.properties, PacketType::kConnack)) {
    return Error::kMalformed;
  }
  const std::size_t remaining = 2 + properties_size(p.properties);
  return encode_packet(PacketType::kConnack, 0, remaining, out, [&](Writer& w) {
    w.u8(p.session_present ? 1 : 0);
    w.u8(code);
    write_properties(p.properties, w);
  });
}

}  // namespace core::mqtt
