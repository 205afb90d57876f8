// The answer to a get request, in pieces: it may be much larger than any
// buffer. Spec: docs/spec/wg-uapi.md.
#ifndef PORTS_LINUX_WG_UAPI_DUMP_H_
#define PORTS_LINUX_WG_UAPI_DUMP_H_

#include <string_view>

#include "ports/linux/wg/gateway.h"

namespace ports::linux_os::wg {

// Text in a buffer of fixed size. What does not fit traps: check room() first.
class TextOut {
 public:
  explicit TextOut(std::span<char> room) : room_(room) {}
  std::size_t size() const { return size_; }
  std::size_t room() const { return room_.size() - size_; }

  TextOut& text(std::string_view text);
  TextOut& number(std::uint64_t value);
  // Time does not depend on the bytes.
  TextOut& hex(core::Bytes bytes);
  TextOut& address(const core::wg::IpAddress& address);
  // As it is in `endpoint=`.
  TextOut& endpoint(const core::wg::Endpoint& endpoint);

 private:
  std::span<char> room_;
  std::size_t size_ = 0;
};

class UapiDump {
 public:
  // Bytes that append() wants to have room for.
  static constexpr std::size_t kMinRoom = 1024;

  enum class State : std::uint8_t { kMore, kDone, kChanged };
  // Appends what fits. kChanged: the configuration changed in the middle of a
  // peer, and the rest cannot be told; `revision` counts its changes.
  State append(const Gateway& gateway, std::uint64_t revision, TextOut& out);

 private:
  void append_device(const Gateway& gateway, TextOut& out);
  void append_peer(const core::wg::PeerStatus& status, TextOut& out);

  enum class Next : std::uint8_t { kDevice, kPeer, kPrefixes, kEnd } next_ = Next::kDevice;
  std::optional<core::wg::PeerId> peer_;
  std::optional<core::wg::AllowedIpRef> prefix_;
  std::uint64_t revision_ = 0;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UAPI_DUMP_H_
