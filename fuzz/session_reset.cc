// Any bytes as a session reset. Nothing but what its sender has signed opens.
#include "core/e2e/identity.h"
#include "core/messenger/reset_message.h"
#include "ports/fake/rng.h"

using namespace core;
using namespace core::messenger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const e2e::OurIdentity key{ByteArray<32>{8}};
  static const DeviceName from = *DeviceName::parse(label("alice")),
                          to = *DeviceName::parse(label("bob"));
  const ResetRoute route{from, key.public_key(), to, key.public_key()};
  CHECK(!SessionReset::open({data, size}, route).ok());

  // The same bytes as the content of one that is signed.
  SessionReset reset;
  reset.generation = 1 + size;
  for (; reset.unread_count < kMaxUnreadMails; ++reset.unread_count) {
    const std::size_t at = reset.unread_count * api::kMailIdSize;
    if (at + api::kMailIdSize > size) break;
    copy(Bytes(data, size).subspan(at, api::kMailIdSize), reset.unread[reset.unread_count]);
  }
  ports::fake::FakeRng rng(1);
  ByteArray<SessionReset::kMaxSize> out{};
  const auto sealed = reset.seal(route, key.private_key(), rng, out);
  CHECK(sealed.ok());
  const auto opened = SessionReset::open(Bytes(out).first(*sealed), route);
  CHECK(opened.ok() && opened->generation == reset.generation);
  CHECK(opened->unread_count == reset.unread_count && opened->unread == reset.unread);
  return 0;
}
