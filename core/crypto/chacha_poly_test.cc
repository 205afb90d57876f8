// Our code, for each kind of processor, against libsodium's, and Poly1305 against
// its own on extreme keys and blocks.
#include "core/crypto/chacha_poly.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <random>

#include "core/crypto/cpu.h"
#include "core/crypto/ct.h"
#include "core/crypto/poly1305_words.h"
#include "test/vectors.h"
#ifdef __x86_64__
#include "core/crypto/poly1305.h"
#endif

namespace core::crypto::chacha_poly {
namespace {

using test::hex;
using test::to_hex;

using Run = void (*)(Job*, std::size_t);

// What this processor can run of ours.
std::vector<std::pair<const char*, Run>> our_code() {
  std::vector<std::pair<const char*, Run>> out{{"words", run_words}};
#ifdef __x86_64__
  if (cpu::has_avx2()) out.emplace_back("avx2", run_avx2);
  if (cpu::has_avx512()) out.emplace_back("avx512", run_avx512);
#endif
  return out;
}

// Reproducible bytes.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::vector<std::uint8_t> bytes(std::size_t size) {
    std::vector<std::uint8_t> out(size);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
    return out;
  }
  std::size_t below(std::size_t end) { return engine_() % end; }

 private:
  std::mt19937 engine_;
};

class ChaChaPoly : public testing::Test {
 protected:
  // Seals by all code with the text at `offset` of an aligned buffer between
  // guards, compares, and opens it again.
  static void compare(Random& random, std::size_t size, std::size_t ad_size, std::size_t offset,
                      bool all_ones = false) {
    const auto key = random.bytes(32), nonce = random.bytes(12), ad = random.bytes(ad_size);
    const auto plaintext = all_ones ? std::vector<std::uint8_t>(size, 0xff) : random.bytes(size);
    auto expected = plaintext;
    Job reference{Direction::kSeal, key.data(),      nonce.data(), ad.data(),
                  ad_size,          expected.data(), size,         {}};
    run_portable(&reference, 1);
    for (const auto& [name, run] : our_code()) {
      alignas(64) std::array<std::uint8_t, 5000> buffer;
      ASSERT_LE(offset + size + 1, buffer.size());
      buffer.fill(0xa5);
      std::copy(plaintext.begin(), plaintext.end(), buffer.begin() + offset);
      Job job{Direction::kSeal,
              key.data(),
              nonce.data(),
              ad.data(),
              ad_size,
              buffer.data() + offset,
              size,
              {}};
      run(&job, 1);
      ASSERT_TRUE(equal_var({job.text, size}, expected)) << name << ' ' << size << ' ' << offset;
      ASSERT_EQ(to_hex(job.tag), to_hex(reference.tag)) << name << ' ' << size << ' ' << ad_size;
      job.direction = Direction::kOpen;
      std::fill(std::begin(job.tag), std::end(job.tag), 0);
      run(&job, 1);
      ASSERT_TRUE(equal_var({job.text, size}, plaintext)) << name << ' ' << size;
      ASSERT_EQ(to_hex(job.tag), to_hex(reference.tag)) << name << ' ' << size;
      std::fill_n(buffer.begin() + offset, size, 0xa5);
      ASSERT_EQ(std::count(buffer.begin(), buffer.end(), 0xa5), buffer.size()) << name;
    }
  }
};

TEST_F(ChaChaPoly, AgreesForEveryLength) {
  Random random(1);
  for (std::size_t size = 0; size <= 2200; ++size) compare(random, size, size % 23, 0);
}

TEST_F(ChaChaPoly, AgreesAtEveryAlignment) {
  Random random(2);
  for (std::size_t offset = 0; offset < 64; ++offset) {
    for (const std::size_t size : {1, 16, 63, 64, 65, 200, 449, 1420}) {
      compare(random, size, 0, offset);
    }
  }
}

TEST_F(ChaChaPoly, AgreesForEveryLengthOfAssociatedData) {
  Random random(3);
  for (std::size_t size = 0; size <= 300; ++size) compare(random, 70, size, 0);
}

TEST_F(ChaChaPoly, AgreesForRandomSizes) {
  Random random(4);
  for (int i = 0; i < 2000; ++i) {
    compare(random, random.below(4900), random.below(40), random.below(64));
  }
}

TEST_F(ChaChaPoly, AgreesForTextOfOnes) {
  Random random(5);
  for (std::size_t size = 0; size <= 1500; size += 7) compare(random, size, 0, 0, true);
}

