// The machine's second flash unit: two 16-bit Intel chips side by side, so that
// every command goes to both. Spec: [CFI].
#ifndef PORTS_QEMU_VIRT_PFLASH_H_
#define PORTS_QEMU_VIRT_PFLASH_H_

#include "ports/flash/nor.h"

namespace ports::qemu_virt {

// `block_count` blocks of 256 KiB from `first_block` of the unit's 128. QEMU
// would set bits that a program clears no more; this refuses to, as a chip does.
class Pflash final : public flash::Nor {
 public:
  static constexpr std::uint32_t kBlockSize = 256 * 1024;
  static constexpr std::uint32_t kBlocks = 128;

  // REQUIRES: first_block + block_count <= kBlocks
  Pflash(std::uint32_t first_block, std::uint32_t block_count);

  // Whether the machine has the chips. Call it before anything else.
  static bool present();

  Geometry geometry() const override;
  core::Status read(std::uint32_t address, core::MutBytes out) override;
  core::Status program(std::uint32_t address, core::Bytes bytes) override;
  core::Status erase(std::uint32_t block) override;

 private:
  bool contains(std::uint32_t address, std::size_t size) const;

  std::uint32_t first_block_, block_count_;
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_PFLASH_H_
