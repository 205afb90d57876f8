// Sender keys. Vectors: test/vectors/signal/senderkey.json, of libsignal 0.103.0.
#include "core/e2e/sender_key.h"

#include <gtest/gtest.h>

#include "core/base/protobuf.h"
#include "core/e2e/two_peers_test.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::e2e {
namespace {

using test::hex;

constexpr ByteArray<16> kGroup{0xd1, 0xd1, 0xd1, 0xd1, 7};

// One sender, and one member that has been handed its key.
struct Pair {
  explicit Pair(std::uint64_t seed = 1) : rng(seed), ours(*OurSenderKey::make(rng)) {}

  Buffer distribution() const {
    Buffer out(SenderKeyDistribution::kMaxSize);
    out.resize(*ours.distribution(kGroup, out));
    return out;
  }
  void hand_over() { theirs->add(*SenderKeyDistribution::parse(distribution())); }
  Buffer send(std::string_view text) {
    Buffer out(group_encrypted_size(text.size()));
    out.resize(*ours.encrypt(kGroup, bytes_of(text), rng, out));
    return out;
  }
  Result<std::string> receive(const Buffer& wire) {
    const auto message = TRY(SenderKeyMessage::parse(wire));
    plaintext.assign(wire.size(), 0xaa);
    const auto size = TRY(theirs->decrypt(message, plaintext));
    return std::string(plaintext.begin(), plaintext.begin() + static_cast<std::ptrdiff_t>(size));
  }
  Buffer stored() const {
    Buffer out(TheirSenderKeys::kMaxSerializedSize);
    out.resize(*theirs->serialize(out));
    return out;
  }
  void restart() {
    const auto before = stored();
    theirs = std::make_unique<TheirSenderKeys>();
    ASSERT_TRUE(TheirSenderKeys::parse(before, *theirs).ok());
  }

