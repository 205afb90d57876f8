#include "test/firmware/echo.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "lwip/tcp.h"
#include "lwip/udp.h"

namespace test::firmware {
namespace {

constexpr std::uint16_t kPort = 7;

struct Connection {
  tcp_pcb* socket = nullptr;
  pbuf* waiting = nullptr;  // what does not yet fit into the send buffer
  bool ended = false;       // by the other side
};
std::array<Connection, 4> g_connections;

err_t close(Connection& connection) {
  tcp_pcb* socket = connection.socket;
  tcp_arg(socket, nullptr);
  tcp_recv(socket, nullptr);
  tcp_sent(socket, nullptr);
  tcp_err(socket, nullptr);
  connection = {};
  if (tcp_close(socket) == ERR_OK) return ERR_OK;
  tcp_abort(socket);
  return ERR_ABRT;
}

err_t go_on(Connection& connection) {
  while (connection.waiting != nullptr) {
    const std::uint16_t size =
        std::min<std::uint16_t>(connection.waiting->len, tcp_sndbuf(connection.socket));
    if (size == 0 || tcp_write(connection.socket, connection.waiting->payload, size,
                               TCP_WRITE_FLAG_COPY) != ERR_OK) {
      break;
    }
    connection.waiting = pbuf_free_header(connection.waiting, size);
    tcp_recved(connection.socket, size);
  }
  tcp_output(connection.socket);
  if (connection.waiting == nullptr && connection.ended) return close(connection);
  return ERR_OK;
}

err_t on_received(void* self, tcp_pcb*, pbuf* received, err_t) {
  auto& connection = *static_cast<Connection*>(self);
  if (received == nullptr) {
    connection.ended = true;
  } else if (connection.waiting != nullptr) {
    pbuf_cat(connection.waiting, received);
  } else {
    connection.waiting = received;
  }
  return go_on(connection);
}

err_t on_sent(void* self, tcp_pcb*, std::uint16_t) {
  return go_on(*static_cast<Connection*>(self));
}

void on_lost(void* self, err_t) {
  auto& connection = *static_cast<Connection*>(self);
  if (connection.waiting != nullptr) pbuf_free(connection.waiting);
  connection = {};
}

err_t on_accepted(void*, tcp_pcb* socket, err_t status) {
  if (status != ERR_OK || socket == nullptr) return ERR_VAL;
  const auto free = std::find_if(g_connections.begin(), g_connections.end(),
                                 [](const Connection& c) { return c.socket == nullptr; });
  if (free == g_connections.end()) {
    tcp_abort(socket);
    return ERR_ABRT;
  }
  *free = {.socket = socket};
  tcp_arg(socket, &*free);
  tcp_recv(socket, on_received);
  tcp_sent(socket, on_sent);
  tcp_err(socket, on_lost);
  return ERR_OK;
}

void on_datagram(void*, udp_pcb* socket, pbuf* datagram, const ip_addr_t* from,
                 std::uint16_t port) {
  udp_sendto(socket, datagram, from, port);
  pbuf_free(datagram);
}

}  // namespace

bool start_echo() {
  udp_pcb* udp = udp_new_ip_type(IPADDR_TYPE_ANY);
  if (udp == nullptr || udp_bind(udp, IP_ANY_TYPE, kPort) != ERR_OK) return false;
  udp_recv(udp, on_datagram, nullptr);
  tcp_pcb* tcp = tcp_new_ip_type(IPADDR_TYPE_ANY);
  if (tcp == nullptr || tcp_bind(tcp, IP_ANY_TYPE, kPort) != ERR_OK) return false;
  tcp_pcb* listening = tcp_listen(tcp);
  if (listening == nullptr) return false;
  tcp_accept(listening, on_accepted);
  return true;
}

}  // namespace test::firmware
