// As ESP-IDF writes it from the menu.
#ifndef SDKCONFIG_H
#define SDKCONFIG_H

#define CONFIG_ESP_MAIN_TASK_STACK_SIZE 20480
#define CONFIG_GINNEL_DEVICE_KEY_BLOCK 4
#define CONFIG_FIRMWARE_WIFI_SSID "network"
#define CONFIG_FIRMWARE_WIFI_PASSWORD "password"
#define CONFIG_FIRMWARE_TIME_SERVER "pool.ntp.org"

#endif  // SDKCONFIG_H