TEST_F(ChaChaPoly, RunsManyJobsAsOneByOne) {
  Random random(8);
  for (int i = 0; i < 300; ++i) {
    const std::size_t count = random.below(9);
    std::vector<std::vector<std::uint8_t>> keys, nonces, ads, texts;
    std::vector<Job> expected;
    for (std::size_t k = 0; k < count; ++k) {
      keys.push_back(random.bytes(32));
      nonces.push_back(random.bytes(12));
      ads.push_back(random.bytes(random.below(2) * random.below(40)));
      texts.push_back(random.bytes(random.below(i % 2 == 0 ? 200 : 2000)));
    }
    auto work = texts;
    const auto jobs_on = [&](std::vector<std::vector<std::uint8_t>>& on) {
      std::vector<Job> jobs;
      for (std::size_t k = 0; k < count; ++k) {
        const auto direction =
            (k + static_cast<std::size_t>(i)) % 3 == 0 ? Direction::kOpen : Direction::kSeal;
        jobs.push_back({direction,
                        keys[k].data(),
                        nonces[k].data(),
                        ads[k].data(),
                        ads[k].size(),
                        on[k].data(),
                        on[k].size(),
                        {}});
      }
      return jobs;
    };
    auto wanted = texts;
    expected = jobs_on(wanted);
    run_portable(expected.data(), count);
    for (const auto& [name, run] : our_code()) {
      work = texts;
      auto jobs = jobs_on(work);
      run(jobs.data(), count);
      for (std::size_t k = 0; k < count; ++k) {
        ASSERT_TRUE(work[k] == wanted[k]) << name << ' ' << i << ' ' << k;
        ASSERT_EQ(to_hex(jobs[k].tag), to_hex(expected[k].tag)) << name << ' ' << i << ' ' << k;
      }
    }
  }
}

TEST_F(ChaChaPoly, AgreesWhereTheBlockCounterIsLarge) {
  Random random(6);
  const auto key = random.bytes(32), nonce = random.bytes(12);
  auto expected = random.bytes(5'000'000);
  const auto plaintext = expected;
  Job reference{Direction::kSeal, key.data(), nonce.data(), nullptr, 0, expected.data(),
                expected.size(),  {}};
  run_portable(&reference, 1);
  for (const auto& [name, run] : our_code()) {
    auto text = plaintext;
    Job job{Direction::kSeal, key.data(), nonce.data(), nullptr, 0, text.data(), text.size(), {}};
    run(&job, 1);
    EXPECT_TRUE(text == expected) << name;
    EXPECT_EQ(to_hex(job.tag), to_hex(reference.tag)) << name;
  }
}

TEST_F(ChaChaPoly, DerivesTheKeyOfALongNonce) {
  Random random(9);
  for (int i = 0; i < 1000; ++i) {
    const auto key = random.bytes(32), nonce = random.bytes(16);
    ByteArray<32> expected, out;
    crypto_core_hchacha20(expected.data(), nonce.data(), key.data(), nullptr);
    hchacha20(key.data(), nonce.data(), out.data());
    ASSERT_EQ(to_hex(out), to_hex(expected));
  }
}

// Poly1305 of whole blocks by our code, and by libsodium.
void compare_poly1305(Bytes key, const std::vector<std::uint8_t>& message) {
  ByteArray<16> expected, tag;
  crypto_onetimeauth_poly1305(expected.data(), message.data(), message.size(), key.data());
  Poly1305Words mac(key.first<32>());
  mac.absorb(message);
  mac.finish(tag);
  ASSERT_EQ(to_hex(tag), to_hex(expected)) << to_hex(key) << ' ' << to_hex(message);
#ifdef __x86_64__
  const auto r = poly1305::multiplier(key.data());
  poly1305::Number h{};
  for (std::size_t at = 0; at < message.size(); at += 16) {
    poly1305::absorb(h, r, message.data() + at);
    ASSERT_LT(h.w2, 6u);
  }
  poly1305::finish(h, poly1305::load(key.data() + 16), poly1305::load(key.data() + 24), tag.data());
  ASSERT_EQ(to_hex(tag), to_hex(expected)) << to_hex(key) << ' ' << to_hex(message);
#endif
}

TEST_F(ChaChaPoly, CarriesInPoly1305WhereBlocksAndKeysAreExtreme) {
  // The largest multiplier, the smallest ones, and pads of zeros and ones.
  const std::vector<std::string> multipliers = {
      "ffffffffffffffffffffffffffffffff", "00000000000000000000000000000000",
      "01000000000000000000000000000000", "02000000000000000000000000000000",
      "00000000000000000400000000000000", "fcffff0f000000000000000000000000",
      "0000000000000000fcffff0ffcffff0f", "ffffff0ffcffff0f0000000000000000"};
  const std::vector<std::string> blocks = {
      "ffffffffffffffffffffffffffffffff", "00000000000000000000000000000000",
      "fbffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff",
      "fcffffffffffffffffffffffffffffff", "fdffffffffffffffffffffffffffffff",
      "01000000000000000000000000000000", "fbfefefefefefefefefefefefefefefe",
      "01010101010101010101010101010101", "f0ffffffffffffffffffffffffffffff",
      "11000000000000000000000000000000", "ffffffffffffffff0000000000000000",
      "0000000000000000ffffffffffffffff"};
  for (const auto& multiplier : multipliers) {
    for (const auto* pad :
         {"00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff"}) {
      const auto key = hex(multiplier + pad);
      for (const auto& a : blocks) {
        for (const auto& b : blocks) {
          compare_poly1305(key, hex(a + b));
          for (const auto& c : blocks) compare_poly1305(key, hex(a + b + c));
        }
        std::string many;
        for (int i = 0; i < 64; ++i) many += a;
        compare_poly1305(key, hex(many));
      }
    }
  }
}

TEST_F(ChaChaPoly, AgreesInPoly1305ForRandomKeys) {
  Random random(7);
  for (int i = 0; i < 20000; ++i) {
    compare_poly1305(random.bytes(32), random.bytes(16 * random.below(8)));
  }
}

}  // namespace
}  // namespace core::crypto::chacha_poly
