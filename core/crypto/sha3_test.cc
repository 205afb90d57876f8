// Known answers: [FIPS202] examples. The digest over many sizes was computed
// with Python's hashlib.
#include "core/crypto/sha3.h"

#include <gtest/gtest.h>

#include "core/crypto/cpu.h"
#include "core/crypto/keccak.h"
#include "core/crypto/keccak_vector.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::to_hex;

std::vector<std::uint8_t> sample(std::size_t size) {
  std::vector<std::uint8_t> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(7 * i + size);
  return out;
}

TEST(Sha3, MatchesTheExamplesOfTheStandard) {
  EXPECT_EQ(to_hex(sha3_256({})),
            "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
  EXPECT_EQ(to_hex(sha3_256(label("abc"))),
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  EXPECT_EQ(to_hex(sha3_512(label("abc"))),
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
            "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
  ByteArray<32> out;
  shake128({}, out);
  EXPECT_EQ(to_hex(out), "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
  shake256({}, out);
  EXPECT_EQ(to_hex(out), "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
}

TEST(Sha3, MatchesAnotherImplementationAtEverySize) {
  std::vector<std::uint8_t> all;
  const auto add = [&](Bytes digest) { all.insert(all.end(), digest.begin(), digest.end()); };
  for (std::size_t size = 0; size <= 600; ++size) {
    const auto message = sample(size);
    std::vector<std::uint8_t> out(size);
    add(sha3_256(message));
    add(sha3_512(message));
    shake128(message, out);
    add(out);
    shake256(message, out);
    add(out);
  }
  EXPECT_EQ(to_hex(sha3_256(all)),
            "493da84a43e15943030a2367d7656fc461672df4f17a3223ffcbac880fe5491d");
}

TEST(Shake, PiecesEqualTheWhole) {
  const auto message = sample(500);
  std::vector<std::uint8_t> whole(1000), pieces(1000);
  shake128(message, whole);
  for (std::size_t step = 1; step < 400; step += 13) {
    Shake shake(Shake::Strength::k128);
    for (std::size_t at = 0; at < message.size(); at += step) {
      shake.absorb(Bytes(message).subspan(at, std::min(step, message.size() - at)));
    }
    for (std::size_t at = 0; at < pieces.size(); at += step) {
      shake.squeeze(MutBytes(pieces).subspan(at, std::min(step, pieces.size() - at)));
    }
    EXPECT_EQ(pieces, whole);
  }
}

TEST(Shake, DoesNotAbsorbAfterSqueezing) {
  Shake shake(Shake::Strength::k256);
  ByteArray<1> out;
  shake.squeeze(out);
  EXPECT_DEATH(shake.absorb(out), "");
}

TEST(Keccak, FourAtOnceEqualOneByOne) {
  for (std::size_t count = 1; count <= 4; ++count) {
    keccak::FourStates fast, portable;
    std::array<keccak::State, 4> single;
    for (std::size_t i = 0; i < 100; ++i) {
      fast.lanes[i] = portable.lanes[i] = single[i % 4][i / 4] = 0x9e3779b97f4a7c15u * (i + count);
    }
    for (int round = 0; round < 3; ++round) {
      keccak::permute4(fast, count);
      keccak::permute4_portable(portable, count);
      for (auto& state : single) keccak::permute(state);
      for (std::size_t i = 0; i < 100; ++i) {
        if (i % 4 >= count) continue;
        EXPECT_EQ(fast.lanes[i], single[i % 4][i / 4]);
        EXPECT_EQ(portable.lanes[i], single[i % 4][i / 4]);
      }
    }
  }
}

#ifdef __x86_64__
TEST(Keccak, CodeForOneKindOfProcessorAgreesWithThePortable) {
  struct Code {
    bool runs;
    void (*one)(keccak::State&);
    void (*four)(keccak::FourStates&);
  };
  for (const Code& code :
       {Code{cpu::has_avx2(), keccak::permute_avx2, keccak::permute4_avx2},
        Code{cpu::has_avx512(), keccak::permute_avx512, keccak::permute4_avx512}}) {
    if (!code.runs) continue;
    keccak::FourStates four, four_expected;
    keccak::State one, one_expected;
    for (std::size_t i = 0; i < 100; ++i) {
      four.lanes[i] = four_expected.lanes[i] = 0x9e3779b97f4a7c15u * (i + 1);
      one[i / 4] = one_expected[i / 4] = four.lanes[i];
    }
    for (int round = 0; round < 100; ++round) {
      code.one(one);
      code.four(four);
      keccak::permute_portable(one_expected);
      keccak::permute4_portable(four_expected, 4);
      ASSERT_EQ(one, one_expected);
      ASSERT_EQ(four.lanes, four_expected.lanes);
    }
  }
}
#endif

TEST(Sha3, DoesNotUseTheHeap) {
  const ByteArray<300> text{};
  ByteArray<300> out;
  keccak::FourStates states{};
  const test::HeapCount heap;
  (void)sha3_256(text);
  (void)sha3_512(text);
  shake128(text, out);
  shake256(text, out);
  keccak::permute4(states, 4);
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
