#include "ports/flash/high_mark.h"

#include <gtest/gtest.h>

#include <vector>

namespace ports::flash {
namespace {

using core::Bytes;
using core::Error;
using core::MutBytes;
using core::Status;

// Two blocks of four records, which lose power in the middle of an operation.
class SmallNor final : public Nor {
 public:
  Geometry geometry() const override {
    return {.block_size = kBlockSize, .block_count = 2, .program_unit = 4};
  }
  Status read(std::uint32_t address, MutBytes out) override {
    core::copy(Bytes(bytes).subspan(address, out.size()), out);
    return {};
  }
  Status program(std::uint32_t address, Bytes in) override {
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!has_power()) return Error::kStore;
      EXPECT_EQ(bytes[address + i], 0xff) << "programmed twice";
      bytes[address + i] &= in[i];
    }
    return {};
  }
  Status erase(std::uint32_t block) override {
    for (std::uint32_t i = 0; i < kBlockSize; ++i) {
      if (!has_power()) return Error::kStore;
      bytes[block * kBlockSize + i] = 0xff;
    }
    return {};
  }
  bool has_power() { return power == 0 || --power > 0; }

  static constexpr std::uint32_t kBlockSize = 4 * HighMark::kRecordSize;
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(2 * kBlockSize, 0xff);
  int power = 0;  // bytes until it fails, and one more; 0: it does not
};

std::uint64_t kept(Nor& nor) {
  HighMark mark(nor);
  EXPECT_TRUE(mark.open().ok());
  return mark.value();
}

TEST(HighMark, BeginsAtZero) {
  SmallNor nor;
  EXPECT_EQ(kept(nor), 0u);
}

TEST(HighMark, KeepsEachNumberOverARestart) {
  SmallNor nor;
  for (std::uint64_t value = 1; value < 50; value += 3) {
    HighMark mark(nor);
    ASSERT_TRUE(mark.open().ok());
    ASSERT_TRUE(mark.raise(value).ok());
    EXPECT_EQ(mark.value(), value);
    EXPECT_EQ(kept(nor), value);
  }
}

TEST(HighMark, NeverGoesBack) {
  SmallNor nor;
  HighMark mark(nor);
  ASSERT_TRUE(mark.open().ok());
  ASSERT_TRUE(mark.raise(7).ok());
  EXPECT_EQ(mark.raise(7).error(), Error::kOutOfOrder);
  EXPECT_EQ(mark.raise(6).error(), Error::kOutOfOrder);
  EXPECT_EQ(kept(nor), 7u);
}

// Power fails at every byte of every write; then the device goes on.
TEST(HighMark, SurvivesAPowerFailureAtAnyByte) {
  for (int power = 1; power <= 2 + static_cast<int>(SmallNor::kBlockSize + HighMark::kRecordSize);
       ++power) {
    for (std::uint64_t cut = 1; cut < 12; ++cut) {
      SmallNor nor;
      for (std::uint64_t value = 1; value < 16; ++value) {
        HighMark mark(nor);
        ASSERT_TRUE(mark.open().ok());
        nor.power = value == cut ? power : 0;
        const bool raised = mark.raise(value).ok();
        nor.power = 0;
        const auto now = kept(nor);
        if (raised) {
          ASSERT_EQ(now, value);
        } else {
          ASSERT_EQ(value, cut);
          ASSERT_TRUE(now == value || now == value - 1) << now << " after " << value;
        }
      }
    }
  }
}

TEST(HighMark, GoesOnInTheSameRunAfterAFailure) {
  SmallNor nor;
  HighMark mark(nor);
  ASSERT_TRUE(mark.open().ok());
  ASSERT_TRUE(mark.raise(1).ok());
  nor.power = 5;
  EXPECT_EQ(mark.raise(2).error(), Error::kStore);
  nor.power = 0;
  EXPECT_EQ(mark.value(), 1u);
  for (std::uint64_t value = 3; value < 20; ++value) ASSERT_TRUE(mark.raise(value).ok());
  EXPECT_EQ(kept(nor), 19u);
}

}  // namespace
}  // namespace ports::flash
