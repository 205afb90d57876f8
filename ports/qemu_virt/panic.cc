#include "ports/qemu_virt/panic.h"

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "ports/qemu_virt/board.h"

namespace ports::qemu_virt {
namespace {

constexpr std::uint32_t kMark = 0x50616e69, kShown = 0;
constexpr std::uint32_t kRecordSize = 16,
                        kSlotSize = 32;                  // behind the record: whether it was shown
constexpr std::uint32_t kShownAt = 16, kShownSize = 16;  // program units are at most so large

PanicLog* g_log = nullptr;

}  // namespace

core::Status PanicLog::find_end() {
  const auto geometry = nor_.geometry();
  for (next_ = 0; next_ + kSlotSize <= geometry.block_size; next_ += kSlotSize) {
    core::ByteArray<kRecordSize> record;
    TRY(nor_.read(next_, record));
    if (std::all_of(record.begin(), record.end(), [](auto byte) { return byte == 0xff; })) {
      return {};
    }
  }
  next_ = 0;
  return nor_.erase(0);
}

core::Result<std::optional<Panic>> PanicLog::open() {
  TRY(find_end());
  g_log = this;
  on_trap_call(on_trap);
  if (next_ == 0) return std::optional<Panic>();
  const std::uint32_t at = next_ - kSlotSize;
  core::ByteArray<kSlotSize> slot;
  TRY(nor_.read(at, slot));
  core::Reader in(slot);
  const auto mark = in.u32_be();
  const Panic panic{.cause = in.u32_be(), .pc = in.u32_be(), .value = in.u32_be()};
  if (mark != kMark || in.u32_be() == kShown) return std::optional<Panic>();
  TRY(nor_.program(at + kShownAt, core::ByteArray<kShownSize>{}));
  return std::optional(panic);
}

core::Status PanicLog::write(const Panic& panic) {
  core::ByteArray<kRecordSize> record;
  core::Writer out(record);
  out.u32_be(kMark);
  out.u32_be(panic.cause);
  out.u32_be(panic.pc);
  out.u32_be(panic.value);
  return nor_.program(next_, record);
}

void PanicLog::on_trap(std::uint32_t cause, std::uint32_t pc, std::uint32_t value) {
  PanicLog* const log = g_log;
  g_log = nullptr;  // one that happens here is not written down
  if (log != nullptr) static_cast<void>(log->write({cause, pc, value}));
  restart();
}

}  // namespace ports::qemu_virt
