// Any bytes as either end-to-end message: what parses stays within the input
// and within the sizes that it promises.
#include "core/base/result.h"
#include "core/e2e/message.h"

namespace {

using core::Bytes;

void check_inside(Bytes part, Bytes whole) {
  if (part.empty()) return;
  CHECK(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check(const core::e2e::SignalMessage& message, Bytes in) {
  CHECK(message.version == 3 || message.version == 4);
  CHECK(!message.ciphertext.empty() && message.ciphertext.size() % 16 == 0);
  CHECK(message.mac.size() == core::e2e::kMessageMacSize);
  CHECK(message.addresses.empty() || message.addresses.size() == core::e2e::kAddressesSize);
  CHECK(message.ratchet_key.serialized()[0] == 5);
  for (const Bytes part : {message.ciphertext, message.pq_ratchet, message.addresses, message.mac,
                           message.authenticated})
    check_inside(part, in);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in(data, size);
  if (const auto message = core::e2e::SignalMessage::parse(in)) check(*message, in);
  if (const auto message = core::e2e::PreKeyMessage::parse(in)) {
    CHECK(message->message.version == message->version);
    CHECK(message->kem_pre_key_id.has_value() == !message->kem_ciphertext.empty());
    CHECK(message->version == 3 || !message->kem_ciphertext.empty());
    check_inside(message->kem_ciphertext, in);
    check(message->message, in);
  }
  return 0;
}
