// A flash partition of ESP-IDF as a chip of its own: for ports::flash::HighMark,
// and for FlashStore where a store in NVS is not wanted.
#ifndef PORTS_ESP_IDF_PARTITION_H_
#define PORTS_ESP_IDF_PARTITION_H_

#include <esp_partition.h>

#include "ports/flash/nor.h"

namespace ports::esp_idf {

class Partition final : public flash::Nor {
 public:
  // Before anything else. Errors: kNotFound: the table has no data partition of
  // that name; kRefused: it is read-only, or encrypted: what is kept there is
  // sealed already, and encryption would make units of 16 bytes or more.
  core::Status open(const char* label);

  Geometry geometry() const override;
  core::Status read(std::uint32_t address, core::MutBytes out) override;
  core::Status program(std::uint32_t address, core::Bytes bytes) override;
  core::Status erase(std::uint32_t block) override;

 private:
  const esp_partition_t* partition_ = nullptr;
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_PARTITION_H_
