// One namespace of ESP-IDF's NVS, in this project's words. Blobs only.
#ifndef PORTS_ESP_IDF_NVS_SPACE_H_
#define PORTS_ESP_IDF_NVS_SPACE_H_

#include <nvs.h>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::esp_idf {

// Names are texts of at most 15 characters.
class NvsSpace {
 public:
  // Both outlive this; the partition was initialized by nvs_flash_init_partition().
  NvsSpace(const char* partition, const char* name) : partition_(partition), name_(name) {}
  NvsSpace(const NvsSpace&) = delete;
  NvsSpace& operator=(const NvsSpace&) = delete;
  ~NvsSpace();

  // Before anything else; again does no harm. Errors: kStore.
  core::Status open();
  // Errors: kNotFound; kFull: it is larger than `out`; kStore.
  core::Result<std::size_t> get(const char* name, core::MutBytes out);
  // Errors: kFull, kStore. After both the blob may be there or not.
  // REQUIRES: no blob of that name, and bytes to write.
  core::Status set(const char* name, core::Bytes value);
  // If there is one. Errors: kStore.
  core::Status erase(const char* name);
  core::Status erase_all();
  // From here on what was set and erased outlasts a power cut. Errors: kStore.
  core::Status commit();
  // Entries of 32 bytes that can still be written. Errors: kStore.
  core::Result<std::size_t> room();

  // Calls visit(name) for each blob until it returns an error, which is handed
  // on. It changes nothing in the namespace. Errors: kStore.
  template <class Visit>
  core::Status each(Visit visit) {
    nvs_iterator_t at = nullptr;
    core::Status status;
    esp_err_t found = nvs_entry_find_in_handle(handle_, NVS_TYPE_BLOB, &at);
    while (found == ESP_OK && status.ok()) {
      nvs_entry_info_t info;
      found = nvs_entry_info(at, &info);
      if (found == ESP_OK) status = visit(static_cast<const char*>(info.key));
      if (found == ESP_OK) found = nvs_entry_next(&at);
    }
    nvs_release_iterator(at);
    if (status.ok() && found != ESP_ERR_NVS_NOT_FOUND) return core::Error::kStore;
    return status;
  }

 private:
  const char* partition_;
  const char* name_;
  nvs_handle_t handle_ = 0;
  bool open_ = false;
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_NVS_SPACE_H_
