// Vectors: test/vectors/signal/spqr_*.json and mlkem768_incremental.json, made by
// two independent parties that had proved themselves against a stock peer.
#include "core/e2e/spqr/spqr.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
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
    ByteArray<1152> vector;
    crypto::kem_public_pieces(View<64>(seed), header, vector, *work);
    EXPECT_TRUE(equal_var(header, hex(v["hdr"])));
    EXPECT_TRUE(equal_var(vector, hex(v["ek"])));
    ByteArray<960> ct1;
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

// A state that collects a value of 36 chunks, or of 3.
State collecting(StateName name) {
  State state;
  state.enter(name);
  return state;
}

TEST(State, AnyEnoughChunksRestoreTheValue) {
  TestRng rng(1);
  for (int round = 0; round < 50; ++round) {
    ByteArray<36 * 32> value;
    ASSERT_TRUE(rng.fill(value).ok());
    State state = collecting(StateName::kCt1Sampled);
    std::set<ChunkIndex> indices;
    for (;;) {
      const auto index = static_cast<ChunkIndex>(rng.next() % (round < 25 ? 60 : 65536));
      indices.insert(index);
      const bool whole = state.collect({index, encode_chunk(value, index)});
      ASSERT_EQ(whole, indices.size() == 36);
      if (whole) break;
    }
    EXPECT_TRUE(equal_var(state.collected(), value));
  }
}

TEST(State, AChunkTwiceCountsOnce) {
  const ByteArray<96> value{1, 2, 3};
  State state = collecting(StateName::kNoHeaderReceived);
  const auto collect = [&](ChunkIndex index) {
    return state.collect({index, encode_chunk(value, index)});
  };
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(collect(1));
  EXPECT_FALSE(collect(70));
  EXPECT_FALSE(collect(70));
  EXPECT_TRUE(collect(2));
  EXPECT_TRUE(equal_var(state.collected(), value));
}

// Every state is stored as docs/spec/end-to-end.md says, and what cannot have
// been stored is refused.
TEST(State, IsRefusedIfItCannotHaveBeenStored) {
  const auto read = [](Bytes stored) {
    Reader in(stored);
    Codec codec(in);
    State state;
    state.exchange(codec);
    return codec.ok() && in.finished();
  };
  State state = collecting(StateName::kNoHeaderReceived);
  const ByteArray<96> value{1, 2, 3};
  EXPECT_FALSE(state.collect({7, encode_chunk(value, 7)}));
  EXPECT_FALSE(state.collect({9, encode_chunk(value, 9)}));
  Buffer stored(State::kMaxStoredSize);
  Writer out(stored);
  Codec codec(out);
  state.exchange(codec);
  stored.resize(out.size());
  ASSERT_EQ(stored.size(), 1u + 1 + 2 * 2 + 2 * 32);
  EXPECT_TRUE(read(stored));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(read(Bytes(stored).first(size)));
  }
  Buffer changed = stored;
  changed[0] = 11;  // no such state
  EXPECT_FALSE(read(changed));
  changed = stored;
  changed[1] = 3;  // all chunks: it would be another state
  EXPECT_FALSE(read(changed));
  changed = stored;
  changed[5] = 7;  // the same index twice
  EXPECT_FALSE(read(changed));
}

