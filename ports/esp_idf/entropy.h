// The chip's random number generator, as long as something feeds it.
//
// What esp_fill_random() gives is true randomness while the radio (Wi-Fi or
// Bluetooth) is on, or the noise of the ADC was switched on; otherwise it is a
// pseudo-random sequence, and nothing says so (ESP-IDF Programming Guide, Random
// Number Generation). So the program says which source it has switched on.
#ifndef PORTS_ESP_IDF_ENTROPY_H_
#define PORTS_ESP_IDF_ENTROPY_H_

#include <atomic>

#include "core/base/rng.h"

namespace ports::esp_idf {

// Threads may share it.
class Entropy final : public core::Rng {
 public:
  // The radio is on: to be called after esp_wifi_start(), or once Bluetooth's
  // controller is enabled; and off, before either ends.
  void radio_is_on() { radio_ = true; }
  void radio_is_off() { radio_ = false; }
  // Switches the ADC's noise on, for programs without a radio and until it is on.
  // Meanwhile nobody may use the ADC, I2S or the radio: switch it off before.
  void switch_noise_on();
  void switch_noise_off();

  // Errors: kRng, and `out` is zeros: without a source; and for good once the
  // generator has repeated itself, which means that it stands still.
  core::Status fill(core::MutBytes out) override;

 private:
  std::atomic<bool> radio_ = false, noise_ = false, failed_ = false;
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_ENTROPY_H_
