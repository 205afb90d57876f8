// Any bytes as the content of a message, and as a group's state.
#include <vector>

#include "core/messenger/content.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace core;
  using namespace core::messenger;
  const Bytes in(data, size);
  std::vector<std::uint8_t> out(size + 64), again(size + 64);
  if (const auto content = ContentView::parse(in)) {
    const auto written = content->encode(out);
    if (written) {
      const auto parsed = ContentView::parse(Bytes(out).first(*written));
      CHECK(parsed.ok() && parsed->unsupported() == content->unsupported());
      CHECK(*parsed->encode(again) == *written && again == out);
    }
  }
  if (auto state = GroupStateView::parse(in)) {
    GroupStateWriter writer(out, state->id, state->revision, state->name, state->owner);
    auto members = state->member;
    while (const auto member = members.next()) writer.member(*member);
    const auto written = writer.finish();
    CHECK(!written || GroupStateView::parse(Bytes(out).first(*written)).ok());
  }
  return 0;
}
