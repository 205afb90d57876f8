#include "ports/esp_idf/device_key.h"

#include <esp_hmac.h>

namespace ports::esp_idf {

core::Result<core::Secret<32>> device_key(unsigned block) {
  constexpr auto kLabel = core::label("ginnel device key");
  core::Secret<32> out;
  const auto id = static_cast<hmac_key_id_t>(block);
  if (block > HMAC_KEY5 ||
      esp_hmac_calculate(id, kLabel.data(), kLabel.size(), out.mut().data()) != ESP_OK) {
    return core::Error::kBadKey;
  }
  return out;
}

}  // namespace ports::esp_idf
