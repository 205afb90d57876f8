// Any bytes as a stored record, under a checksum made right: what parses must
// be written again as the same bytes.
#include <algorithm>
#include <vector>

#include "core/crypto/sha2.h"
#include "core/e2e/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static core::e2e::SessionRecord record;
  static std::vector<std::uint8_t> out(core::e2e::SessionRecord::kMaxSerializedSize);
  (void)core::e2e::SessionRecord::parse({data, size}, record);

  std::vector<std::uint8_t> in(data, data + size);
  const auto sum = core::crypto::sha256(in);
  in.insert(in.end(), sum.begin(), sum.begin() + 8);
  if (core::e2e::SessionRecord::parse(in, record)) {
    const auto written = record.serialize(out);
    CHECK(written.ok() && *written == in.size());
    // Private keys are clamped as they are read: the first time may differ.
    in.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*written));
    CHECK(core::e2e::SessionRecord::parse(in, record).ok());
    CHECK(record.serialize(out).ok());
    CHECK(std::equal(in.begin(), in.end(), out.begin()));
  } else {
    CHECK(!record.has_current() && record.archived_count() == 0 && record.skipped_count() == 0);
  }
  return 0;
}
