// lwIP's configuration: one thread, the raw API, no allocator but its own pools.
#ifndef PORTS_LWIP_LWIPOPTS_H_
#define PORTS_LWIP_LWIPOPTS_H_

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_RAW 0

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ICMP 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 1
#define LWIP_DNS 1
#define DNS_TABLE_SIZE 2
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0  // an address may be used at once
#define LWIP_ACD 0                       // nor does DHCP wait to see whether it is in use
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_SINGLE_NETIF 0  // the tunnel is one more
#define LWIP_STATS 1
#define LWIP_STATS_DISPLAY 0
#define MEM_STATS 1
#define MEMP_STATS 1

#define MEM_ALIGNMENT 4
// docs/profiles.md: packets on their way out and in.
#if defined(GINNEL_TINY_DEVICE)
#define MEM_SIZE (6 * 1024)
#define PBUF_POOL_SIZE 4
#define PBUF_POOL_BUFSIZE 1408  // a frame of the tunnel, by any path: longer ones take two
#else
#define MEM_SIZE (20 * 1024)
#define PBUF_POOL_SIZE 16
#define PBUF_POOL_BUFSIZE 1536  // a whole frame
#endif
#define MEMP_NUM_PBUF 16
#define MEMP_NUM_UDP_PCB 6
#define MEMP_NUM_TCP_PCB 4
#define MEMP_NUM_TCP_PCB_LISTEN 2
#define MEMP_NUM_TCP_SEG 16
#define MEMP_NUM_REASSDATA 2
#define MEMP_NUM_ARP_QUEUE 4
#define MEMP_NUM_ND6_QUEUE 4
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 2)  // and two tunnels'
#define ARP_TABLE_SIZE 6

#if defined(GINNEL_TINY_DEVICE)
#define TCP_MSS 1220  // what every path of IPv6 carries
#define TCP_WND (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8
#else
#define TCP_MSS 1460  // less where an interface's MTU says so
#define TCP_WND (6 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_SND_QUEUELEN 12
#endif
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1

#define LWIP_CHKSUM_ALGORITHM 2

// Where a peer's allowed IPs lead: ports/lwip/hooks.h.
#define LWIP_HOOK_FILENAME "ports/lwip/hooks.h"
#define LWIP_HOOK_IP4_ROUTE(destination) ginnel_wg_route4(destination)
#define LWIP_HOOK_IP6_ROUTE(source, destination) ginnel_wg_route6(destination)

#endif  // PORTS_LWIP_LWIPOPTS_H_