  TestRng rng;
  OurSenderKey ours;
  std::unique_ptr<TheirSenderKeys> theirs = std::make_unique<TheirSenderKeys>();
  Buffer plaintext;
};

OurSenderKey stored_key(std::uint32_t chain_id, View<32> chain_key, std::uint32_t iteration,
                        const OurSigningKey& signing) {
  Buffer stored(OurSenderKey::kStoredSize);
  Writer out(stored);
  out.u32_be(chain_id);
  out.bytes(chain_key);
  out.u32_be(iteration);
  out.bytes(signing.private_key().view());
  out.bytes(signing.public_key());
  Reader in(stored);
  return *OurSenderKey::read(in);
}

TEST(SenderKey, ReadsWhatLibsignalWrote) {
  const auto file = test::load_vectors("signal/senderkey.json");
  const auto distribution = SenderKeyDistribution::parse(hex(file["skdm"]));
  ASSERT_TRUE(distribution.ok());
  EXPECT_EQ(test::to_hex(distribution->distribution_id), "d1d1d1d1700011ebb32a33b8a8a487a6");
  EXPECT_EQ(distribution->iteration, 0u);
  Pair pair;
  pair.theirs->add(*distribution);
  ASSERT_EQ(file["messages"].size(), 6u);
  for (const auto& message : file["messages"]) {
    ASSERT_EQ(message["type"], kSenderKeyType);
    const auto wire = hex(message["wire"]);
    const auto text = pair.receive(wire);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(Buffer(text->begin(), text->end()), hex(message["plaintext"]));
    EXPECT_EQ(pair.receive(wire).error(), Error::kReplay);
    pair.restart();
  }
}

TEST(SenderKey, ReadsWhatLibsignalWroteInAnyOrder) {
  const auto file = test::load_vectors("signal/senderkey.json");
  Pair pair;
  pair.theirs->add(*SenderKeyDistribution::parse(hex(file["skdm"])));
  for (const int i : {4, 1, 5, 0, 3, 2}) {
    const auto& message = file["messages"][static_cast<std::size_t>(i)];
    const auto text = pair.receive(hex(message["wire"]));
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(Buffer(text->begin(), text->end()), hex(message["plaintext"]));
    pair.restart();
  }
  EXPECT_EQ(pair.theirs->skipped_count(), 0u);
}

// All but the signature, for which the vectors do not have the private key.
TEST(SenderKey, WritesTheBytesOfLibsignal) {
  const auto file = test::load_vectors("signal/senderkey.json");
  const auto wire = hex(file["skdm"]);
  const auto distribution = SenderKeyDistribution::parse(wire);
  Buffer again(SenderKeyDistribution::kMaxSize);
  again.resize(*encode_distribution(*distribution, again));
  EXPECT_EQ(again, wire);

  TestRng rng(7);
  auto ours = stored_key(distribution->chain_id, distribution->chain_key.view(), 0,
                         OurSigningKey(draw32(rng).view()));
  for (const auto& message : file["messages"]) {
    const auto expected = hex(message["wire"]);
    const auto text = hex(message["plaintext"]);
    Buffer out(group_encrypted_size(text.size()));
    const auto size = ours.encrypt(distribution->distribution_id, text, rng, out);
    ASSERT_TRUE(size.ok());
    ASSERT_EQ(*size, expected.size());
    EXPECT_TRUE(equal_var(Bytes(out).first(*size - 64), Bytes(expected).first(*size - 64)));
  }
}

TEST(SenderKey, AMemberAddedLaterReadsFromThereOn) {
  Pair pair;
  const auto before = pair.send("before");
  pair.hand_over();
  EXPECT_EQ(pair.receive(before).error(), Error::kReplay);
  EXPECT_EQ(*pair.receive(pair.send("after")), "after");
}

TEST(SenderKey, EveryBitFlippedIsRefusedAndChangesNothing) {
  Pair pair;
  pair.hand_over();
  pair.send("skipped");
  const auto wire = pair.send("text");
  const auto before = pair.stored();
  for (std::size_t bit = 0; bit < 8 * wire.size(); ++bit) {
    auto flipped = wire;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    pair.plaintext.clear();
    EXPECT_FALSE(pair.receive(flipped).ok()) << bit;
    for (const auto byte : pair.plaintext) ASSERT_EQ(byte, 0) << bit;
    ASSERT_EQ(pair.stored(), before) << bit;
  }
  EXPECT_EQ(*pair.receive(wire), "text");
}

TEST(SenderKey, EveryTruncationIsRefused) {
  Pair pair;
  pair.hand_over();
  const auto wire = pair.send("text");
  for (std::size_t size = 0; size < wire.size(); ++size) {
    EXPECT_FALSE(pair.receive(Buffer(wire.begin(), wire.begin() + static_cast<int>(size))).ok());
  }
  const auto distribution = pair.distribution();
  for (std::size_t size = 0; size < distribution.size(); ++size) {
    EXPECT_FALSE(SenderKeyDistribution::parse(Bytes(distribution).first(size)).ok()) << size;
    Buffer room(size);
    EXPECT_EQ(pair.ours.distribution(kGroup, room).error(), Error::kFull);
    for (const auto byte : room) EXPECT_EQ(byte, 0);
  }
  EXPECT_EQ(*pair.receive(wire), "text");
}

// A member knows every secret of another's chain, but not the signing key.
TEST(SenderKey, AMemberCannotWriteAsAnother) {
  Pair pair;
  pair.hand_over();
  const auto distribution = SenderKeyDistribution::parse(pair.distribution());
  TestRng rng(3);
  auto forger = stored_key(distribution->chain_id, distribution->chain_key.view(), 0,
                           OurSigningKey(draw32(rng).view()));
  Buffer forged(group_encrypted_size(4));
  forged.resize(*forger.encrypt(kGroup, bytes_of("evil"), rng, forged));
  const auto before = pair.stored();
  EXPECT_EQ(pair.receive(forged).error(), Error::kBadTag);
  EXPECT_EQ(pair.stored(), before);
}

// The signer itself may be hostile: a signature over what does not decrypt.
TEST(SenderKey, BadPaddingUnderAGoodSignatureChangesNothing) {
  Pair pair;
  pair.hand_over();
  const auto before = pair.stored();
  Buffer wire = pair.send("0123456789abcde");  // one block, and its padding's last byte
  Buffer stored(OurSenderKey::kStoredSize);
  Writer out(stored);
  pair.ours.write(out);
  const OurSigningKey key(View<32>(Bytes(stored).subspan(40).first<32>()));
  wire[wire.size() - 65] ^= 0x80;
  const auto signature =
      *crypto::xeddsa_sign(key.private_key(), Bytes(wire).first(wire.size() - 64), pair.rng);
  copy(signature, MutBytes(wire).last(64));
  EXPECT_EQ(pair.receive(wire).error(), Error::kBadTag);
  EXPECT_EQ(pair.stored(), before);
}

TEST(SenderKey, SkipsAsManyAsTheLimitAndNoMore) {
  for (const std::uint32_t missing : {kMaxForwardJump, kMaxForwardJump + 1}) {
    Pair pair;
    pair.hand_over();
    const auto distribution = SenderKeyDistribution::parse(pair.distribution());
    Buffer stored(OurSenderKey::kStoredSize);
    Writer out(stored);
    pair.ours.write(out);
    const OurSigningKey key(View<32>(Bytes(stored).subspan(40).first<32>()));
    ChainKey chain{.key = to_array(distribution->chain_key.view())};
    std::vector<ChainKey> last;
    while (chain.index < missing) {
      if (missing - chain.index <= kMaxSkippedKeys + 1) last.push_back(chain);
      step_chain(chain, {});
    }
    auto far = stored_key(distribution->chain_id, chain.key, missing, key);
    Buffer wire(group_encrypted_size(3));
    wire.resize(*far.encrypt(kGroup, bytes_of("far"), pair.rng, wire));
    const auto before = pair.stored();
    if (missing > kMaxForwardJump) {
      EXPECT_EQ(pair.receive(wire).error(), Error::kFull);
      EXPECT_EQ(pair.stored(), before);
      continue;
    }
    EXPECT_EQ(*pair.receive(wire), "far");
    EXPECT_EQ(pair.theirs->skipped_count(), kMaxSkippedKeys);
    EXPECT_LE(pair.stored().size(), TheirSenderKeys::kMaxSerializedSize);
    pair.restart();
    // The oldest of them has given way, the one after it is there.
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}, last.size() - 1}) {
      auto late = stored_key(distribution->chain_id, last[i].key, last[i].index, key);
      Buffer bytes(group_encrypted_size(4));
      bytes.resize(*late.encrypt(kGroup, bytes_of("late"), pair.rng, bytes));
      const auto text = pair.receive(bytes);
      EXPECT_EQ(text.ok(), i > 0);
      EXPECT_FALSE(pair.receive(bytes).ok());
    }
  }
}

