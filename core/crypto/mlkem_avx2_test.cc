// ML-KEM's arithmetic in AVX2 against the portable code: equal outputs, for
// inputs at the ends of what each function takes and for random ones.
#include "core/crypto/mlkem_avx2.h"

#include <gtest/gtest.h>

#include <random>

#include "core/crypto/cpu.h"
#include "core/crypto/mlkem_portable.h"

#ifdef __x86_64__

namespace core::crypto::mlkem {
namespace {

class MlKemAvx2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu::has_avx2()) GTEST_SKIP() << "this processor has no AVX2";
  }

  // Coefficients from `low` to `high`: first all at one end, all at the other,
  // and the ends in turn; then random.
  Poly poly(int round, int low, int high) {
    Poly out;
    for (std::size_t i = 0; i < kN; ++i) {
      const auto random = static_cast<int>(engine_() % static_cast<unsigned>(high - low + 1));
      const int choices[] = {low, high, i % 2 == 0 ? low : high, i % 16 < 8 ? high : low,
                             low + random};
      out.at[i] = static_cast<std::int16_t>(choices[std::min(round, 4)]);
    }
    return out;
  }
  template <std::size_t N>
  ByteArray<N> bytes(int round) {
    ByteArray<N> out;
    for (auto& byte : out) {
      byte = round == 0 ? 0 : round == 1 ? 0xff : static_cast<std::uint8_t>(engine_());
    }
    return out;
  }

  static constexpr int kRounds = 300;
  static constexpr int kSmall = kQ - 1, kReduced = kQ / 2;

 private:
  std::mt19937 engine_{1};
};

TEST_F(MlKemAvx2, TransformsAlike) {
  for (int round = 0; round < kRounds; ++round) {
    Poly a = poly(round, -kSmall, kSmall), b = a;
    portable::transform(a);
    avx2::transform(b.at.data());
    ASSERT_EQ(a.at, b.at);
    a = b = poly(round, -kReduced, kReduced);
    portable::transform_back(a);
    avx2::transform_back(b.at.data());
    ASSERT_EQ(a.at, b.at);
  }
}

TEST_F(MlKemAvx2, MultipliesAlike) {
  for (int round = 0; round < kRounds; ++round) {
    std::array<Poly, 4> a, b;
    std::array<Factor, 4> factors, fast_factors;
    for (std::size_t i = 0; i < 4; ++i) {
      a[i] = poly(round, round % 2 == 0 ? 0 : -kReduced, round % 2 == 0 ? kSmall : kReduced);
      b[i] = poly((round + static_cast<int>(i)) % kRounds, -kReduced, kReduced);
      portable::prepare(b[i], factors[i]);
      avx2::prepare(b[i].at.data(), fast_factors[i].at.data());
      ASSERT_EQ(factors[i].at, fast_factors[i].at);
    }
    for (std::size_t count = 1; count <= 4; ++count) {
      Poly expected, out;
      portable::dot(std::span(a).first(count), std::span(b).first(count),
                    std::span(factors).first(count), expected);
      avx2::dot(a[0].at.data(), b[0].at.data(), factors[0].at.data(), count, out.at.data());
      ASSERT_EQ(expected.at, out.at);
      Poly first = a[0];  // the output may be one of the inputs
      avx2::dot(a[0].at.data(), b[0].at.data(), factors[0].at.data(), count, a[0].at.data());
      ASSERT_EQ(expected.at, a[0].at);
      a[0] = first;
    }
  }
}

TEST_F(MlKemAvx2, AddsAndReducesAlike) {
  for (int round = 0; round < kRounds; ++round) {
    const Poly b = poly(round, -kSmall, kSmall);
    Poly a = poly((round + 1) % kRounds, -kSmall, kSmall), fast = a;
    portable::add(a, b);
    avx2::add(fast.at.data(), b.at.data());
    ASSERT_EQ(a.at, fast.at);
    a = fast = poly((round + 1) % kRounds, -kSmall, kSmall);
    portable::subtract_from(a, b);
    avx2::subtract_from(fast.at.data(), b.at.data());
    ASSERT_EQ(a.at, fast.at);
    a = fast = poly(round, INT16_MIN, INT16_MAX);
    portable::scale(a);
    avx2::scale(fast.at.data());
    ASSERT_EQ(a.at, fast.at);
    a = fast = poly(round, -kReduced, kReduced);
    portable::make_canonical(a);
    avx2::make_canonical(fast.at.data());
    ASSERT_EQ(a.at, fast.at);
  }
}

