// Vectors: test/vectors/signal/fingerprint.json, of libsignal 0.103.0.
#include "core/e2e/fingerprint.h"

#include <gtest/gtest.h>

#include "test/vectors.h"

namespace core::e2e {
namespace {

using test::hex;
using test::hex_array;

TEST(Fingerprint, ReproducesTheVectorsFromBothSides) {
  const auto file = test::load_vectors("signal/fingerprint.json");
  ASSERT_EQ(file["vectors"].size(), 8u);
  for (const auto& v : file["vectors"]) {
    const auto our_id = hex(v["local_id"]), their_id = hex(v["remote_id"]);
    const auto our_key = hex_array<33>(v["local_key"]), their_key = hex_array<33>(v["remote_key"]);
    const Fingerprint::Side ours{our_key, our_id}, theirs{their_key, their_id};
    const std::uint32_t version = v["version"];
    const Fingerprint here(ours, theirs, v["iterations"]);
    const Fingerprint there(theirs, ours, v["iterations"]);
    const auto digits = here.digits();
    EXPECT_EQ(std::string(digits.begin(), digits.end()), v["display"]);
    EXPECT_EQ(there.digits(), digits);
    EXPECT_EQ(test::to_hex(here.scannable(version)), v["scannable"]);
    EXPECT_TRUE(there.compare(hex(v["scannable"]), version).ok());
    EXPECT_EQ(here.compare(hex(v["scannable"]), version).error(), Error::kUntrusted);
    EXPECT_EQ(there.compare(hex(v["scannable"]), version + 1).error(), Error::kBadVersion);
  }
}

TEST(Fingerprint, SeesEveryChangedBitAndEveryTruncation) {
  const ByteArray<33> a{5, 1}, b{5, 2};
  const ByteArray<3> id_a{'a'}, id_b{'b'};
  const Fingerprint here({a, id_a}, {b, id_b}, 2), there({b, id_b}, {a, id_a}, 2);
  const auto scanned = here.scannable();
  EXPECT_TRUE(there.compare(scanned).ok());
  for (std::size_t bit = 0; bit < 8 * scanned.size(); ++bit) {
    auto changed = scanned;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(there.compare(changed).ok()) << bit;
  }
  for (std::size_t size = 0; size < scanned.size(); ++size)
    EXPECT_EQ(there.compare(Bytes(scanned).first(size)).error(), Error::kMalformed) << size;
}

}  // namespace
}  // namespace core::e2e
