#include "core/api/request.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/crypto/sha2.h"
#include "core/crypto/x25519.h"
#include "ports/fake/rng.h"
#include "test/no_heap.h"

namespace core::api {
namespace {

struct Identity {
  Secret<32> private_key;
  ByteArray<33> public_key;

  explicit Identity(std::uint64_t seed) : private_key(make(seed)) {
    public_key[0] = 0x05;
    copy(crypto::x25519_public(private_key), MutBytes(public_key).subspan(1));
  }

 private:
  static Secret<32> make(std::uint64_t seed) {
    ports::fake::FakeRng rng(seed);
    return *crypto::x25519_private(rng);
  }
};

DeviceName alice() { return *DeviceName::parse(label("alice")); }
DeviceName alicf() { return *DeviceName::parse(label("alicf")); }

const ByteArray<16> kId{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
const ByteArray<5> kBody = label("hello");

// A request's encoding and its parsed form.
struct Made {
  std::vector<std::uint8_t> bytes;
  RequestView view() const { return *RequestView::parse(bytes); }
};

Made make(Method method, const Identity& identity) {
  ports::fake::FakeRng rng(7);
  std::vector<std::uint8_t> out(256);
  out.resize(*encode_request(alice(), method, kId, kBody, identity.private_key, rng, out));
  return {out};
}

TEST(Requests, AreSignedWhereTheMethodChangesState) {
  const Identity identity(1);
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    const auto method = static_cast<Method>(i);
    const auto made = make(method, identity);
    EXPECT_EQ(made.view().signature.size(), must_be_signed(method) ? 64u : 0u);
    EXPECT_TRUE(equal_var(made.view().body, kBody));
    EXPECT_TRUE(equal_var(made.view().request_id, kId));
    EXPECT_TRUE(verify_request(alice(), method, made.view(), identity.public_key).ok());
  }
  for (const Method unsigned_method : {Method::kStatus, Method::kContacts}) {
    EXPECT_FALSE(must_be_signed(unsigned_method));
  }
}

// The text below was put together by a few lines of Python with hashlib.
TEST(Requests, SignTheTextOfTheSpecification) {
  const auto hash = crypto::sha256(kBody);
  std::vector<std::uint8_t> text;
  const auto part = [&text](Bytes bytes) {
    text.push_back(static_cast<std::uint8_t>(bytes.size()));
    text.insert(text.end(), bytes.begin(), bytes.end());
  };
  part(label("Ginnel request 1"));
  part(label("alice"));
  part(label("publish"));
  part(kId);
  part(hash);
  EXPECT_EQ(text.size(), 81u);
  EXPECT_EQ(text[0], 0x10);
  EXPECT_EQ(text[48], 0x20);
  EXPECT_EQ(text[49], 0x2c);  // 2cf24dba...: SHA-256 of "hello"
  const Identity identity(1);
  const auto made = make(Method::kPublish, identity);
  EXPECT_TRUE(crypto::xeddsa_verify(View<32>(identity.public_key.data() + 1, 32), text,
                                    made.view().signature.first<64>())
                  .ok());
}

TEST(Requests, AreRefusedIfAnythingSignedHasChanged) {
  const Identity identity(1), other(2);
  const auto made = make(Method::kSend, identity);
  const auto request = made.view();
  const auto verify = [&](const RequestView& r) {
    return verify_request(alice(), Method::kSend, r, identity.public_key);
  };
  ASSERT_TRUE(verify(request).ok());

  EXPECT_FALSE(verify_request(alicf(), Method::kSend, request, identity.public_key).ok());
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    const auto method = static_cast<Method>(i);
    if (method == Method::kSend || !must_be_signed(method)) continue;
    EXPECT_EQ(verify_request(alice(), method, request, identity.public_key).error(),
              Error::kBadTag);
  }
  for (std::size_t i = 0; i < kRequestIdSize; ++i) {
    auto id = kId;
    id[i] ^= 1;
    EXPECT_FALSE(verify({id, request.body, request.signature}).ok());
  }
  for (std::size_t i = 0; i < kBody.size(); ++i) {
    auto body = kBody;
    body[i] ^= 0x80;
    EXPECT_FALSE(verify({kId, body, request.signature}).ok());
  }
  EXPECT_FALSE(verify({kId, Bytes(kBody).first(4), request.signature}).ok());
  EXPECT_FALSE(verify({kId, {}, request.signature}).ok());
  auto signature = to_array(request.signature.first<64>());
  for (std::size_t i = 0; i < 64; ++i) {
    signature[i] ^= 4;
    EXPECT_FALSE(verify({kId, request.body, signature}).ok()) << i;
    signature[i] ^= 4;
  }
  EXPECT_EQ(verify({kId, request.body, {}}).error(), Error::kBadTag);
  EXPECT_EQ(verify({kId, request.body, Bytes(signature).first(63)}).error(), Error::kBadTag);
  EXPECT_EQ(verify_request(alice(), Method::kSend, request, other.public_key).error(),
            Error::kBadTag);
  auto bad_key = identity.public_key;
  bad_key[0] = 0x08;
  EXPECT_EQ(verify_request(alice(), Method::kSend, request, bad_key).error(), Error::kBadKey);
}

TEST(Requests, FitExactlyOrAreFullOfZeros) {
  const Identity identity(1);
  ports::fake::FakeRng rng(7);
  const std::size_t needed = make(Method::kAck, identity).bytes.size();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, needed - 1}) {
    ByteArray<256> out;
    out.fill(0xa5);
    const auto result = encode_request(alice(), Method::kAck, kId, kBody, identity.private_key, rng,
                                       MutBytes(out).first(size));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), Error::kFull);
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i < size ? 0 : 0xa5);
  }
}

