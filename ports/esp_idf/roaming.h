// A tunnel over whatever interface of ESP-IDF has an address, Wi-Fi or Ethernet:
// peers with a persistent keepalive hear of a new one at once, not after the interval.
#ifndef PORTS_ESP_IDF_ROAMING_H_
#define PORTS_ESP_IDF_ROAMING_H_

#include <esp_netif.h>

#include "ports/lwip/wg_netif.h"

namespace ports::esp_idf {

class Roaming {
 public:
  // The tunnel outlives it and is started.
  explicit Roaming(lwip::WgNetif& tunnel) : tunnel_(tunnel) {}
  Roaming(const Roaming&) = delete;
  Roaming& operator=(const Roaming&) = delete;
  ~Roaming() { stop(); }

  // From here on it follows what happens; the default event loop is there.
  // Errors: kFull: no memory for one more handler.
  core::Status start();
  void stop();

 private:
  static void on_event(void* self, esp_event_base_t base, std::int32_t id, void* data);
  void announce();

  lwip::WgNetif& tunnel_;
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_ROAMING_H_
