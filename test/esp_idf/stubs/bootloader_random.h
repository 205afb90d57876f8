#ifndef BOOTLOADER_RANDOM_H
#define BOOTLOADER_RANDOM_H

#ifdef __cplusplus
extern "C" {
#endif
void bootloader_random_enable(void);
void bootloader_random_disable(void);
#ifdef __cplusplus
}
#endif
#endif  // BOOTLOADER_RANDOM_H
