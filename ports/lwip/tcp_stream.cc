#include "ports/lwip/tcp_stream.h"

namespace ports::lwip {

using core::Error;
using core::Result;

core::Status TcpStream::connect(const ip_addr_t& address, std::uint16_t port) {
  if (state_ != State::kClosed) return Error::kOutOfOrder;
  socket_ = tcp_new_ip_type(IP_GET_TYPE(&address));
  if (socket_ == nullptr) return Error::kFull;
  tcp_arg(socket_, this);
  tcp_recv(socket_, on_received);
  tcp_err(socket_, on_lost);
  state_ = State::kConnecting;
  ended_ = false;
  if (tcp_connect(socket_, &address, port, on_connected) == ERR_OK) return {};
  close();
  return Error::kFull;
}

err_t TcpStream::on_connected(void* self, tcp_pcb*, err_t) {
  static_cast<TcpStream*>(self)->state_ = State::kOpen;
  return ERR_OK;
}

err_t TcpStream::on_received(void* self, tcp_pcb*, pbuf* bytes, err_t) {
  auto& stream = *static_cast<TcpStream*>(self);
  if (bytes == nullptr) {
    stream.ended_ = true;
  } else if (stream.received_ != nullptr) {
    pbuf_cat(stream.received_, bytes);
  } else {
    stream.received_ = bytes;
  }
  return ERR_OK;
}

void TcpStream::on_lost(void* self, err_t) {
  auto& stream = *static_cast<TcpStream*>(self);
  stream.socket_ = nullptr;  // lwIP has freed it
  stream.state_ = State::kLost;
  stream.ended_ = true;
}

Result<std::size_t> TcpStream::read(core::MutBytes out) {
  if (received_ == nullptr) {
    if (ended_ || state_ == State::kClosed) return Error::kRefused;
    return std::size_t{0};
  }
  const auto most = static_cast<std::uint16_t>(std::min<std::size_t>(out.size(), UINT16_MAX));
  const std::uint16_t size = pbuf_copy_partial(received_, out.data(), most, 0);
  received_ = pbuf_free_header(received_, size);
  if (socket_ != nullptr) tcp_recved(socket_, size);
  return std::size_t{size};
}

Result<std::size_t> TcpStream::write(core::Bytes bytes) {
  if (state_ != State::kOpen) return Error::kRefused;
  const auto size =
      static_cast<std::uint16_t>(std::min<std::size_t>(bytes.size(), tcp_sndbuf(socket_)));
  if (size == 0) return std::size_t{0};
  const err_t status = tcp_write(socket_, bytes.data(), size, TCP_WRITE_FLAG_COPY);
  if (status == ERR_MEM) return std::size_t{0};
  if (status != ERR_OK) return Error::kRefused;
  tcp_output(socket_);
  return std::size_t{size};
}

void TcpStream::close() {
  if (socket_ != nullptr) {
    tcp_arg(socket_, nullptr);
    tcp_recv(socket_, nullptr);
    tcp_err(socket_, nullptr);
    if (tcp_close(socket_) != ERR_OK) tcp_abort(socket_);
  }
  if (received_ != nullptr) pbuf_free(received_);
  socket_ = nullptr;
  received_ = nullptr;
  state_ = State::kClosed;
}

}  // namespace ports::lwip
