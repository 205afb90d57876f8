// Vectors: test/vectors/signal/spqr_*.json and mlkem768_incremental.json, made by
// two independent parties that had proved themselves against a stock peer.
#include "core/e2e/spqr/spqr.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/e2e/two_peers_test.h"
#include "test/vectors.h"

namespace core::e2e::spqr {
namespace {

using nlohmann::json;
using test::hex;
using test::load_vectors;

TEST(IncrementalKem, ReproducesTheVectorsPieceByPiece) {
  auto work = std::make_unique<crypto::MlKemWork>();
  const json file = load_vectors("signal/mlkem768_incremental.json");
  for (const json& v : file["vectors"]) {
    const Buffer seed = hex(v["seed_d_z"]), m = hex(v["m"]);
    ByteArray<64> header;
    Vector vector;
    crypto::kem_public_pieces(View<64>(seed), header, vector, *work);
    EXPECT_TRUE(equal_var(header, hex(v["hdr"])));
    EXPECT_TRUE(equal_var(vector, hex(v["ek"])));
    Ct1 ct1;
    ByteArray<128> ct2;
    const auto shared = crypto::kem_encapsulate_1(header, View<32>(m), ct1, *work);
    EXPECT_TRUE(equal_var(shared.view(), hex(v["ss"])));
    EXPECT_TRUE(equal_var(ct1, hex(v["ct1"])));
    ASSERT_TRUE(crypto::kem_encapsulate_2(header, View<32>(m), vector, ct2, *work).ok());
    EXPECT_TRUE(equal_var(ct2, hex(v["ct2"])));
    const auto again = crypto::kem_decapsulate(View<64>(seed), ct1, ct2, *work);
    EXPECT_TRUE(equal_var(again.view(), shared.view()));
    vector[7] ^= 1;
    EXPECT_EQ(crypto::kem_encapsulate_2(header, View<32>(m), vector, ct2, *work).error(),
              Error::kBadKey);
    EXPECT_EQ(ct2, (ByteArray<128>{}));
  }
}

TEST(ErasureCode, ReproducesTheVectors) {
  const json file = load_vectors("signal/spqr_chunks.json");
  for (const json& v : file["vectors"]) {
    const Buffer value = hex(v["msg"]);
    for (const json& chunk : v["chunks"]) {
      const auto got = encode_chunk(value, chunk["index"].get<ChunkIndex>());
      EXPECT_TRUE(equal_var(got, hex(chunk["data"]))) << chunk["index"];
    }
  }
}

TEST(ErasureCode, AnyEnoughChunksRestoreTheValue) {
  TestRng rng(1);
  for (int round = 0; round < 50; ++round) {
    ByteArray<36 * 32> value;
    ASSERT_TRUE(rng.fill(value).ok());
    Decoder<36> decoder;
    ByteArray<36 * 32> got;
    for (;;) {
      const auto index = static_cast<ChunkIndex>(rng.next() % (round < 25 ? 60 : 65536));
      const auto chunk = encode_chunk(value, index);
      if (decoder.completes(index)) {
        decoder.complete(index, chunk, got);
        break;
      }
      decoder.add(index, chunk);
    }
    EXPECT_EQ(got, value);
  }
}

TEST(ErasureCode, AChunkTwiceCountsOnce) {
  ByteArray<96> value{1, 2, 3};
  Decoder<3> decoder;
  for (int i = 0; i < 5; ++i) decoder.add(1, encode_chunk(value, 1));
  EXPECT_FALSE(decoder.completes(1));
  EXPECT_FALSE(decoder.completes(2));
  decoder.add(70, encode_chunk(value, 70));
  EXPECT_FALSE(decoder.completes(70));
  EXPECT_TRUE(decoder.completes(2));
}

TEST(Payload, RefusesWhatDoesNotParse) {
  Payload payload;
  payload.epoch = 300;
  payload.index = 70'000;
  payload.type = PayloadType::kEk;
  payload.chunk.index = 40'000;
  ByteArray<Payload::kMaxSize> out;
  const std::size_t size = *payload.encode(out);
  for (std::size_t n = 0; n < size; ++n)
    EXPECT_FALSE(Payload::parse(Bytes(out).first(n)).ok()) << n;
  const auto parsed = Payload::parse(Bytes(out).first(size));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->epoch, 300u);
  EXPECT_EQ(parsed->index, 70'000u);
  EXPECT_EQ(parsed->chunk.index, 40'000);
  for (std::size_t n = 0; n < size; ++n) {
    EXPECT_EQ(payload.encode(MutBytes(out).first(n)).error(), Error::kFull);
  }
  const auto refused = [](Buffer bytes) { return !Payload::parse(bytes).ok(); };
  EXPECT_TRUE(refused({1, 0, 1, 0}));                             // epoch 0
  EXPECT_TRUE(refused({0, 1, 1, 0}));                             // version 0
  EXPECT_TRUE(refused({1, 1, 1, 7}));                             // type
  EXPECT_TRUE(refused({1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0}));  // index of 33 bits
  EXPECT_TRUE(Payload::parse(Buffer{2, 1, 1, 0, 9}).ok());        // later version, bytes behind
}

struct Party {
  Spqr spqr;
  SkippedKeys skipped;
  ScriptedRng rng;
  crypto::MlKemWork work;

  // A restart: what is stored is all there is.
  void restart() {
    std::vector<std::uint8_t> stored(8192);
    Writer out(stored);
    spqr.write(out);
    ASSERT_TRUE(out.ok());
    EXPECT_LE(out.size(), 3100u);
    auto kept = std::make_unique<SkippedKeys>();
    Reader in(out.written());
    spqr.clear();
    ASSERT_TRUE(spqr.read(in, *kept));
    EXPECT_TRUE(in.finished());
    for (const auto& e : skipped.entries()) {
      ASSERT_TRUE(kept->restore(e.chain, e.counter, e.seed.view()));
    }
    skipped.clear();
    Reader twice(out.written());
    Spqr names;
    ASSERT_TRUE(names.read(twice, skipped));
    for (const auto& e : kept->entries()) {
      ASSERT_TRUE(skipped.restore(e.chain, e.counter, e.seed.view()));
    }
  }
};

const char* const kStateNames[] = {"KeysUnsampled",   "KeysSampled",       "HeaderSent",
                                   "Ct1Received",     "EkSentCt1Received", "NoHeaderReceived",
                                   "HeaderReceived",  "Ct1Sampled",        "EkReceivedCt1Sampled",
                                   "Ct1Acknowledged", "Ct2Sampled"};

TEST(Spqr, ReproducesTheTranscriptWithARestartAfterEveryStep) {
  const json file = load_vectors("signal/spqr_transcript.json");
  const Buffer auth_key = hex(file["auth_key"]);
  auto a = std::make_unique<Party>(), b = std::make_unique<Party>();
  a->spqr.start(Side::kInitiator, View<32>(auth_key));
  b->spqr.start(Side::kResponder, View<32>(auth_key));
  unsigned dropped = 0;
  for (const json& step : file["steps"]) {
    Party& from = step["from"] == "A" ? *a : *b;
    Party& to = step["from"] == "A" ? *b : *a;
    if (step.contains("random_used")) {
      for (const json& draw : step["random_used"]) from.rng.add(hex(draw));
    }
    auto out = std::make_unique<Spqr::Outgoing>();
    ASSERT_TRUE(from.spqr.next(true, from.rng, from.work, *out).ok());
    EXPECT_TRUE(from.rng.empty());
    ASSERT_TRUE(equal_var(out->bytes(), hex(step["msg"]))) << step;
    EXPECT_TRUE(equal_var(out->key.view(), hex(step["key"])));
    const Buffer wire(out->bytes().begin(), out->bytes().end());
    from.spqr.sent(*out, from.skipped);
    EXPECT_EQ(kStateNames[from.spqr.test_only_state()], step["state_after_send"]);
    from.restart();
    if (step.value("dropped", false)) {
      ++dropped;
      continue;
    }
    auto in = std::make_unique<Spqr::Incoming>();
    ASSERT_TRUE(to.spqr.prepare(wire, Minimum::kV1, to.skipped, to.work, *in).ok()) << step;
    EXPECT_TRUE(equal_var(in->salt(), hex(step["key"])));
    to.spqr.commit(*in, to.skipped);
    EXPECT_EQ(kStateNames[to.spqr.test_only_state()], step["receiver_state_after"]);
    EXPECT_EQ(to.spqr.epoch(), step["receiver_epoch_after"]);
    EXPECT_FALSE(to.spqr.prepare(wire, Minimum::kV1, to.skipped, to.work, *in).ok())
        << "a key used twice";
    to.restart();
  }
  EXPECT_EQ(dropped, 37u);
}

// Any loss, reordering and repetition: keys agree, and epochs go on.
TEST(Spqr, HoldsThroughLossAndReordering) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    TestRng rng(seed);
    Secret<32> auth_key = *rng.draw<32>();
    struct End {
      Spqr spqr;
      SkippedKeys skipped;
      crypto::MlKemWork work;
      std::vector<std::pair<Buffer, Buffer>> inbox;  // payload and key
    };
    auto ends = std::make_unique<End[]>(2);
    ends[0].spqr.start(Side::kInitiator, auth_key.view());
    ends[1].spqr.start(Side::kResponder, auth_key.view());
    auto out = std::make_unique<Spqr::Outgoing>();
    auto in = std::make_unique<Spqr::Incoming>();
    unsigned read = 0;
    for (int turn = 0; turn < 2500; ++turn) {
      End& from = ends[rng.next() % 2];
      End& to = &from == &ends[0] ? ends[1] : ends[0];
      ASSERT_TRUE(from.spqr.next(true, rng, from.work, *out).ok());
      from.spqr.sent(*out, from.skipped);
      if (!rng.chance(20)) {
        to.inbox.push_back({Buffer(out->bytes().begin(), out->bytes().end()),
                            Buffer(out->key.view().begin(), out->key.view().end())});
      }
      while (to.inbox.size() > 3) {
        const std::size_t at = rng.next() % to.inbox.size();
        const auto [payload, key] = to.inbox[at];
        to.inbox.erase(to.inbox.begin() + static_cast<std::ptrdiff_t>(at));
        ASSERT_TRUE(to.spqr.prepare(payload, Minimum::kV1, to.skipped, to.work, *in).ok());
        ASSERT_TRUE(equal_var(in->salt(), key));
        to.spqr.commit(*in, to.skipped);
        ++read;
      }
    }
    EXPECT_GT(read, 1900u);
    EXPECT_GE(ends[0].spqr.epoch(), 8u);
  }
}

}  // namespace
}  // namespace core::e2e::spqr
