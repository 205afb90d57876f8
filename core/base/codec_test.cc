#include "core/base/codec.h"

#include <gtest/gtest.h>

#include "core/base/wiped.h"

namespace core {
namespace {

enum class Kind : std::uint8_t { kA = 0, kB = 1 };

struct Fields {
  std::uint8_t small = 0;
  std::uint16_t medium = 0;
  std::uint64_t large = 0;
  Kind kind = Kind::kA;
  bool flag = false;
  ByteArray<3> bytes{};

  void exchange(Codec& codec) {
    codec.number(small);
    codec.number(medium);
    codec.number(large);
    codec.at_most(Kind::kB, kind);
    codec.flag(flag);
    codec.bytes(bytes);
  }
  bool operator==(const Fields&) const = default;
};

constexpr Fields kFields{1, 0x203, 0x405060708090a0b, Kind::kB, true, {12, 13, 14}};
constexpr ByteArray<16> kStored{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 1, 12, 13, 14};

TEST(Codec, WritesAndReadsTheSameFields) {
  ByteArray<16> out;
  Writer writer(out);
  Codec to(writer);
  Fields fields = kFields;
  fields.exchange(to);
  EXPECT_TRUE(to.ok());
  EXPECT_EQ(out, kStored);
  EXPECT_EQ(fields, kFields);
  Reader reader(kStored);
  Codec from(reader);
  Fields read;
  read.exchange(from);
  EXPECT_TRUE(from.ok() && reader.finished());
  EXPECT_EQ(read, kFields);
}

TEST(Codec, RefusesWhatIsShortOrCannotHaveBeenWritten) {
  for (std::size_t size = 0; size < kStored.size(); ++size) {
    Reader reader(Bytes(kStored).first(size));
    Codec from(reader);
    Fields read = kFields;
    read.exchange(from);
    EXPECT_FALSE(from.ok());
    EXPECT_EQ(read.bytes, (ByteArray<3>{}));
  }
  for (const std::size_t at : {11u, 12u}) {
    auto stored = kStored;
    stored[at] = 2;
    Reader reader(stored);
    Codec from(reader);
    Fields read = kFields;
    read.exchange(from);
    EXPECT_FALSE(from.ok());
    EXPECT_EQ(read.bytes, (ByteArray<3>{}));  // as all fields after what failed
  }
}

TEST(Wiped, IsWipedAndMovesLikeASecret) {
  alignas(Wiped<Fields>) unsigned char place[sizeof(Wiped<Fields>)];
  const auto is_zero = [&] {
    return std::all_of(std::begin(place), std::end(place),
                       [](const volatile unsigned char& b) { return b == 0; });
  };
  auto* made = new (place) Wiped<Fields>(kFields);
  Wiped<Fields> moved(std::move(*made));
  EXPECT_EQ(moved, kFields);
  EXPECT_TRUE(is_zero());
  made->copy_from(moved);
  EXPECT_EQ(*made, kFields);
  made->~Wiped<Fields>();
  EXPECT_TRUE(is_zero());
  static_assert(!std::is_copy_constructible_v<Wiped<Fields>> &&
                !std::is_copy_assignable_v<Wiped<Fields>>);
}

}  // namespace
}  // namespace core
