// What the encoders of the packets share.
#ifndef CORE_MQTT_ENCODE_H_
#define CORE_MQTT_ENCODE_H_

#include "core/mqtt/packet.h"

namespace core::mqtt {

// True if `packet` may carry this reason code. Spec: [MQTT5] 2.4.
bool reason_allowed(PacketType packet, std::uint8_t code);

// Writes the fixed header and lets `write` add exactly `remaining` bytes.
// Errors: kFull, and then nothing has been written.
template <class Write>
Result<std::size_t> encode_packet(PacketType type, std::uint8_t flags, std::size_t remaining,
                                  MutBytes out, Write write) {
  if (remaining > kMaxVarint) return Error::kFull;
  const auto length = static_cast<std::uint32_t>(remaining);
  const std::size_t size = 1 + varint_size(length) + remaining;
  if (out.size() < size) return Error::kFull;
  Writer w(out.first(size));
  w.u8(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags));
  write_varint(length, w);
  write(w);
  CHECK(w.ok() && w.size() == size);
  return size;
}

}  // namespace core::mqtt
#endif  // CORE_MQTT_ENCODE_H_
