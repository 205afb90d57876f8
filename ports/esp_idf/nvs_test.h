// A store in NVS in memory, for tests.
#ifndef PORTS_ESP_IDF_NVS_TEST_H_
#define PORTS_ESP_IDF_NVS_TEST_H_

#include <gtest/gtest.h>

#include <optional>

#include "ports/esp_idf/nvs_store.h"
#include "ports/fake/change_test.h"
#include "ports/fake/nvs.h"

namespace ports::esp_idf {

inline core::Secret<32> test_key(std::uint8_t fill = 7) {
  core::Secret<32> key;
  for (auto& byte : key.mut()) byte = fill;
  return key;
}

class TestNvs {
 public:
  explicit TestNvs(std::size_t pages = 16) : nvs(pages) {
    store.emplace("nvs", "ginnel", test_key(), rng);
    CHECK(store->format().ok());
  }

  // Power off and on.
  core::Status restart(std::uint8_t key = 7) {
    nvs.power_on();
    store.emplace("nvs", "ginnel", test_key(key), rng);
    return store->mount();
  }

  core::Status put(const std::string& key, const std::string& value) {
    return fake::Change{{{key, value}}}.on(*store);
  }
  core::Status erase(const std::string& key) {
    return fake::Change{{{key, std::nullopt}}}.on(*store);
  }
  std::string get(const std::string& key) { return fake::value_of(*store, key); }

  fake::FakeRng rng{3};
  fake::FakeNvs nvs;
  std::optional<NvsStore> store;
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_NVS_TEST_H_
