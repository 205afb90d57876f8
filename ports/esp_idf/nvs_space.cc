#include "ports/esp_idf/nvs_space.h"

namespace ports::esp_idf {

using core::Error;
using core::Status;

namespace {

Status status_of(esp_err_t error) {
  if (error == ESP_OK) return {};
  return error == ESP_ERR_NVS_NOT_ENOUGH_SPACE ? Error::kFull : Error::kStore;
}

}  // namespace

NvsSpace::~NvsSpace() {
  if (open_) nvs_close(handle_);
}

Status NvsSpace::open() {
  if (open_) return {};
  TRY(status_of(nvs_open_from_partition(partition_, name_, NVS_READWRITE, &handle_)));
  open_ = true;
  return {};
}

core::Result<std::size_t> NvsSpace::get(const char* name, core::MutBytes out) {
  std::size_t size = out.size();
  switch (nvs_get_blob(handle_, name, out.data(), &size)) {
    case ESP_OK: return size;
    case ESP_ERR_NVS_NOT_FOUND: return Error::kNotFound;
    case ESP_ERR_NVS_INVALID_LENGTH: return Error::kFull;
    default: return Error::kStore;
  }
}

Status NvsSpace::set(const char* name, core::Bytes value) {
  CHECK(!value.empty());
  return status_of(nvs_set_blob(handle_, name, value.data(), value.size()));
}

Status NvsSpace::erase(const char* name) {
  const esp_err_t error = nvs_erase_key(handle_, name);
  return error == ESP_ERR_NVS_NOT_FOUND ? Status() : status_of(error);
}

Status NvsSpace::erase_all() { return status_of(nvs_erase_all(handle_)); }

Status NvsSpace::commit() { return status_of(nvs_commit(handle_)); }

core::Result<std::size_t> NvsSpace::room() {
  nvs_stats_t stats{};
  TRY(status_of(nvs_get_stats(partition_, &stats)));
  return stats.available_entries;
}

}  // namespace ports::esp_idf
