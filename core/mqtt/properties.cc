#include "core/mqtt/properties.h"

#include "core/mqtt/topic.h"

namespace core::mqtt {
namespace {

enum class Form : std::uint8_t { kU8, kU16, kU32, kVarint, kString, kBinary };
enum class Rule : std::uint8_t { kAny, kFlag, kNotZero, kTopicName };

// One row of table 2-4. `packets`: bit n stands for the packet of type n.
struct Row {
  std::uint8_t id;
  Form form;
  std::uint32_t packets;
  Rule rule;
};

constexpr std::uint32_t in(PacketType packet) { return 1u << static_cast<unsigned>(packet); }
constexpr std::uint32_t kMessage = in(PacketType::kPublish) | in(PacketType::kWill);
constexpr std::uint32_t kConnect = in(PacketType::kConnect), kConnack = in(PacketType::kConnack);
constexpr std::uint32_t kDisconnect = in(PacketType::kDisconnect);
constexpr std::uint32_t kAuth = in(PacketType::kAuth);
constexpr std::uint32_t kReasoned = kConnack | in(PacketType::kPuback) | in(PacketType::kPubrec) |
                                    in(PacketType::kPubrel) | in(PacketType::kPubcomp) |
                                    in(PacketType::kSuback) | in(PacketType::kUnsuback) |
                                    kDisconnect | kAuth;
constexpr std::uint8_t kSubscriptionId = 0x0b, kUserProperty = 0x26;
constexpr std::uint32_t kUserPropertyPackets =
    kReasoned | kConnect | kMessage | in(PacketType::kSubscribe) | in(PacketType::kUnsubscribe);

// Table 2-4 with the member of each property; user properties are not in it.
// Spec: [MQTT5] 2.2.2.2.
template <class P, class F>
void for_each(P& p, F&& f) {
  f(Row{0x01, Form::kU8, kMessage, Rule::kFlag}, p.payload_format);
  f(Row{0x02, Form::kU32, kMessage, Rule::kAny}, p.message_expiry_s);
  f(Row{0x03, Form::kString, kMessage, Rule::kAny}, p.content_type);
  f(Row{0x08, Form::kString, kMessage, Rule::kTopicName}, p.response_topic);
  f(Row{0x09, Form::kBinary, kMessage, Rule::kAny}, p.correlation_data);
  f(Row{kSubscriptionId, Form::kVarint, in(PacketType::kPublish) | in(PacketType::kSubscribe),
        Rule::kNotZero},
    p.subscription_id);
  f(Row{0x11, Form::kU32, kConnect | kConnack | kDisconnect, Rule::kAny}, p.session_expiry_s);
  f(Row{0x12, Form::kString, kConnack, Rule::kAny}, p.assigned_client_id);
  f(Row{0x13, Form::kU16, kConnack, Rule::kAny}, p.server_keep_alive_s);
  f(Row{0x15, Form::kString, kConnect | kConnack | kAuth, Rule::kAny}, p.authentication_method);
  f(Row{0x16, Form::kBinary, kConnect | kConnack | kAuth, Rule::kAny}, p.authentication_data);
  f(Row{0x17, Form::kU8, kConnect, Rule::kFlag}, p.request_problem_info);
  f(Row{0x18, Form::kU32, in(PacketType::kWill), Rule::kAny}, p.will_delay_s);
  f(Row{0x19, Form::kU8, kConnect, Rule::kFlag}, p.request_response_info);
  f(Row{0x1a, Form::kString, kConnack, Rule::kAny}, p.response_info);
  f(Row{0x1c, Form::kString, kConnack | kDisconnect, Rule::kAny}, p.server_reference);
  f(Row{0x1f, Form::kString, kReasoned, Rule::kAny}, p.reason_string);
  f(Row{0x21, Form::kU16, kConnect | kConnack, Rule::kNotZero}, p.receive_maximum);
  f(Row{0x22, Form::kU16, kConnect | kConnack, Rule::kAny}, p.topic_alias_maximum);
  f(Row{0x23, Form::kU16, in(PacketType::kPublish), Rule::kAny}, p.topic_alias);
  f(Row{0x24, Form::kU8, kConnack, Rule::kFlag}, p.maximum_qos);
  f(Row{0x25, Form::kU8, kConnack, Rule::kFlag}, p.retain_available);
  f(Row{0x27, Form::kU32, kConnect | kConnack, Rule::kNotZero}, p.maximum_packet_size);
  f(Row{0x28, Form::kU8, kConnack, Rule::kFlag}, p.wildcards_available);
  f(Row{0x29, Form::kU8, kConnack, Rule::kFlag}, p.subscription_ids_available);
  f(Row{0x2a, Form::kU8, kConnack, Rule::kFlag}, p.shared_available);
}

// Reads one value into `value`. Errors: kMalformed.
template <class T>
Status read_value(Form form, Reader& r, T& value) {
  if constexpr (std::is_same_v<T, Bytes>) {
    value = read_binary(r);
    if (form == Form::kString && !is_utf8(value)) return Error::kMalformed;
  } else if constexpr (sizeof(T) == 1) {
    value = r.u8();
  } else if constexpr (sizeof(T) == 2) {
    value = r.u16_be();
  } else {
    value = form == Form::kVarint ? TRY(read_varint(r)) : r.u32_be();
  }
  if (!r.ok()) return Error::kMalformed;
  return {};
}

template <class T>
bool obeys(Rule rule, const T& value) {
  if constexpr (std::is_same_v<T, Bytes>) {
    return rule != Rule::kTopicName || is_topic_name(value);
  } else {
    if (rule == Rule::kFlag) return value <= 1;
    return rule != Rule::kNotZero || value != 0;
  }
}

Result<UserProperty> read_user_property(Reader& r) {
  const UserProperty property{read_binary(r), read_binary(r)};
  if (!r.ok() || !is_utf8(property.name) || !is_utf8(property.value)) return Error::kMalformed;
  return property;
}

// Skips the value of property `id`, which has been read before without error.
void skip_value(std::uint8_t id, Reader& r) {
  Properties none;
  for_each(none, [&](const Row& row, auto& slot) {
    if (row.id == id) static_cast<void>(read_value(row.form, r, slot.emplace()));
  });
}

// Bytes of the properties without the length in front.
std::size_t body_size(const Properties& p) {
  std::size_t size = 0;
  for_each(p, [&]<class T>(const Row& row, const std::optional<T>& slot) {
    if (!slot) return;
    if constexpr (std::is_same_v<T, Bytes>) {
      size += 3 + slot->size();
    } else {
      size += 1 + (row.form == Form::kVarint ? varint_size(static_cast<std::uint32_t>(*slot))
                                             : sizeof(T));
    }
  });
  for (const UserProperty& u : p.user_properties) size += 5 + u.name.size() + u.value.size();
  return size;
}

}  // namespace

Result<std::uint32_t> read_varint(Reader& r) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint8_t byte = r.u8();
    value |= std::uint32_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      if (i > 0 && byte == 0 && r.ok()) return Error::kMalformed;  // not the shortest form
      return value;
    }
  }
  return Error::kMalformed;
}

