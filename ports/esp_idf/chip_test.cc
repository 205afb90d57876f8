// Randomness, the device key, partitions, the clock: over a chip in memory,
// behind the functions that ESP-IDF declares.
#include <bootloader_random.h>
#include <esp_hmac.h>
#include <esp_random.h>
#include <esp_timer.h>
#include <gtest/gtest.h>

#include <vector>

#include "ports/esp_idf/clock.h"
#include "ports/esp_idf/device_key.h"
#include "ports/esp_idf/entropy.h"
#include "ports/esp_idf/partition.h"
#include "ports/fake/rng.h"
#include "ports/flash/high_mark.h"

namespace ports::esp_idf {
namespace {

struct Chip {
  fake::FakeRng rng{1};
  bool stands_still = false;
  int noise = 0;  // how often it is on
  std::vector<std::uint8_t> flash = std::vector<std::uint8_t>(8 * 4096, 0xff);
  esp_partition_t partition{
      .size = 8 * 4096, .erase_size = 4096, .encrypted = false, .readonly = false};
  bool has_key = true;
  std::int64_t microseconds = 0;
};
Chip g_chip;

class EspChip : public testing::Test {
 protected:
  EspChip() { g_chip = Chip(); }
  static bool is_zero(core::Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
  }
};

using Error = core::Error;

TEST_F(EspChip, GivesNoRandomnessWithoutASource) {
  Entropy entropy;
  core::ByteArray<100> out;
  const auto fails = [&] {
    out.fill(0xee);
    const auto status = entropy.fill(out);
    return !status && status.error() == Error::kRng && is_zero(out);
  };
  EXPECT_TRUE(fails());
  entropy.radio_is_on();
  EXPECT_FALSE(fails());
  EXPECT_FALSE(is_zero(out));
  entropy.radio_is_off();
  EXPECT_TRUE(fails());
  entropy.switch_noise_on();
  entropy.switch_noise_on();
  EXPECT_EQ(g_chip.noise, 1);
  EXPECT_FALSE(fails());
  entropy.radio_is_on();
  entropy.switch_noise_off();
  entropy.switch_noise_off();
  EXPECT_EQ(g_chip.noise, 0);
  EXPECT_FALSE(fails());
}

TEST_F(EspChip, GivesEverySizeAndNothingTwice) {
  Entropy entropy;
  entropy.radio_is_on();
  for (std::size_t size = 0; size < 50; ++size) {
    std::vector<std::uint8_t> one(size), other(size);
    ASSERT_TRUE(entropy.fill(one).ok() && entropy.fill(other).ok());
    EXPECT_TRUE(size < 8 || one != other);
  }
}

TEST_F(EspChip, IsNotTrustedAgainOnceItsGeneratorStoodStill) {
  Entropy entropy;
  entropy.radio_is_on();
  core::ByteArray<8> out{};
  ASSERT_TRUE(entropy.fill(out).ok());
  g_chip.stands_still = true;
  EXPECT_EQ(entropy.fill(out).error(), Error::kRng);
  EXPECT_TRUE(is_zero(out));
  g_chip.stands_still = false;
  EXPECT_EQ(entropy.fill(out).error(), Error::kRng);
}

TEST_F(EspChip, HasADeviceKeyOfItsFuses) {
  const auto one = device_key(3), other = device_key(4);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_FALSE(core::equal_var(one->view(), other->view()));
  EXPECT_EQ(device_key(6).error(), Error::kBadKey);
  g_chip.has_key = false;
  EXPECT_EQ(device_key(3).error(), Error::kBadKey);
}

TEST_F(EspChip, KeepsAMarkInAPartition) {
  Partition partition;
  EXPECT_EQ(partition.open("other").error(), Error::kNotFound);
  for (std::uint64_t value = 1; value < 600; value += 7) {
    ASSERT_TRUE(partition.open("ginnel_mark").ok());
    ASSERT_EQ(partition.geometry().block_count, 8u);
    flash::HighMark mark(partition);
    ASSERT_TRUE(mark.open().ok());
    ASSERT_EQ(mark.value(), value == 1 ? 0 : value - 7);
    ASSERT_TRUE(mark.raise(value).ok());
  }
  core::ByteArray<8> out{};
  EXPECT_EQ(partition.read(8 * 4096 - 4, out).error(), Error::kStore);
  EXPECT_EQ(partition.erase(8).error(), Error::kStore);
}

TEST_F(EspChip, TakesNoPartitionThatIsEncryptedOrReadOnly) {
  Partition partition;
  g_chip.partition.encrypted = true;
  EXPECT_EQ(partition.open("ginnel_mark").error(), Error::kRefused);
  g_chip.partition.encrypted = false;
  g_chip.partition.readonly = true;
  EXPECT_EQ(partition.open("ginnel_mark").error(), Error::kRefused);
}

TEST_F(EspChip, CountsItsTimeInMilliseconds) {
  g_chip.microseconds = 1'234'999;
  EXPECT_EQ(now().ms, 1234);
  EXPECT_GT(wall_time().ms, 1'735'689'600'000);
}

bool lies_within(std::size_t offset, std::size_t size) {
  return offset <= g_chip.flash.size() && size <= g_chip.flash.size() - offset;
}

}  // namespace
}  // namespace ports::esp_idf

using ports::esp_idf::g_chip;

void esp_fill_random(void* out, std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(out);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = g_chip.stands_still ? 0x55 : static_cast<std::uint8_t>(g_chip.rng.next());
  }
}
void bootloader_random_enable() { ++g_chip.noise; }
void bootloader_random_disable() { --g_chip.noise; }
std::int64_t esp_timer_get_time() { return g_chip.microseconds; }

esp_err_t esp_hmac_calculate(hmac_key_id_t key, const void* message, std::size_t size,
                             std::uint8_t* out) {
  if (!g_chip.has_key) return ESP_FAIL;
  std::fill_n(out, 32, static_cast<std::uint8_t>(key));
  std::copy_n(static_cast<const std::uint8_t*>(message), size, out + 1);
  return ESP_OK;
}

const esp_partition_t* esp_partition_find_first(esp_partition_type_t, esp_partition_subtype_t,
                                                const char* label) {
  return std::string_view(label) == "ginnel_mark" ? &g_chip.partition : nullptr;
}
esp_err_t esp_partition_read(const esp_partition_t*, std::size_t offset, void* out,
                             std::size_t size) {
  if (!ports::esp_idf::lies_within(offset, size)) return ESP_FAIL;
  std::memcpy(out, &g_chip.flash[offset], size);
  return ESP_OK;
}
esp_err_t esp_partition_write(const esp_partition_t*, std::size_t offset, const void* bytes,
                              std::size_t size) {
  if (!ports::esp_idf::lies_within(offset, size)) return ESP_FAIL;
  for (std::size_t i = 0; i < size; ++i) {
    g_chip.flash[offset + i] &= static_cast<const std::uint8_t*>(bytes)[i];
  }
  return ESP_OK;
}
esp_err_t esp_partition_erase_range(const esp_partition_t*, std::size_t offset, std::size_t size) {
  if (!ports::esp_idf::lies_within(offset, size)) return ESP_FAIL;
  std::memset(&g_chip.flash[offset], 0xff, size);
  return ESP_OK;
}
