#include "ports/esp_idf/partition.h"

namespace ports::esp_idf {

using core::Error;
using core::Status;

namespace {

Status status_of(esp_err_t error) { return error == ESP_OK ? Status() : Error::kStore; }

}  // namespace

Status Partition::open(const char* label) {
  const auto* found =
      esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label);
  if (found == nullptr) return Error::kNotFound;
  if (found->encrypted || found->readonly) return Error::kRefused;
  partition_ = found;
  return {};
}

flash::Nor::Geometry Partition::geometry() const {
  CHECK(partition_ != nullptr);
  return {.block_size = partition_->erase_size,
          .block_count = partition_->size / partition_->erase_size,
          .program_unit = 1};
}

Status Partition::read(std::uint32_t address, core::MutBytes out) {
  return status_of(esp_partition_read(partition_, address, out.data(), out.size()));
}

Status Partition::program(std::uint32_t address, core::Bytes bytes) {
  return status_of(esp_partition_write(partition_, address, bytes.data(), bytes.size()));
}

Status Partition::erase(std::uint32_t block) {
  const std::uint32_t size = partition_->erase_size;
  return status_of(esp_partition_erase_range(partition_, std::size_t{block} * size, size));
}

}  // namespace ports::esp_idf
