// What ports/esp_idf uses of ESP-IDF's esp_err.h: our own declarations, written
// from its documentation. As all headers of this folder.
#ifndef ESP_ERR_H
#define ESP_ERR_H

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL (-1)

#endif  // ESP_ERR_H
