// The post-quantum ratchet is given any bytes. A first byte says where two ends
// that talk to each other stand; then the bytes are a payload for one of them,
// and a stored ratchet. What parses is a payload that can be written again;
// a ratchet that can be read is written as it was, and is fit for use.
#include <memory>
#include <vector>

#include "core/e2e/two_peers_test.h"

namespace {

using namespace core;
using namespace core::e2e;
using namespace core::e2e::spqr;

struct End {
  Spqr spqr;
  SkippedKeys skipped;

  Buffer stored() {
    Buffer out(Spqr::kMaxStoredSize);
    Writer writer(out);
    Codec codec(writer);
    spqr.exchange(codec, skipped);
    CHECK(writer.ok());
    out.resize(writer.size());
    return out;
  }
  bool read(Reader& in) {
    Codec codec(in);
    spqr = {};
    skipped.clear();
    spqr.exchange(codec, skipped);
    return codec.ok();
  }
  // Goes on as `after`.
  void become(const Spqr& after) {
    spqr.close_all_but(after, skipped);
    spqr = after;
  }
};

void carry(End& from, End& to, Rng& rng, bool lost) {
  Spqr::Outgoing out;
  Spqr after = from.spqr;
  CHECK(after.send(true, rng, Peer::work(), out).ok());
  from.become(after);
  if (lost) return;
  Spqr::Incoming in;
  after = to.spqr;
  CHECK(after.receive(out.bytes(), Minimum::kV1, to.skipped, Peer::work(), in).ok());
  to.spqr.close_all_but(after, to.skipped);
  after.settle(in, to.skipped);
  to.spqr = after;
}

// Two ends in every stage of their first two epochs.
struct Stages {
  static constexpr std::size_t kStages = 32, kPerStage = 5;
  Stages() {
    TestRng rng(1);
    const auto auth_key = draw32(rng);
    End a, b;
    a.spqr.start(Side::kInitiator, auth_key.view());
    b.spqr.start(Side::kResponder, auth_key.view());
    for (auto& stage : stages) {
      for (std::size_t i = 0; i < kPerStage; ++i) {
        carry(a, b, rng, rng.chance(20));
        carry(b, a, rng, rng.chance(20));
      }
      stage = rng.chance(50) ? a.stored() : b.stored();
    }
  }
  std::array<Buffer, kStages> stages;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Stages stages;
  if (size == 0) return 0;
  const Bytes in(data + 1, size - 1);
  if (Payload payload; Payload::parse(in, payload)) {
    ByteArray<Payload::kMaxSize> out;
    const auto written = payload.encode(out);
    CHECK(written.ok());
    CHECK(Payload::parse(Bytes(out).first(*written), payload).ok());
  }

  static auto end = std::make_unique<End>();
  Reader reader(stages.stages[data[0] % Stages::kStages]);
  CHECK(end->read(reader));
  const auto minimum = data[0] < 128 ? Minimum::kV1 : Minimum::kNone;
  Spqr::Incoming incoming;
  Spqr after = end->spqr;
  if (after.receive(in, minimum, end->skipped, Peer::work(), incoming)) {
    CHECK(minimum == Minimum::kNone || !incoming.salt().empty());
    end->spqr.close_all_but(after, end->skipped);
    after.settle(incoming, end->skipped);
    end->spqr = after;
    end->stored();
  }

  Reader stored(in);
  if (end->read(stored)) {
    const Buffer out = end->stored();
    CHECK(out.size() == in.size() - stored.remaining());
    CHECK(equal_var(out, in.first(out.size())));
    TestRng rng(2);
    Spqr::Outgoing outgoing;
    (void)end->spqr.send(true, rng, Peer::work(), outgoing);
  }
  return 0;
}
