// Topics: what parses is what would be written.
#include "core/api/topic.h"

namespace {

using core::api::kMaxTopicSize;

void up(core::Bytes topic) {
  const auto parsed = core::api::parse_up_topic(topic);
  if (!parsed) return;
  CHECK(!parsed->device.empty());
  if (!parsed->method) return;
  core::ByteArray<kMaxTopicSize> out{};
  const auto size = core::api::up_topic(parsed->device, *parsed->method, out);
  CHECK(size.ok() && core::equal_var(core::Bytes(out).first(*size), topic));
}

void down(core::Bytes topic) {
  const auto parsed = core::api::parse_down_topic(topic);
  if (!parsed) return;
  core::ByteArray<kMaxTopicSize> out{};
  const auto size = core::api::down_topic(parsed->device, parsed->down, out);
  CHECK(size.ok() && core::equal_var(core::Bytes(out).first(*size), topic));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  up({data, size});
  down({data, size});
  return 0;
}
