#include "ports/qemu_virt/pflash.h"

#include "ports/qemu_virt/registers.h"

namespace ports::qemu_virt {
namespace {

constexpr std::uint32_t kProgramUnit = 4;

constexpr std::uint32_t both(std::uint32_t command) { return command | command << 16; }
constexpr std::uint32_t kReadArray = both(0xff), kQuery = both(0x98), kProgram = both(0x40),
                        kErase = both(0x20), kEraseConfirm = both(0xd0), kClearStatus = both(0x50);
constexpr std::uint32_t kReady = both(0x80), kFailures = both(0x7e);

// Waits for the end of a command. False: it has failed.
bool wait_for(std::uintptr_t at) {
  std::uint32_t status;
  do {
    status = word_at(at);
  } while ((status & kReady) != kReady);
  return (status & kFailures) == 0;
}

// Leaves the chips readable.
void end_commands(std::uintptr_t at) {
  word_at(at) = kClearStatus;
  word_at(at) = kReadArray;
}

}  // namespace

Pflash::Pflash(std::uint32_t first_block, std::uint32_t block_count)
    : first_block_(first_block), block_count_(block_count) {
  CHECK(first_block <= kBlocks && block_count <= kBlocks - first_block);
}

bool Pflash::present() {
  word_at(kStoreFlash + 4 * 0x55) = kQuery;
  const bool answers = word_at(kStoreFlash + 4 * 0x10) == both('Q') &&
                       word_at(kStoreFlash + 4 * 0x11) == both('R') &&
                       word_at(kStoreFlash + 4 * 0x12) == both('Y');
  word_at(kStoreFlash) = kReadArray;
  return answers;
}

Pflash::Geometry Pflash::geometry() const {
  return {.block_size = kBlockSize, .block_count = block_count_, .program_unit = kProgramUnit};
}

bool Pflash::contains(std::uint32_t address, std::size_t size) const {
  const std::uint32_t all = block_count_ * kBlockSize;
  return address <= all && size <= all - address;
}

core::Status Pflash::read(std::uint32_t address, core::MutBytes out) {
  if (!contains(address, out.size())) return core::Error::kStore;
  const std::uintptr_t from = kStoreFlash + first_block_ * kBlockSize + address;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte_at(from + i);
  return {};
}

core::Status Pflash::program(std::uint32_t address, core::Bytes bytes) {
  const bool whole_units = address % kProgramUnit == 0 && bytes.size() % kProgramUnit == 0;
  if (!contains(address, bytes.size()) || !whole_units ||
      address % kBlockSize + bytes.size() > kBlockSize) {
    return core::Error::kStore;
  }
  const std::uintptr_t to = kStoreFlash + first_block_ * kBlockSize + address;
  const auto word_of = [&](std::size_t i) {
    std::uint32_t word;
    std::memcpy(&word, &bytes[i], sizeof(word));
    return word;
  };
  for (std::size_t i = 0; i < bytes.size(); i += kProgramUnit) {
    if ((word_at(to + i) & word_of(i)) != word_of(i)) return core::Error::kStore;
  }
  // The chips stay in command mode meanwhile: to leave it is dear in QEMU.
  bool programmed = true;
  for (std::size_t i = 0; i < bytes.size() && programmed; i += kProgramUnit) {
    word_at(to + i) = kProgram;
    word_at(to + i) = word_of(i);
    programmed = wait_for(to + i);
  }
  end_commands(to);
  for (std::size_t i = 0; i < bytes.size() && programmed; i += kProgramUnit) {
    programmed = word_at(to + i) == word_of(i);
  }
  if (!programmed) return core::Error::kStore;
  return {};
}

core::Status Pflash::erase(std::uint32_t block) {
  if (block >= block_count_) return core::Error::kStore;
  const std::uintptr_t at = kStoreFlash + (first_block_ + block) * kBlockSize;
  word_at(at) = kErase;
  word_at(at) = kEraseConfirm;
  const bool erased = wait_for(at);
  end_commands(at);
  if (!erased) return core::Error::kStore;
  return {};
}

}  // namespace ports::qemu_virt
