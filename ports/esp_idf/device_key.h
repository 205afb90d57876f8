// The key that seals a device's store, from one that only the chip can use.
#ifndef PORTS_ESP_IDF_DEVICE_KEY_H_
#define PORTS_ESP_IDF_DEVICE_KEY_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::esp_idf {

// HMAC-SHA-256 of "ginnel device key", computed by the chip's HMAC peripheral with
// a key in eFuses that software cannot read, of the purpose HMAC_UP. `block`: that
// of the key, 0 to 5. Errors: kBadKey: there is no such key.
core::Result<core::Secret<32>> device_key(unsigned block);

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_DEVICE_KEY_H_
