#include "ports/esp_idf/roaming.h"

#include "ports/esp_idf/clock.h"
#include "ports/esp_idf/lwip_lock.h"

namespace ports::esp_idf {

core::Status Roaming::start() {
  if (esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, on_event, this) == ESP_OK) return {};
  return core::Error::kFull;
}

void Roaming::stop() { esp_event_handler_unregister(IP_EVENT, ESP_EVENT_ANY_ID, on_event); }

void Roaming::on_event(void* self, esp_event_base_t, std::int32_t id, void*) {
  if (id == IP_EVENT_STA_GOT_IP || id == IP_EVENT_ETH_GOT_IP || id == IP_EVENT_GOT_IP6) {
    static_cast<Roaming*>(self)->announce();
  }
}

// A keepalive that was off and goes on is sent at once.
void Roaming::announce() {
  const LwipLock lock;
  auto& device = tunnel_.device();
  const auto at = now();
  for (auto peer = device.first_peer(); peer; peer = device.next_peer(*peer)) {
    const auto status = device.status(*peer);
    if (!status || status->persistent_keepalive_s == 0) continue;
    static_cast<void>(device.set_persistent_keepalive(*peer, 0, at));
    static_cast<void>(device.set_persistent_keepalive(*peer, status->persistent_keepalive_s, at));
  }
  tunnel_.run();
}

}  // namespace ports::esp_idf
