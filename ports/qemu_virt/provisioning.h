// What a board is told when it is made: lines `name=value` in a block of flash
// of its own, written from outside. The text ends at a byte of ff.
#ifndef PORTS_QEMU_VIRT_PROVISIONING_H_
#define PORTS_QEMU_VIRT_PROVISIONING_H_

#include <string_view>

#include "ports/flash/nor.h"

namespace ports::qemu_virt {

class Provisioning {
 public:
  // `room` outlives this and holds the text and one byte more.
  explicit Provisioning(core::MutBytes room) : room_(room) {}

  // Reads block 0 of `nor`. Errors: kStore; kFull: `room` is too small.
  core::Status read(flash::Nor& nor);
  // The value of the first line of that name; empty: none. Lives as long as this.
  std::string_view value(std::string_view name) const;

 private:
  core::MutBytes room_;
  std::size_t size_ = 0;
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_PROVISIONING_H_