TEST(Requests, FailIfThereIsNoRandomness) {
  const Identity identity(1);
  ports::fake::FakeRng rng(7);
  rng.fail_at(1);
  ByteArray<256> out;
  out.fill(0xa5);
  EXPECT_EQ(
      encode_request(alice(), Method::kAck, kId, kBody, identity.private_key, rng, out).error(),
      Error::kRng);
  EXPECT_EQ(out, (ByteArray<256>{}));
}

// From Python's hashlib.
TEST(RepeatedUseDigest, IsThatOfTheSpecification) {
  ByteArray<33> identity_key{5}, signed_key;
  ByteArray<1569> kem_key;
  const ByteArray<64> signature{};
  signed_key.fill(1);
  signed_key[0] = 5;
  kem_key.fill(2);
  kem_key[0] = 8;
  const auto digest = [&] {
    return repeated_use_digest(identity_key, {7, signed_key, signature}, {9, kem_key, signature});
  };
  const auto first = digest();
  EXPECT_EQ(first, (ByteArray<32>{0x7f, 0x96, 0xf2, 0x2f, 0xf2, 0x33, 0x2a, 0xc4, 0x70, 0x16, 0x99,
                                  0x66, 0x24, 0xc6, 0x44, 0xb3, 0xff, 0xcc, 0x5d, 0xd3, 0x2a, 0x27,
                                  0x90, 0x42, 0xa5, 0x95, 0x2e, 0xb9, 0xe9, 0x1a, 0x70, 0x92}));
  kem_key[1568] ^= 1;
  EXPECT_NE(digest(), first);
}

TEST(Requests, UseNoHeap) {
  const Identity identity(1);
  ports::fake::FakeRng rng(7);
  const auto device = alice();
  ByteArray<256> out{};
  const test::HeapCount heap;
  const auto size =
      encode_request(device, Method::kSend, kId, kBody, identity.private_key, rng, out);
  const bool ok =
      size.ok() && verify_request(device, Method::kSend,
                                  *RequestView::parse(Bytes(out).first(*size)), identity.public_key)
                       .ok();
  EXPECT_EQ(heap.count(), 0u);
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace core::api
