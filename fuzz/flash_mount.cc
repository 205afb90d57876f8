// Any bytes as what is on a flash chip: as they are, and written over the
// authentic image of a small store.
#include <string_view>
#include <vector>

#include "core/base/reader.h"
#include "ports/fake/nor.h"
#include "ports/flash/store.h"

namespace {

using namespace ports;
using core::Bytes;

constexpr flash::Nor::Geometry kGeometry{.block_size = 4096, .block_count = 16, .program_unit = 1};

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

core::Status put(flash::FlashStore& store, Bytes key, Bytes value) {
  TRY(store.begin());
  if (const auto status = store.put(key, value); !status) {
    store.rollback();
    return status;
  }
  return store.commit();
}

fake::FakeNor::Image authentic_image() {
  fake::FakeNor nor(kGeometry);
  fake::FakeRng rng(1);
  std::vector<flash::IndexEntry> memory(200);
  flash::FlashStore store(nor, core::Secret<32>{}, memory);
  CHECK(store.format(rng).ok());
  std::vector<std::uint8_t> value(700);
  for (int i = 0; i < 120; ++i) {
    value[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i + 1);
    CHECK(put(store, bytes_of(i % 2 != 0 ? "a" : "b"), Bytes(value).first(i % 10 == 0 ? 500 : 700))
              .ok());
  }
  return nor.image();
}

// Whatever is mounted must be a store that works.
void use(const fake::FakeNor::Image& image) {
  fake::FakeNor nor(kGeometry);
  nor.load(image);
  std::vector<flash::IndexEntry> memory(200);
  flash::FlashStore store(nor, core::Secret<32>{}, memory);
  const bool mounted = store.mount().ok();
  CHECK(nor.image() == image);
  if (!mounted) return;
  std::vector<std::uint8_t> value(1000);
  for (const auto* key : {"a", "b"}) static_cast<void>(store.get(bytes_of(key), value));
  CHECK(put(store, bytes_of("c"), bytes_of("value")).ok());
  CHECK(store.get(bytes_of("c"), value).ok());
  CHECK(store.mount().ok() && store.get(bytes_of("c"), value).ok());
}

}  // namespace

// Pieces of 2 bytes of place, 1 of size, and bytes for there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kImage = authentic_image();
  fake::FakeNor::Image raw(kImage.size(), 0xff), changed = kImage;
  const Bytes in(data, std::min(size, raw.size()));
  core::copy(in, raw);
  use(raw);
  core::Reader reader(in);
  while (reader.remaining() > 3) {
    const std::size_t at = reader.u16_be();
    const auto bytes = reader.take(std::min<std::size_t>(reader.u8(), reader.remaining()));
    core::copy(bytes.first(std::min(bytes.size(), changed.size() - at)),
               core::MutBytes(changed).subspan(at));
  }
  use(changed);
  return 0;
}
