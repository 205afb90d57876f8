// Known answers: [RFC7693] B and the self-test of its appendix E.
#include "core/crypto/blake2s.h"

#include <gtest/gtest.h>

#include "core/crypto/blake2s_code.h"
#include "core/crypto/cpu.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::to_hex;

TEST(Blake2s, MatchesRfc7693) {
  ByteArray<32> out;
  blake2s({}, label("abc"), out);
  EXPECT_EQ(to_hex(out), "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

// The RFC's deterministic sequence (its Fibonacci generator).
std::vector<std::uint8_t> sequence(std::size_t size, std::uint32_t seed) {
  std::vector<std::uint8_t> out(size);
  std::uint32_t a = 0xdead4bad * seed, b = 1;
  for (auto& byte : out) {
    const std::uint32_t t = a + b;
    a = b;
    b = t;
    byte = static_cast<std::uint8_t>(t >> 24);
  }
  return out;
}

TEST(Blake2s, PassesTheSelfTestOfRfc7693) {
  Blake2s all(32);
  for (const std::size_t output_size : {16u, 20u, 28u, 32u}) {
    for (const std::size_t size : {0u, 3u, 64u, 65u, 255u, 1024u}) {
      const auto message = sequence(size, static_cast<std::uint32_t>(size));
      std::vector<std::uint8_t> out(output_size);
      blake2s({}, message, out);
      all.update(out);
      blake2s(sequence(output_size, static_cast<std::uint32_t>(output_size)), message, out);
      all.update(out);
    }
  }
  ByteArray<32> out;
  all.finish(out);
  EXPECT_EQ(to_hex(out), "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe");
}

TEST(Blake2s, PiecesEqualTheWhole) {
  const auto message = sequence(300, 5);
  const auto key = sequence(17, 6);
  ByteArray<32> whole, pieces;
  blake2s(key, message, whole);
  for (std::size_t step = 1; step < 200; ++step) {
    Blake2s hash(32, key);
    for (std::size_t at = 0; at < message.size(); at += step) {
      hash.update(Bytes(message).subspan(at, std::min(step, message.size() - at)));
    }
    hash.finish(pieces);
    EXPECT_EQ(pieces, whole);
  }
}

#ifdef __x86_64__
TEST(Blake2s, CodeForOneKindOfProcessorAgreesWithThePortable) {
  using namespace blake2s_code;
  for (std::uint32_t seed = 1; seed < 2000; ++seed) {
    const auto block = sequence(64, seed);
    const Input input{block.data(), std::uint64_t{seed} << (seed % 60),
                      seed % 2 == 0 ? 0 : 0xffffffffu};
    std::array<std::uint32_t, 8> expected, h;
    expected.fill(0x9e3779b9 * seed);
    h = expected;
    const auto start = h;
    compress_portable(expected.data(), input);
    if (cpu::has_avx2()) {
      compress_avx2(h.data(), input);
      ASSERT_EQ(h, expected);
    }
    if (cpu::has_avx512()) {
      h = start;
      compress_avx512(h.data(), input);
      ASSERT_EQ(h, expected);
    }
  }
}
#endif

TEST(Blake2s, RefusesSizesOutOfRange) {
  const ByteArray<33> key{};
  EXPECT_DEATH(Blake2s(0), "");
  EXPECT_DEATH(Blake2s(33), "");
  EXPECT_DEATH(Blake2s(32, key), "");
}

TEST(Blake2s, DoesNotUseTheHeap) {
  const ByteArray<200> message{};
  ByteArray<32> out;
  const test::HeapCount heap;
  blake2s(out, message, out);
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
