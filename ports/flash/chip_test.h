// A store on a chip in memory, for tests.
#ifndef PORTS_FLASH_CHIP_TEST_H_
#define PORTS_FLASH_CHIP_TEST_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "ports/fake/change_test.h"
#include "ports/fake/nor.h"
#include "ports/flash/store.h"

namespace ports::flash {

inline core::Secret<32> test_key(std::uint8_t fill = 7) {
  core::Secret<32> key;
  for (auto& byte : key.mut()) byte = fill;
  return key;
}

using fake::bytes_of;

class TestChip {
 public:
  static constexpr Nor::Geometry kSmall{.block_size = 4096, .block_count = 32, .program_unit = 1};

  explicit TestChip(const Nor::Geometry& geometry = kSmall, std::size_t entries = 1500)
      : nor(geometry), memory(entries) {
    fake::FakeRng rng(3);
    store.emplace(nor, test_key(), memory);
    CHECK(store->format(rng).ok());
  }

  // Power off and on.
  core::Status restart(std::uint8_t key = 7) {
    nor.power_on();
    memory.assign(memory.size(), {});
    store.emplace(nor, test_key(key), memory);
    return store->mount();
  }

  core::Status put(const std::string& key, const std::string& value) {
    TRY(store->begin());
    if (const auto status = store->put(bytes_of(key), bytes_of(value)); !status) {
      store->rollback();
      return status;
    }
    return store->commit();
  }
  core::Status erase(const std::string& key) {
    TRY(store->begin());
    if (const auto status = store->erase(bytes_of(key)); !status) {
      store->rollback();
      return status;
    }
    return store->commit();
  }
  std::string get(const std::string& key) { return fake::value_of(*store, key); }

  fake::FakeNor nor;
  std::vector<IndexEntry> memory;
  std::optional<FlashStore> store;
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_CHIP_TEST_H_
