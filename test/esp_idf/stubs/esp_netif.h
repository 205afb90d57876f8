#ifndef ESP_NETIF_H
#define ESP_NETIF_H

#include "esp_event.h"

#ifdef __cplusplus
extern "C" {
#endif
extern esp_event_base_t const IP_EVENT;
typedef enum {
  IP_EVENT_STA_GOT_IP,
  IP_EVENT_STA_LOST_IP,
  IP_EVENT_AP_STAIPASSIGNED,
  IP_EVENT_GOT_IP6,
  IP_EVENT_ETH_GOT_IP,
  IP_EVENT_ETH_LOST_IP
} ip_event_t;

esp_err_t esp_netif_init(void);
#ifdef __cplusplus
}
#endif
#endif  // ESP_NETIF_H
