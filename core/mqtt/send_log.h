// The bytes that an MQTT client has to send, and the QoS 1 messages that it
// keeps until they are acknowledged, in one buffer of the caller.
#ifndef CORE_MQTT_SEND_LOG_H_
#define CORE_MQTT_SEND_LOG_H_

#include <optional>

#include "core/mqtt/limits.h"
#include "core/mqtt/packet.h"

namespace core::mqtt {

// Packets stand in the buffer in the order in which they go out. What has been
// sent is forgotten, except PUBLISH packets that are kept.
class SendLog {
 public:
  // The buffer outlives this object.
  explicit SendLog(MutBytes buffer) : buffer_(buffer) {}

  // Room for `size` bytes at the end, moving what is there if it must; empty if
  // that much is not free. `size` > 0. Write one packet, then commit.
  MutBytes reserve(std::size_t size);
  // Bytes that reserve() could give.
  std::size_t free() const;
  // The packet written to the front of what reserve() gave.
  void commit(std::size_t size) { end_ += size; }
  // The same for a PUBLISH that is kept. REQUIRES: kept_count() < kMaxInFlight
  void commit_kept(std::size_t size, PacketId id);

  // What is to be sent next. Valid until the next call that is not const.
  Bytes output() const { return Bytes(buffer_).subspan(sent_, end_ - sent_); }
  // REQUIRES: size <= output().size()
  void output_sent(std::size_t size) { sent_ += size; }

  std::size_t kept_count() const { return count_; }
  // The kept messages that have been handed to output() since the last
  // hold_all(): those that count against the server's receive maximum.
  std::size_t in_flight_count() const;
  bool is_kept(PacketId id) const;
  // Forgets a kept message that has been sent whole on this connection; false
  // if there is none.
  bool drop_sent(PacketId id);
  // Forgets the oldest kept message.
  void drop_oldest_held();

  // The connection is gone: forgets all but the kept messages and holds those
  // back. The output is empty.
  void hold_all();
  // The oldest message that is held back, as it would be sent.
  struct Held {
    PacketId id = 0;
    Bytes packet{};
  };
  std::optional<Held> oldest_held() const;
  enum class Duplicate : std::uint8_t { kMark, kClear };
  // Moves the oldest held message to the end of the output; kMark sets its DUP
  // flag if it has been sent, in part or whole, before.
  // REQUIRES: oldest_held()
  void release_oldest(Duplicate duplicate);

 private:
  struct Kept {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    PacketId id = 0;
    bool held = false;
    bool attempted = false;  // some of it was sent on an earlier connection
  };
  void remove(std::size_t index);
  void compact();

  MutBytes buffer_;
  std::size_t sent_ = 0;  // before it: nothing but kept messages counts
  std::size_t end_ = 0;
  std::array<Kept, kMaxInFlight> kept_{};  // by offset
  std::size_t count_ = 0;
};

}  // namespace core::mqtt
#endif  // CORE_MQTT_SEND_LOG_H_
