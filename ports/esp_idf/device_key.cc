#include "ports/esp_idf/device_key.h"

namespace ports::esp_idf {

core::Result<core::Secret<32>> device_key(hmac_key_id_t block) {
  constexpr auto kLabel = core::label("ginnel device key");
  core::Secret<32> out;
  if (esp_hmac_calculate(block, kLabel.data(), kLabel.size(), out.mut().data()) != ESP_OK) {
    return core::Error::kBadKey;
  }
  return out;
}

}  // namespace ports::esp_idf
