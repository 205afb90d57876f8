// Where ESP-IDF's lwIP asks for the hooks of a program.
#ifndef LWIP_DEFAULT_HOOKS_H
#define LWIP_DEFAULT_HOOKS_H

#include "lwip/ip_addr.h"
#ifdef ESP_IDF_LWIP_HOOK_FILENAME
#include ESP_IDF_LWIP_HOOK_FILENAME
#endif

struct netif* ip4_route_src_hook(const ip4_addr_t* source, const ip4_addr_t* destination);

#endif  // LWIP_DEFAULT_HOOKS_H
