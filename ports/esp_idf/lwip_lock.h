// While it lives its thread may call lwIP, and what is built on it: the tunnel,
// TcpStream, TlsStream. Needs CONFIG_LWIP_TCPIP_CORE_LOCKING.
#ifndef PORTS_ESP_IDF_LWIP_LOCK_H_
#define PORTS_ESP_IDF_LWIP_LOCK_H_

#include "lwip/tcpip.h"

#if !LWIP_TCPIP_CORE_LOCKING
#error "Ginnel needs CONFIG_LWIP_TCPIP_CORE_LOCKING=y"
#endif

namespace ports::esp_idf {

// Not in lwIP's own thread, and one at a time in each.
class LwipLock {
 public:
  LwipLock() { LOCK_TCPIP_CORE(); }
  LwipLock(const LwipLock&) = delete;
  LwipLock& operator=(const LwipLock&) = delete;
  ~LwipLock() { UNLOCK_TCPIP_CORE(); }
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_LWIP_LOCK_H_
