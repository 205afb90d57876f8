// One TCP connection of lwIP that we began, as bytes in and out without waiting.
#ifndef PORTS_LWIP_TCP_STREAM_H_
#define PORTS_LWIP_TCP_STREAM_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "lwip/ip_addr.h"
#include "lwip/tcp.h"

namespace ports::lwip {

// It stays where it is while it is open.
class TcpStream {
 public:
  TcpStream() = default;
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;
  ~TcpStream() { close(); }

  // Starts. Errors: kFull: lwIP has no socket left, or no route; kOutOfOrder.
  core::Status connect(const ip_addr_t& address, std::uint16_t port);
  bool open() const { return state_ == State::kOpen; }
  // It is over, or was refused: nothing more can be sent.
  bool lost() const { return state_ == State::kLost; }

  // 0: nothing is there. Errors: kRefused: nothing will ever be.
  core::Result<std::size_t> read(core::MutBytes out);
  // How much lwIP took; 0: it has no room. Errors: kRefused: it is not open.
  core::Result<std::size_t> write(core::Bytes bytes);
  // What was written is still sent, as far as lwIP can.
  void close();

 private:
  enum class State : std::uint8_t { kClosed, kConnecting, kOpen, kLost };

  static err_t on_connected(void* self, tcp_pcb* socket, err_t status);
  static err_t on_received(void* self, tcp_pcb* socket, pbuf* bytes, err_t status);
  static void on_lost(void* self, err_t status);

  State state_ = State::kClosed;
  bool ended_ = false;  // by the other side
  tcp_pcb* socket_ = nullptr;
  pbuf* received_ = nullptr;  // at most a window of lwIP's
};

}  // namespace ports::lwip
#endif  // PORTS_LWIP_TCP_STREAM_H_
