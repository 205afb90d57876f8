#include "core/api/enrolment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ports/fake/rng.h"
#include "test/no_heap.h"

namespace core::api {
namespace {

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

Secret<16> secret(std::uint8_t first = 0) {
  Secret<16> out;
  for (std::uint8_t i = 0; i < 16; ++i) out.mut()[i] = i;
  out.mut()[0] = first;
  return out;
}

// Gives 0x40, 0x41, ... as nonces.
class CountingRng final : public Rng {
 public:
  Status fill(MutBytes out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(0x40 + i);
    return {};
  }
};

std::vector<std::uint8_t> sealed(Bytes plain, Direction direction) {
  ports::fake::FakeRng rng(3);
  std::vector<std::uint8_t> out(plain.size() + kEnrolOverhead);
  EXPECT_EQ(*seal_enrolment(secret(), direction, plain, rng, out), out.size());
  return out;
}

Error error_of(const Secret<16>& key, Direction direction, Bytes in) {
  std::vector<std::uint8_t> out(in.size(), 0xa5);
  const auto size = open_enrolment(key, direction, in, out);
  EXPECT_FALSE(size.ok());
  for (const auto b : out) EXPECT_EQ(b, 0);
  return size ? Error::kRefused : size.error();
}

// Made with Python: hmac, and the `cryptography` package's ChaCha20-Poly1305
// behind an HChaCha20 written from the draft.
TEST(Enrolment, SealsAsSpecified) {
  const auto expected = from_hex(
      "0abc68122e9d9446"
      "404142434445464748494a4b4c4d4e4f5051525354555657"
      "82c74890194e6fdec591220538d1c08accc4d33009");
  CountingRng rng;
  std::vector<std::uint8_t> out(5 + kEnrolOverhead);
  const auto size = seal_enrolment(secret(), Direction::kRequest, label("hello"), rng, out);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(out, expected);
  EXPECT_TRUE(equal_var(invite_id(secret()), Bytes(expected).first(8)));
}

TEST(Enrolment, OpensWhatWasSealed) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 20000u}) {
    for (const Direction direction : {Direction::kRequest, Direction::kResponse}) {
      std::vector<std::uint8_t> plain(size);
      for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<std::uint8_t>(i * 11);
      const auto message = sealed(plain, direction);
      std::vector<std::uint8_t> out(message.size() - 32);
      const auto opened = open_enrolment(secret(), direction, message, out);
      ASSERT_TRUE(opened.ok());
      EXPECT_TRUE(equal_var(Bytes(out).first(*opened), plain));
    }
  }
}

TEST(Enrolment, NoticesEveryChangedBit) {
  const auto message = sealed(label("certificate"), Direction::kResponse);
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    auto changed = message;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_EQ(error_of(secret(), Direction::kResponse, changed),
              bit < 64 ? Error::kNotFound : Error::kBadTag);
  }
}

TEST(Enrolment, RefusesTheWrongSecretDirectionAndSize) {
  const auto message = sealed(label("request"), Direction::kRequest);
  EXPECT_EQ(error_of(secret(), Direction::kResponse, message), Error::kBadTag);
  EXPECT_EQ(error_of(secret(1), Direction::kRequest, message), Error::kNotFound);
  // Another secret under this one's id.
  auto relabelled = message;
  copy(invite_id(secret(1)), relabelled);
  EXPECT_EQ(error_of(secret(1), Direction::kRequest, relabelled), Error::kBadTag);
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_EQ(error_of(secret(), Direction::kRequest, Bytes(message).first(size)),
              size < kEnrolOverhead ? Error::kMalformed : Error::kBadTag);
  }
  auto longer = message;
  longer.push_back(0);
  EXPECT_EQ(error_of(secret(), Direction::kRequest, longer), Error::kBadTag);
}

TEST(Enrolment, IsFullOfZerosWithoutRoomOrRandomness) {
  ports::fake::FakeRng rng(3);
  std::vector<std::uint8_t> out(5 + kEnrolOverhead - 1, 0xa5);
  EXPECT_EQ(seal_enrolment(secret(), Direction::kRequest, label("hello"), rng, out).error(),
            Error::kFull);
  EXPECT_EQ(out, std::vector<std::uint8_t>(out.size()));
  out.assign(5 + kEnrolOverhead, 0xa5);
  rng.fail_at(1);
  EXPECT_EQ(seal_enrolment(secret(), Direction::kRequest, label("hello"), rng, out).error(),
            Error::kRng);
  EXPECT_EQ(out, std::vector<std::uint8_t>(out.size()));
  const auto message = sealed(label("hello"), Direction::kRequest);
  out.assign(message.size() - 33, 0xa5);
  EXPECT_EQ(open_enrolment(secret(), Direction::kRequest, message, out).error(), Error::kFull);
  EXPECT_EQ(out, std::vector<std::uint8_t>(out.size()));
}

TEST(Enrolment, TwoSealsDiffer) {
  ports::fake::FakeRng rng(3);
  ByteArray<5 + kEnrolOverhead> a{}, b{};
  ASSERT_TRUE(seal_enrolment(secret(), Direction::kRequest, label("hello"), rng, a).ok());
  ASSERT_TRUE(seal_enrolment(secret(), Direction::kRequest, label("hello"), rng, b).ok());
  EXPECT_NE(a, b);
}

std::vector<std::uint8_t> proof(const Secret<16>& of, View<33> key, std::uint32_t id, Bytes csr,
                                Bytes tunnel_key = {}) {
  const EnrolmentProof made(of, key, id, csr, tunnel_key);
  return {made.message().begin(), made.message().end()};
}

TEST(Enrolment, TheProofNamesInviteKeysAndCsr) {
  ByteArray<33> key{5, 1, 2, 3};
  ByteArray<32> tunnel_key{9, 8, 7};
  const auto csr = label("csr");
  const auto text = proof(secret(), key, 0x01020304, csr);
  Bytes rest(text);
  EXPECT_EQ(rest.size(), 95u);
  EXPECT_TRUE(equal_var(rest.first(18), label("Ginnel enrolment 1")));
  EXPECT_TRUE(equal_var(rest.subspan(18, 8), invite_id(secret())));
  EXPECT_TRUE(equal_var(rest.subspan(26, 33), key));
  EXPECT_TRUE(equal_var(rest.subspan(59, 4), ByteArray<4>{1, 2, 3, 4}));
  EXPECT_NE(text, proof(secret(1), key, 0x01020304, csr));
  EXPECT_NE(text, proof(secret(), key, 0x01020305, csr));
  EXPECT_NE(text, proof(secret(), key, 0x01020304, label("csq")));
  const auto with_tunnel = proof(secret(), key, 0x01020304, csr, tunnel_key);
  EXPECT_EQ(with_tunnel.size(), 127u);
  EXPECT_TRUE(equal_var(Bytes(with_tunnel).first(95), text));
  EXPECT_TRUE(equal_var(Bytes(with_tunnel).subspan(95), tunnel_key));
  key[32] = 1;
  EXPECT_NE(text, proof(secret(), key, 0x01020304, csr));
}

TEST(Enrolment, UsesNoHeap) {
  ports::fake::FakeRng rng(3);
  ByteArray<5 + kEnrolOverhead> out{}, plain{};
  const auto key = secret();
  const test::HeapCount heap;
  const bool ok = seal_enrolment(key, Direction::kRequest, label("hello"), rng, out).ok() &&
                  open_enrolment(key, Direction::kRequest, out, plain).ok();
  EXPECT_EQ(heap.count(), 0u);
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace core::api
