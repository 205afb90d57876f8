// What a board is told when it is made: lines `name=value` in a block of flash
// of its own, written from outside. The text ends at a byte of ff.
#ifndef PORTS_QEMU_VIRT_PROVISIONING_H_
#define PORTS_QEMU_VIRT_PROVISIONING_H_

#include <string_view>

#include "ports/flash/nor.h"

namespace ports::qemu_virt {

class Provisioning {
 public:
  static constexpr std::uint32_t kMaxSize = 1024;  // bytes of text

  // Reads block 0 of `nor`. Errors: kStore; kFull: the text is longer than that.
  core::Status read(flash::Nor& nor);
  // The value of the first line of that name; empty: none. Lives as long as this.
  std::string_view value(std::string_view name) const;

 private:
  core::ByteArray<kMaxSize> text_{};
  std::size_t size_ = 0;
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_PROVISIONING_H_
