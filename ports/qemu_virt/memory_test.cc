// memory.cc under other names, against the C library's.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>

extern "C" {
void* board_memcpy(void* to, const void* from, std::size_t size);
void* board_memmove(void* to, const void* from, std::size_t size);
void* board_memset(void* to, int value, std::size_t size);
}

namespace {

constexpr std::size_t kMost = 70;
constexpr std::size_t kRoom = 2 * kMost;

using Room = std::array<unsigned char, kRoom>;

Room numbered() {
  Room out;
  std::iota(out.begin(), out.end(), static_cast<unsigned char>(1));
  return out;
}

// Calls function(to, from, size) for offsets in a room, all that fit it.
template <class Function>
void for_every_place(Function function) {
  for (std::size_t size = 0; size <= kMost; ++size) {
    for (std::size_t to = 0; to < 10; ++to) {
      for (std::size_t from = 0; from < 10; ++from) function(to, from, size);
    }
  }
}

TEST(Memory, CopiesAtEveryAlignment) {
  for_every_place([](std::size_t to, std::size_t from, std::size_t size) {
    alignas(4) const Room source = numbered();
    alignas(4) Room expected{}, out{};
    std::memcpy(expected.data() + to, source.data() + from, size);
    ASSERT_EQ(board_memcpy(out.data() + to, source.data() + from, size), out.data() + to);
    ASSERT_EQ(out, expected) << to << ' ' << from << ' ' << size;
  });
}

TEST(Memory, MovesWhereTheEndsOverlap) {
  for_every_place([](std::size_t to, std::size_t from, std::size_t size) {
    alignas(4) Room expected = numbered(), out = numbered();
    std::memmove(expected.data() + to, expected.data() + from, size);
    ASSERT_EQ(board_memmove(out.data() + to, out.data() + from, size), out.data() + to);
    ASSERT_EQ(out, expected) << to << ' ' << from << ' ' << size;
  });
}

TEST(Memory, SetsTheLowByteOfAnInteger) {
  for_every_place([](std::size_t to, std::size_t value, std::size_t size) {
    alignas(4) Room expected = numbered(), out = numbered();
    const int wide = static_cast<int>(0x5a00 + 0x1d * value);
    std::memset(expected.data() + to, wide, size);
    ASSERT_EQ(board_memset(out.data() + to, wide, size), out.data() + to);
    ASSERT_EQ(out, expected) << to << ' ' << wide << ' ' << size;
  });
}

}  // namespace
