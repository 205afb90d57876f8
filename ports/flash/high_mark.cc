#include "ports/flash/high_mark.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace ports::flash {
namespace {

using core::Error;
using core::Status;
using Record = core::ByteArray<HighMark::kRecordSize>;

bool is_erased(const Record& record) {
  return std::all_of(record.begin(), record.end(), [](auto byte) { return byte == 0xff; });
}

}  // namespace

Status HighMark::open() {
  value_ = 0;
  block_ = next_ = 0;
  const auto geometry = nor_.geometry();
  CHECK(geometry.block_count >= 2 && geometry.program_unit <= kRecordSize);
  TRY(scan(0));
  return scan(1);
}

// The records of a block grow; behind them it is erased.
Status HighMark::scan(std::uint32_t block) {
  const std::uint32_t size = nor_.geometry().block_size;
  for (std::uint32_t at = 0; at < size; at += kRecordSize) {
    Record record;
    TRY(nor_.read(block * size + at, record));
    if (is_erased(record)) return {};
    core::Reader in(record);
    const std::uint64_t value = in.u64_be();
    if (in.u64_be() != ~value || value < value_) continue;  // torn, or of the older block
    value_ = value;
    block_ = block;
    next_ = at + kRecordSize;
  }
  return {};
}

Status HighMark::turn_to(std::uint32_t block) {
  TRY(nor_.erase(block));
  block_ = block;
  next_ = 0;
  return {};
}

Status HighMark::raise(std::uint64_t value) {
  if (value <= value_) return Error::kOutOfOrder;
  const std::uint32_t size = nor_.geometry().block_size;
  Record record;
  // What was torn behind the last record is no place to write to.
  while (next_ < size) {
    TRY(nor_.read(block_ * size + next_, record));
    if (is_erased(record)) break;
    next_ += kRecordSize;
  }
  if (next_ >= size) TRY(turn_to(1 - block_));
  core::Writer out(record);
  out.u64_be(value);
  out.u64_be(~value);
  const std::uint32_t at = block_ * size + next_;
  next_ += kRecordSize;
  TRY(nor_.program(at, record));
  Record written;
  TRY(nor_.read(at, written));
  if (written != record) return Error::kStore;
  value_ = value;
  return {};
}

}  // namespace ports::flash
