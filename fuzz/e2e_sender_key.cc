// A member of a group is given any bytes: a first byte that says what they are,
// then a message, a key or a stored form. Either a message decrypts, or nothing
// changes and no plaintext comes out.
#include <algorithm>
#include <vector>

#include "core/crypto/sha2.h"
#include "core/e2e/sender_key.h"
#include "core/e2e/two_peers_test.h"

namespace {

using namespace core;
using namespace core::e2e;

Buffer stored(const TheirSenderKeys& keys) {
  static Buffer room(TheirSenderKeys::kMaxSerializedSize);
  const auto size = keys.serialize(room);
  CHECK(size.ok());
  return Buffer(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size));
}

// A member who has one key, whose seed is fixed, and misses a message.
struct Member {
  Member() {
    TestRng rng(1);
    auto sender = *OurSenderKey::make(rng);
    const ByteArray<16> group{1, 2, 3};
    Buffer out(1000);
    auto size = *sender.distribution(group, out);
    keys.add(*SenderKeyDistribution::parse(Bytes(out).first(size)));
    for (int i = 0; i < 2; ++i) size = *sender.encrypt(group, bytes_of("text"), rng, out);
    CHECK(keys.decrypt(*SenderKeyMessage::parse(Bytes(out).first(size)), plaintext).ok());
    before = stored(keys);
  }
  TheirSenderKeys keys;
  Buffer plaintext = Buffer(1 << 16), before;
};

void stored_form(Bytes bytes, TheirSenderKeys& keys) {
  (void)TheirSenderKeys::parse(bytes, keys);
  Buffer in(bytes.begin(), bytes.end());
  const auto sum = crypto::sha256(in);
  in.insert(in.end(), sum.begin(), sum.begin() + 8);
  if (TheirSenderKeys::parse(in, keys)) {
    CHECK(stored(keys) == in);
  } else {
    CHECK(keys.count() == 0 && keys.skipped_count() == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Member& member = *new Member;
  if (size == 0 || size > 60'000) return 0;
  const Bytes bytes(data + 1, size - 1);
  auto& keys = member.keys;
  switch (data[0] % 3) {
    case 0: {
      const auto message = SenderKeyMessage::parse(bytes);
      if (!message) return 0;
      std::fill(member.plaintext.begin(), member.plaintext.end(), 0xaa);
      if (!keys.decrypt(*message, member.plaintext)) {
        CHECK(stored(keys) == member.before);
        for (const auto byte : member.plaintext) CHECK(byte == 0);
      }
      break;
    }
    case 1: {
      const auto key = SenderKeyDistribution::parse(bytes);
      if (!key) return 0;
      ByteArray<SenderKeyDistribution::kMaxSize> out{};
      const auto written = encode_distribution(*key, out);
      CHECK(written.ok());
      const auto again = SenderKeyDistribution::parse(Bytes(out).first(*written));
      CHECK(again.ok() && again->chain_id == key->chain_id && again->iteration == key->iteration);
      keys.add(*key);
      CHECK(keys.count() >= 1 && keys.count() <= kMaxSenderKeys);
      break;
    }
    default: stored_form(bytes, keys);
  }
  CHECK(TheirSenderKeys::parse(member.before, keys).ok());
  return 0;
}
