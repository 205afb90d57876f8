// The bytes that an MQTT client has to send, and the QoS 1 messages that it
// keeps until they are acknowledged, in one buffer of the caller.
#ifndef CORE_MQTT_SEND_LOG_H_
#define CORE_MQTT_SEND_LOG_H_

#include <array>
#include <optional>

#include "core/mqtt/limits.h"
#include "core/mqtt/packet.h"

namespace core::mqtt {

// Packets stand in the buffer in the order in which they go out. What has been
// sent is forgotten, except PUBLISH packets that are kept. After a connection
// those are held back until they are released to be sent again.
class SendLog {
 public:
  // The buffer outlives this object. REQUIRES: less than 4 GiB
  explicit SendLog(MutBytes buffer) : buffer_(buffer) {}

  // Where the next packet can be written. Valid until the next call that is
  // not const.
  MutBytes space() const { return buffer_.subspan(end_); }
  // The bytes that space() would have after compact().
  std::size_t room() const;
  // Gathers the free bytes at the end. Costs a move of what is there.
  void compact();
  // A packet of `size` bytes has been written to the front of space().
  void commit(std::size_t size) { end_ += size; }
  // The same for a PUBLISH that is kept. REQUIRES: kept_count() < kMaxInFlight
  void commit_kept(std::size_t size, PacketId id);

  // What is to be sent next. Valid until the next call that is not const.
  Bytes output() const { return Bytes(buffer_).subspan(sent_, end_ - sent_); }
  // REQUIRES: size <= output().size()
  void output_sent(std::size_t size);

  std::size_t kept_count() const { return count_; }
  std::size_t held_count() const;
  bool is_kept(PacketId id) const;
  // Forgets a kept message that is not held back; false if there is none.
  bool drop(PacketId id);
  void clear();

  // The connection is gone: forgets all but the kept messages and holds those
  // back. The output is empty then.
  void hold_all();
  struct Held {
    PacketId id = 0;
    Bytes packet{};
  };
  // The oldest message that is held back. Valid until the next call that is
  // not const.
  std::optional<Held> oldest_held() const;
  // REQUIRES: oldest_held()
  void drop_oldest_held();
  enum class Duplicate : std::uint8_t { kMark, kClear };
  // Moves the oldest held message to the end of the output. kMark sets its DUP
  // flag if some of it has been sent before. REQUIRES: oldest_held()
  void release_oldest_held(Duplicate duplicate);

 private:
  struct Kept {
    std::size_t offset = 0;
    std::size_t size = 0;
    std::uint64_t order = 0;  // of the messages among each other
    PacketId id = 0;
    bool held = false;
    bool attempted = false;  // some of it was sent on an earlier connection
  };
  std::size_t oldest_held_index() const;  // count_ if there is none
  void remove(std::size_t index);

  MutBytes buffer_;
  std::size_t sent_ = 0;  // before it nothing counts but kept messages
  std::size_t end_ = 0;
  std::array<Kept, kMaxInFlight> kept_{};  // by offset
  std::size_t count_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace core::mqtt
#endif  // CORE_MQTT_SEND_LOG_H_