void write_varint(std::uint32_t value, Writer& out) {
  for (; value >= 0x80; value >>= 7) out.u8(static_cast<std::uint8_t>(value | 0x80));
  out.u8(static_cast<std::uint8_t>(value));
}

std::size_t varint_size(std::uint32_t value) {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

Bytes read_binary(Reader& r) { return r.take(std::size_t{r.u16_be()}); }

void write_binary(Bytes value, Writer& out) {
  out.u16_be(static_cast<std::uint16_t>(value.size()));
  out.bytes(value);
}

Status read_properties(Reader& from, PacketType packet, Properties& p) {
  const std::uint32_t size = TRY(read_varint(from));
  p.received = from.take(std::size_t{size});
  if (!from.ok()) return Error::kMalformed;
  for (Reader r(p.received); r.remaining() > 0;) {
    const std::uint8_t id = r.u8();  // a varint, but none is above 127
    if (id == kUserProperty) {
      if ((kUserPropertyPackets & in(packet)) == 0) return Error::kMalformed;
      TRY(read_user_property(r));
      continue;
    }
    Status status = Error::kMalformed;  // no such property
    for_each(p, [&]<class T>(const Row& row, std::optional<T>& slot) {
      if (row.id != id || (row.packets & in(packet)) == 0) return;
      T value{};
      status = read_value(row.form, r, value);
      if (!status) return;
      // A message can belong to several subscriptions; the first one is kept.
      const bool repeats = id == kSubscriptionId && packet == PacketType::kPublish;
      if ((slot && !repeats) || !obeys(row.rule, value)) status = Error::kOutOfOrder;
      if (status && !slot) slot = value;
    });
    TRY(status);
  }
  return {};
}

std::size_t properties_size(const Properties& p) {
  const std::size_t size = body_size(p);
  return size + varint_size(static_cast<std::uint32_t>(std::min<std::size_t>(size, kMaxVarint)));
}

void write_properties(const Properties& p, Writer& out) {
  write_varint(static_cast<std::uint32_t>(body_size(p)), out);
  for_each(p, [&]<class T>(const Row& row, const std::optional<T>& slot) {
    if (!slot) return;
    out.u8(row.id);
    if constexpr (std::is_same_v<T, Bytes>) {
      write_binary(*slot, out);
    } else if constexpr (sizeof(T) == 1) {
      out.u8(*slot);
    } else if constexpr (sizeof(T) == 2) {
      out.u16_be(*slot);
    } else if (row.form == Form::kVarint) {
      write_varint(*slot, out);
    } else {
      out.u32_be(*slot);
    }
  });
  for (const UserProperty& u : p.user_properties) {
    out.u8(kUserProperty);
    write_binary(u.name, out);
    write_binary(u.value, out);
  }
}

bool valid_to_send(const Properties& p, PacketType packet) {
  bool valid = p.user_properties.empty() || (kUserPropertyPackets & in(packet)) != 0;
  for_each(p, [&]<class T>(const Row& row, const std::optional<T>& slot) {
    if (!slot) return;
    valid = valid && (row.packets & in(packet)) != 0 && obeys(row.rule, *slot);
    if constexpr (std::is_same_v<T, Bytes>) {
      valid = valid && slot->size() <= 65535 && (row.form != Form::kString || is_utf8(*slot));
    } else {
      valid = valid && (row.form != Form::kVarint || *slot <= kMaxVarint);
    }
  });
  for (const UserProperty& u : p.user_properties) {
    valid = valid && is_utf8(u.name) && is_utf8(u.value);
  }
  return valid;
}

std::optional<UserProperty> UserPropertyReader::next() {
  while (in_.remaining() > 0) {
    const std::uint8_t id = in_.u8();
    if (id == kUserProperty) return UserProperty{read_binary(in_), read_binary(in_)};
    skip_value(id, in_);
  }
  return std::nullopt;
}

std::optional<std::uint32_t> SubscriptionIdReader::next() {
  while (in_.remaining() > 0) {
    const std::uint8_t id = in_.u8();
    if (id == kSubscriptionId) {
      const auto value = read_varint(in_);
      if (!value) return std::nullopt;
      return *value;
    }
    if (id == kUserProperty) {
      read_binary(in_);
      read_binary(in_);
    } else {
      skip_value(id, in_);
    }
  }
  return std::nullopt;
}

}  // namespace core::mqtt