TEST_F(MlKemAvx2, EncodesAndDecodesAlike) {
  for (int round = 0; round < kRounds; ++round) {
    const Poly a = poly(round, 0, kSmall);
    ByteArray<kPolyBytes + 1> expected{}, out{};
    portable::encode(a, MutView<kPolyBytes + 1>(expected).first<kPolyBytes>());
    avx2::encode(a.at.data(), out.data());
    ASSERT_EQ(expected, out);  // with the byte behind
    Poly decoded, fast;
    const auto in = round % 3 == 0 ? bytes<kPolyBytes>(round)
                                   : to_array(View<kPolyBytes + 1>(out).first<kPolyBytes>());
    ASSERT_EQ(portable::decode(in, decoded), avx2::decode(in.data(), fast.at.data()));
    ASSERT_EQ(decoded.at, fast.at);
  }
}

TEST_F(MlKemAvx2, FindsEachCoefficientThatIsNotReduced) {
  for (std::size_t i = 0; i < kN; ++i) {
    Poly a{};
    a.at[transformed_position(i)] = kQ;
    ByteArray<kPolyBytes> encoded;
    portable::encode(a, encoded);
    ASSERT_FALSE(avx2::decode(encoded.data(), a.at.data())) << i;
    ASSERT_FALSE(portable::decode(encoded, a)) << i;
  }
}

TEST_F(MlKemAvx2, CompressesEveryCoefficientAlike) {
  for (const std::size_t bits : {4, 5, 10, 11}) {
    for (int start = -kReduced; start <= kReduced; start += kN) {
      Poly a;
      for (int i = 0; i < static_cast<int>(kN); ++i) {
        a.at[static_cast<std::size_t>(i)] =
            static_cast<std::int16_t>(std::min(start + i, kReduced));
      }
      ByteArray<353> expected{}, out{};
      portable::compress(a, bits, MutBytes(expected).first(32 * bits));
      avx2::compress(a.at.data(), bits, out.data());
      ASSERT_EQ(expected, out) << bits;
      ByteArray<32> message, fast_message;
      portable::to_message(a, message);
      avx2::to_message(a.at.data(), fast_message.data());
      ASSERT_EQ(message, fast_message);
    }
  }
}

TEST_F(MlKemAvx2, CompressesAndDecompressesAlike) {
  for (int round = 0; round < kRounds; ++round) {
    for (const std::size_t bits : {4, 5, 10, 11}) {
      const Poly a = poly(round, -kReduced, kReduced);
      ByteArray<352> expected{}, out{};
      portable::compress(a, bits, MutBytes(expected).first(32 * bits));
      avx2::compress(a.at.data(), bits, out.data());
      ASSERT_EQ(expected, out) << bits;
      const auto in = bytes<352>(round);
      Poly plain, fast;
      portable::decompress(Bytes(in).first(32 * bits), bits, plain);
      avx2::decompress(in.data(), bits, fast.at.data());
      ASSERT_EQ(plain.at, fast.at) << bits;
    }
    const auto message = bytes<32>(round);
    Poly plain, fast;
    portable::from_message(message, plain);
    avx2::from_message(message.data(), fast.at.data());
    ASSERT_EQ(plain.at, fast.at);
  }
}

TEST_F(MlKemAvx2, SamplesAlike) {
  for (int round = 0; round < kRounds; ++round) {
    // What is behind a polynomial stays as it is.
    std::array<Poly, 2> expected{}, out{};
    std::size_t next = 0, fast_next = 0;
    for (int block = 0; block < 20 && next < kN; ++block) {
      const auto random = bytes<kUniformRoom>(block < 2 ? (round + block) % 4 : 2);
      next = portable::take_uniform(random, next, expected[0]);
      fast_next = avx2::take_uniform(random.data(), fast_next, out[0].at.data());
      ASSERT_EQ(next, fast_next);
      const auto& found = expected[0].at;
      ASSERT_TRUE(std::equal(found.begin(), found.begin() + next, out[0].at.begin()));
    }
    ASSERT_EQ(next, kN);
    ASSERT_EQ(expected[1].at, out[1].at);
    Poly arranged = expected[0], fast = expected[0];
    portable::arrange(arranged);
    avx2::arrange(fast.at.data());
    ASSERT_EQ(arranged.at, fast.at);
    const auto bits = bytes<kBinomialBits>(round);
    portable::take_binomial(bits, arranged);
    avx2::take_binomial(bits.data(), fast.at.data());
    ASSERT_EQ(arranged.at, fast.at);
  }
}

}  // namespace
}  // namespace core::crypto::mlkem

#endif