TEST(SenderKey, AKeyHandedOverAgainReadsNothingTwice) {
  Pair pair;
  pair.hand_over();
  const auto again = SenderKeyDistribution::parse(pair.distribution());
  const auto wire = pair.send("once");
  EXPECT_EQ(*pair.receive(wire), "once");
  const auto before = pair.stored();
  pair.theirs->add(*again);
  EXPECT_EQ(pair.stored(), before);
  EXPECT_EQ(pair.receive(wire).error(), Error::kReplay);
}

TEST(SenderKey, KeepsTheNewestKeysOfASender) {
  Pair pair;
  std::vector<Buffer> skipped, wires;
  for (std::size_t i = 0; i < kMaxSenderKeys + 1; ++i) {
    pair.ours = *OurSenderKey::make(pair.rng);
    pair.hand_over();
    skipped.push_back(pair.send("skipped"));
    EXPECT_EQ(*pair.receive(pair.send("a")), "a");
    wires.push_back(pair.send("b"));
  }
  EXPECT_EQ(pair.theirs->count(), kMaxSenderKeys);
  EXPECT_EQ(pair.theirs->skipped_count(), kMaxSenderKeys);
  pair.restart();
  for (std::size_t i = 0; i < wires.size(); ++i) {
    EXPECT_EQ(pair.receive(wires[i]).ok(), i > 0) << i;
    EXPECT_EQ(pair.receive(skipped[i]).ok(), i > 0) << i;
  }
  EXPECT_EQ(pair.theirs->skipped_count(), 0u);
}