TEST(Payload, RefusesWhatDoesNotParse) {
  Payload payload;
  payload.epoch = 300;
  payload.index = 70'000;
  payload.type = PayloadType::kEk;
  payload.chunk.index = 40'000;
  ByteArray<Payload::kMaxSize> out;
  const std::size_t size = *payload.encode(out);
  Payload parsed;
  for (std::size_t n = 0; n < size; ++n)
    EXPECT_FALSE(Payload::parse(Bytes(out).first(n), parsed).ok()) << n;
  ASSERT_TRUE(Payload::parse(Bytes(out).first(size), parsed).ok());
  EXPECT_EQ(parsed.epoch, 300u);
  EXPECT_EQ(parsed.index, 70'000u);
  EXPECT_EQ(parsed.chunk.index, 40'000);
  for (std::size_t n = 0; n < size; ++n) {
    EXPECT_EQ(payload.encode(MutBytes(out).first(n)).error(), Error::kFull);
  }
  const auto refused = [&](Buffer bytes) { return !Payload::parse(bytes, parsed).ok(); };
  EXPECT_TRUE(refused({1, 0, 1, 0}));                             // epoch 0
  EXPECT_TRUE(refused({0, 1, 1, 0}));                             // version 0
  EXPECT_TRUE(refused({1, 1, 1, 7}));                             // type
  EXPECT_TRUE(refused({1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0}));  // index of 33 bits
  EXPECT_FALSE(refused({2, 1, 1, 0, 9}));                         // later version, bytes behind
}

struct Party {
  Spqr spqr;
  SkippedKeys skipped;
  ScriptedRng rng;
  crypto::MlKemWork work;

  // A restart: what is stored is all there is.
  void restart() {
    std::vector<std::uint8_t> stored(8192), stored_keys(8192);
    Writer out(stored), keys_out(stored_keys);
    Codec to(out);
    spqr.exchange(to, skipped);
    Codec keys_to(keys_out);
    skipped.exchange(keys_to);
    ASSERT_TRUE(to.ok() && out.ok() && keys_out.ok());
    EXPECT_LE(out.size(), 3100u);
    wipe_object(spqr);
    skipped.clear();
    Reader in(out.written()), keys_in(keys_out.written());
    Codec from(in), keys_from(keys_in);
    spqr.exchange(from, skipped);
    ASSERT_TRUE(from.ok() && in.finished());
    skipped.exchange(keys_from);
    ASSERT_TRUE(keys_from.ok() && keys_in.finished());
  }

  Status send(Rng& random, Spqr::Outgoing& out) {
    Spqr after = spqr;
    const auto sent = after.send(true, random, work, out);
    if (sent) become(after);
    return sent;
  }
  Status receive(Bytes payload, Spqr::Incoming& in) {
    Spqr after = spqr;
    const auto received = after.receive(payload, Minimum::kV1, skipped, work, in);
    if (!received) return received;
    spqr.close_all_but(after, skipped);
    after.settle(in, skipped);
    spqr = after;
    return received;
  }
  void become(const Spqr& after) {
    spqr.close_all_but(after, skipped);
    spqr = after;
  }
};

const char* const kStateNames[] = {"KeysUnsampled",   "KeysSampled",       "HeaderSent",
                                   "Ct1Received",     "EkSentCt1Received", "NoHeaderReceived",
                                   "HeaderReceived",  "Ct1Sampled",        "EkReceivedCt1Sampled",
                                   "Ct1Acknowledged", "Ct2Sampled"};
std::string state_name(const Spqr& spqr) {
  return kStateNames[static_cast<std::size_t>(spqr.test_only_state())];
}

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
    Spqr::Outgoing out;
    ASSERT_TRUE(from.send(from.rng, out).ok());
    EXPECT_TRUE(from.rng.empty());
    ASSERT_TRUE(equal_var(out.bytes(), hex(step["msg"]))) << step;
    EXPECT_TRUE(equal_var(out.key.view(), hex(step["key"])));
    EXPECT_EQ(state_name(from.spqr), step["state_after_send"]);
    from.restart();
    if (step.value("dropped", false)) {
      ++dropped;
      continue;
    }
    Spqr::Incoming in;
    ASSERT_TRUE(to.receive(out.bytes(), in).ok()) << step;
    EXPECT_TRUE(equal_var(in.salt(), hex(step["key"])));
    EXPECT_EQ(state_name(to.spqr), step["receiver_state_after"]);
    EXPECT_EQ(to.spqr.epoch(), step["receiver_epoch_after"]);
    Spqr::Incoming again;
    EXPECT_FALSE(to.receive(out.bytes(), again).ok()) << "a key used twice";
    to.restart();
  }
  EXPECT_EQ(dropped, 37u);
}

// Any loss, reordering and repetition: keys agree, and epochs go on.
TEST(Spqr, HoldsThroughLossAndReordering) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    TestRng rng(seed);
    Secret<32> auth_key = *rng.draw<32>();
    struct End : Party {
      std::vector<std::pair<Buffer, Buffer>> inbox;  // payload and key
    };
    auto ends = std::make_unique<End[]>(2);
    ends[0].spqr.start(Side::kInitiator, auth_key.view());
    ends[1].spqr.start(Side::kResponder, auth_key.view());
    unsigned read = 0;
    for (int turn = 0; turn < 2500; ++turn) {
      End& from = ends[rng.next() % 2];
      End& to = &from == &ends[0] ? ends[1] : ends[0];
      Spqr::Outgoing out;
      ASSERT_TRUE(from.send(rng, out).ok());
      if (!rng.chance(20)) {
        to.inbox.push_back({Buffer(out.bytes().begin(), out.bytes().end()),
                            Buffer(out.key.view().begin(), out.key.view().end())});
      }
      while (to.inbox.size() > 3) {
        const std::size_t at = rng.next() % to.inbox.size();
        const auto [payload, key] = to.inbox[at];
        to.inbox.erase(to.inbox.begin() + static_cast<std::ptrdiff_t>(at));
        Spqr::Incoming in;
        ASSERT_TRUE(to.receive(payload, in).ok());
        ASSERT_TRUE(equal_var(in.salt(), key));
        ++read;
      }
    }
    EXPECT_GT(read, 1900u);
    EXPECT_GE(ends[0].spqr.epoch(), 8u);
  }
}

}  // namespace
}  // namespace core::e2e::spqr
