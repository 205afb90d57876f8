#include "core/base/name.h"

#include <gtest/gtest.h>

#include <string>

namespace core {
namespace {

Result<DeviceName> parse(const std::string& text) {
  return DeviceName::parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(DeviceName, AcceptsItsAlphabetUpTo64Characters) {
  EXPECT_TRUE(parse("a").ok());
  EXPECT_TRUE(parse("sensor-7.attic_b").ok());
  EXPECT_TRUE(parse(std::string(64, 'z')).ok());
  EXPECT_TRUE(parse("...").ok());
}

TEST(DeviceName, RefusesEverythingElse) {
  EXPECT_EQ(parse("").error(), Error::kMalformed);
  EXPECT_EQ(parse(std::string(65, 'z')).error(), Error::kMalformed);
  EXPECT_EQ(parse(".").error(), Error::kMalformed);
  EXPECT_EQ(parse("..").error(), Error::kMalformed);
  for (int c = 0; c < 256; ++c) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    EXPECT_EQ(parse(std::string("a") + static_cast<char>(c)).ok(), allowed) << c;
  }
}

TEST(DeviceName, EqualsByItsText) {
  EXPECT_TRUE(*parse("bob") == *parse("bob"));
  EXPECT_FALSE(*parse("bob") == *parse("bobby"));
  EXPECT_TRUE(DeviceName().empty());
}

}  // namespace
}  // namespace core