TEST(SenderKey, AnotherSignerUnderAKnownChainIdTakesItsPlace) {
  Pair pair;
  pair.hand_over();
  const auto old = pair.send("old");
  auto other = SenderKeyDistribution::parse(pair.distribution());
  TestRng rng(9);
  const OurSigningKey signing(draw32(rng).view());
  other->signing_key = *TheirSigningKey::parse(signing.public_key());
  pair.theirs->add(*other);
  EXPECT_EQ(pair.theirs->count(), 1u);
  EXPECT_EQ(pair.receive(old).error(), Error::kBadTag);
}

TEST(SenderKey, AFailingRandomSourceChangesNothing) {
  Pair pair;
  Buffer before(OurSenderKey::kStoredSize), after(OurSenderKey::kStoredSize);
  Writer out(before);
  pair.ours.write(out);
  Buffer wire(group_encrypted_size(1), 0xaa);
  pair.rng.fail_at(1);
  EXPECT_EQ(pair.ours.encrypt(kGroup, bytes_of("x"), pair.rng, wire).error(), Error::kRng);
  for (const auto byte : wire) EXPECT_EQ(byte, 0);
  Writer again(after);
  pair.ours.write(again);
  EXPECT_EQ(before, after);
  for (unsigned draw = 1; draw <= 3; ++draw) {
    pair.rng.fail_at(draw);
    EXPECT_EQ(OurSenderKey::make(pair.rng).error(), Error::kRng);
  }
}

TEST(SenderKey, TheChainHasAnEnd) {
  TestRng rng(5);
  auto ours = stored_key(1, ByteArray<32>{1}, UINT32_MAX, OurSigningKey(draw32(rng).view()));
  Buffer wire(group_encrypted_size(1));
  EXPECT_EQ(ours.encrypt(kGroup, bytes_of("x"), rng, wire).error(), Error::kFull);
}

TEST(SenderKeyMessage, RefusesWhatBreaksTheFormat) {
  Pair pair;
  const auto wire = pair.send("text");
  const auto head = Buffer(wire.begin() + 1, wire.end() - 64);
  const auto with = [&](std::uint8_t version, const Buffer& fields) {
    Buffer out{version};
    out.insert(out.end(), fields.begin(), fields.end());
    out.insert(out.end(), wire.end() - 64, wire.end());
    return SenderKeyMessage::parse(out);
  };
  EXPECT_TRUE(with(0x33, head).ok());
  EXPECT_TRUE(with(0x3f, head).ok());
  EXPECT_EQ(with(0x44, head).error(), Error::kBadVersion);
  EXPECT_EQ(with(0x23, head).error(), Error::kBadVersion);
  // Each of the four fields must be there: 18, 2 to 6, 2 and 18 bytes.
  for (std::uint32_t number = 1; number <= 4; ++number) {
    Buffer fields(head.size());
    ProtobufWriter out(fields);
    ProtobufReader in(head);
    while (const auto* f = in.next()) {
      if (f->number == number) continue;
      if (f->type == WireType::kBytes) {
        out.bytes(f->number, f->bytes);
      } else {
        out.varint(f->number, f->value);
      }
    }
    fields.resize(*out.finish());
    EXPECT_EQ(with(0x33, fields).error(), Error::kMalformed) << number;
  }
  auto unknown = head;
  unknown.insert(unknown.end(), {0x48, 0x01});  // field 9
  EXPECT_TRUE(with(0x33, unknown).ok());
  auto long_number = head;
  long_number.insert(long_number.end(), {0x18, 0xff, 0xff, 0xff, 0xff, 0x1f});
  EXPECT_EQ(with(0x33, long_number).error(), Error::kMalformed);
  auto odd = head;
  odd.insert(odd.end(), {0x22, 0x01, 0x00});
  EXPECT_EQ(with(0x33, odd).error(), Error::kMalformed);
}

