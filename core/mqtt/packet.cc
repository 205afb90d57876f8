#include "core/mqtt/packet.h"

#include "core/mqtt/encode.h"
#include "core/mqtt/topic.h"

namespace core::mqtt {

Result<std::optional<FixedHeader>> parse_fixed_header(Bytes in) {
  if (in.empty()) return std::optional<FixedHeader>{};
  FixedHeader header;
  header.type = static_cast<PacketType>(in[0] >> 4);
  header.flags = in[0] & 0x0f;
  // Table 2-2: all flags but those of PUBLISH are reserved.
  const bool flagged = header.type == PacketType::kPubrel ||
                       header.type == PacketType::kSubscribe ||
                       header.type == PacketType::kUnsubscribe;
  if (in[0] >> 4 == 0) return Error::kMalformed;
  if (header.type != PacketType::kPublish && header.flags != (flagged ? 2 : 0)) {
    return Error::kMalformed;
  }
  Reader r(in.subspan(1));
  const auto remaining = read_varint(r);
  if (!r.ok()) return std::optional<FixedHeader>{};
  header.remaining = TRY(remaining);
  header.size = static_cast<std::uint32_t>(in.size() - r.remaining());
  return std::optional<FixedHeader>{header};
}

bool reason_allowed(PacketType packet, std::uint8_t code) {
  // Failures are not told apart by packet: Mosquitto answers PUBLISH with 0x95.
  if (code >= 0x80) return code <= 0xa2;
  if (code == 0) return true;
  switch (packet) {
    case PacketType::kPuback: return code == 0x10;
    case PacketType::kSuback: return code <= 2;
    case PacketType::kUnsuback: return code == 0x11;
    case PacketType::kDisconnect: return code == 0x04;
    default: return false;
  }
}

Result<Publish> parse_publish(std::uint8_t flags, Bytes body) {
  Publish p;
  const unsigned qos = flags >> 1 & 3u;
  if (qos == 3) return Error::kMalformed;
  if (qos == 2) return Error::kOutOfOrder;
  p.qos = static_cast<Qos>(qos);
  p.duplicate = (flags & 8) != 0;
  p.retain = (flags & 1) != 0;
  Reader r(body);
  p.topic = read_binary(r);
  if (!r.ok() || !is_utf8(p.topic)) return Error::kMalformed;
  if (p.qos != Qos::kAtMostOnce) p.packet_id = r.u16_be();
  TRY(read_properties(r, PacketType::kPublish, p.properties));
  p.payload = r.rest();
  if (!r.finished()) return Error::kMalformed;
  const bool named =
      p.topic.empty() ? p.properties.topic_alias.has_value() : !has_wildcard(p.topic);
  if (!named) return Error::kOutOfOrder;
  if ((p.qos == Qos::kAtMostOnce) ? p.duplicate : p.packet_id == 0) return Error::kOutOfOrder;
  return p;
}

Result<Puback> parse_puback(Bytes body) {
  Puback p;
  Reader r(body);
  p.packet_id = r.u16_be();
  std::uint8_t code = 0;
  if (r.remaining() > 0) code = r.u8();
  if (r.remaining() > 0) TRY(read_properties(r, PacketType::kPuback, p.properties));
  if (!r.finished()) return Error::kMalformed;
  if (p.packet_id == 0 || !reason_allowed(PacketType::kPuback, code)) return Error::kOutOfOrder;
  p.reason = static_cast<Reason>(code);
  return p;
}

Result<Disconnect> parse_disconnect(Bytes body) {
  Disconnect p;
  Reader r(body);
  std::uint8_t code = 0;
  if (r.remaining() > 0) code = r.u8();
  if (r.remaining() > 0) TRY(read_properties(r, PacketType::kDisconnect, p.properties));
  if (!r.finished()) return Error::kMalformed;
  if (!reason_allowed(PacketType::kDisconnect, code)) return Error::kOutOfOrder;
  p.reason = static_cast<Reason>(code);
  return p;
}

Result<std::size_t> encode(const Publish& p, MutBytes out) {
  const bool with_id = p.qos != Qos::kAtMostOnce;
  const bool named =
      p.topic.empty() ? p.properties.topic_alias.has_value() : is_topic_name(p.topic);
  if (!named || with_id != (p.packet_id != 0) || (p.duplicate && !with_id) ||
      p.properties.topic_alias == 0 || !valid_to_send(p.properties, PacketType::kPublish)) {
    return Error::kMalformed;
  }
  const auto flags = static_cast<std::uint8_t>((p.duplicate ? 8 : 0) |
                                               static_cast<int>(p.qos) << 1 | (p.retain ? 1 : 0));
  const std::size_t remaining =
      2 + p.topic.size() + (with_id ? 2 : 0) + properties_size(p.properties) + p.payload.size();
  return encode_packet(PacketType::kPublish, flags, remaining, out, [&](Writer& w) {
    write_binary(p.topic, w);
    if (with_id) w.u16_be(p.packet_id);
    write_properties(p.properties, w);
    w.bytes(p.payload);
  });
}

Result<std::size_t> encode(const Puback& p, MutBytes out) {
  if (p.packet_id == 0 || !valid_to_send(p.properties, PacketType::kPuback) ||
      !reason_allowed(PacketType::kPuback, static_cast<std::uint8_t>(p.reason))) {
    return Error::kMalformed;
  }
  const std::size_t properties = properties_size(p.properties);
  const bool with_properties = properties > 1;
  const bool with_reason = with_properties || p.reason != Reason::kSuccess;
  const std::size_t remaining = 2 + (with_reason ? 1 : 0) + (with_properties ? properties : 0);
  return encode_packet(PacketType::kPuback, 0, remaining, out, [&](Writer& w) {
    w.u16_be(p.packet_id);
    if (with_reason) w.u8(static_cast<std::uint8_t>(p.reason));
    if (with_properties) write_properties(p.properties, w);
  });
}

Result<std::size_t> encode(const Disconnect& p, MutBytes out) {
  if (!valid_to_send(p.properties, PacketType::kDisconnect) ||
      !reason_allowed(PacketType::kDisconnect, static_cast<std::uint8_t>(p.reason))) {
    return Error::kMalformed;
  }
  const std::size_t properties = properties_size(p.properties);
  const bool with_properties = properties > 1;
  const bool with_reason = with_properties || p.reason != Reason::kSuccess;
  const std::size_t remaining = (with_reason ? 1u : 0u) + (with_properties ? properties : 0);
  return encode_packet(PacketType::kDisconnect, 0, remaining, out, [&](Writer& w) {
    if (with_reason) w.u8(static_cast<std::uint8_t>(p.reason));
    if (with_properties) write_properties(p.properties, w);
  });
}

Result<std::size_t> encode_pingreq(MutBytes out) {
  return encode_packet(PacketType::kPingreq, 0, 0, out, [](Writer&) {});
}

Result<std::size_t> encode_pingresp(MutBytes out) {
  return encode_packet(PacketType::kPingresp, 0, 0, out, [](Writer&) {});
}

}  // namespace core::mqtt
