// The post-quantum ratchet is given any bytes. A first byte says where two ends
// that talk to each other stand; then the bytes are a payload for one of them,
// and a stored ratchet. What parses is a payload that can be written again;
// prepare() changes nothing; a ratchet that can be read is written as it was.
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

  Buffer stored() const {
    Buffer out(Spqr::kMaxStoredSize);
    Writer writer(out);
    spqr.write(writer);
    CHECK(writer.ok());
    out.resize(writer.size());
    return out;
  }
};

void carry(End& from, End& to, Rng& rng, bool lost) {
  Spqr::Outgoing out;
  CHECK(from.spqr.next(true, rng, Peer::work(), out).ok());
  const Buffer payload(out.bytes().begin(), out.bytes().end());
  from.spqr.sent(out, from.skipped);
  Spqr::Incoming in;
  if (lost) return;
  CHECK(to.spqr.prepare(payload, Minimum::kV1, to.skipped, Peer::work(), in).ok());
  to.spqr.commit(in, to.skipped);
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
  if (const auto payload = Payload::parse(in)) {
    ByteArray<Payload::kMaxSize> out;
    const auto written = payload->encode(out);
    CHECK(written.ok());
    CHECK(Payload::parse(Bytes(out).first(*written)).ok());
  }

  static auto end = std::make_unique<End>();
  end->skipped.clear();
  Buffer before = stages.stages[data[0] % Stages::kStages];
  Reader reader(before);
  CHECK(end->spqr.read(reader, end->skipped));
  const auto minimum = data[0] < 128 ? Minimum::kV1 : Minimum::kNone;
  Spqr::Incoming incoming;
  const auto prepared = end->spqr.prepare(in, minimum, end->skipped, Peer::work(), incoming);
  CHECK(end->stored() == before);
  if (prepared) {
    CHECK(minimum == Minimum::kNone || !incoming.salt().empty());
    end->spqr.commit(incoming, end->skipped);
    end->stored();
  }

  end->skipped.clear();
  Reader stored(in);
  Spqr read;
  if (read.read(stored, end->skipped)) {
    Buffer out(Spqr::kMaxStoredSize);
    Writer writer(out);
    read.write(writer);
    CHECK(writer.ok() && writer.size() == in.size() - stored.remaining());
    CHECK(equal_var(writer.written(), in.first(writer.size())));
    // And it is fit for use.
    TestRng rng(2);
    Spqr::Outgoing outgoing;
    (void)read.next(true, rng, Peer::work(), outgoing);
  }
  return 0;
}