TEST(TheirSenderKeys, RefusesEveryDamage) {
  Pair pair;
  pair.hand_over();
  pair.send("skipped");
  ASSERT_TRUE(pair.receive(pair.send("text")).ok());
  const auto stored = pair.stored();
  const auto keys = std::make_unique<TheirSenderKeys>();
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(TheirSenderKeys::parse(Bytes(stored).first(size), *keys).ok());
    EXPECT_EQ(keys->count(), 0u);
    Buffer room(size);
    EXPECT_EQ(pair.theirs->serialize(room).error(), Error::kFull);
  }
  for (std::size_t i = 0; i < stored.size(); ++i) {
    auto damaged = stored;
    damaged[i] ^= 1;
    EXPECT_FALSE(TheirSenderKeys::parse(damaged, *keys).ok());
    EXPECT_EQ(keys->count() + keys->skipped_count(), 0u);
  }
}

TEST(TheirSenderKeys, NothingSecretStaysBehind) {
  Pair pair;
  pair.hand_over();
  const auto distribution = SenderKeyDistribution::parse(pair.distribution());
  pair.send("skipped");
  ASSERT_TRUE(pair.receive(pair.send("text")).ok());
  ChainKey chain{.key = to_array(distribution->chain_key.view())};
  Secret<32> seed;
  step_chain(chain, seed.mut());
  step_chain(chain, {});
  const auto contains = [&](Bytes what) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(pair.theirs.get());
    return std::search(begin, begin + sizeof(TheirSenderKeys), what.begin(), what.end()) !=
           begin + sizeof(TheirSenderKeys);
  };
  EXPECT_TRUE(contains(chain.key) && contains(seed.view()));
  EXPECT_FALSE(contains(distribution->chain_key.view()));
  pair.theirs->clear();
  EXPECT_FALSE(contains(chain.key) || contains(seed.view()));
}

TEST(SenderKey, NoCallUsesTheHeap) {
  Pair pair;
  Buffer wire(group_encrypted_size(10)), text(10), out(wire.size());
  Buffer stored(TheirSenderKeys::kMaxSerializedSize), handed(SenderKeyDistribution::kMaxSize);
  const test::HeapCount heap;
  const auto key = OurSenderKey::make(pair.rng);
  const auto handed_size = pair.ours.distribution(kGroup, handed);
  pair.theirs->add(*SenderKeyDistribution::parse(Bytes(handed).first(*handed_size)));
  bool ok = true;
  for (int i = 0; i < 5; ++i) {
    const auto size = pair.ours.encrypt(kGroup, text, pair.rng, wire);
    if (i % 2 == 0) continue;
    ok = ok && pair.theirs->decrypt(*SenderKeyMessage::parse(Bytes(wire).first(*size)), out).ok();
  }
  const auto size = pair.theirs->serialize(stored);
  ok = ok && TheirSenderKeys::parse(Bytes(stored).first(*size), *pair.theirs).ok();
  EXPECT_EQ(heap.count(), 0u);
  EXPECT_TRUE(ok && key.ok());
}

}  // namespace
}  // namespace core::e2e
