// What lwIP wants of the compiler and the port.
#ifndef PORTS_LWIP_ARCH_CC_H_
#define PORTS_LWIP_ARCH_CC_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Provided by the board. The first does not return.
void ginnel_lwip_assert(const char* what);
uint32_t ginnel_lwip_random(void);

#ifdef __cplusplus
}
#endif

#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(what) ginnel_lwip_assert(what)
#define LWIP_RAND() ginnel_lwip_random()
#define LWIP_NO_UNISTD_H 1
#ifndef BYTE_ORDER
#define BYTE_ORDER LITTLE_ENDIAN
#endif

#endif  // PORTS_LWIP_ARCH_CC_H_
