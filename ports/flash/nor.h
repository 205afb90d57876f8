// A NOR flash chip, or a part of one.
#ifndef PORTS_FLASH_NOR_H_
#define PORTS_FLASH_NOR_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::flash {

// Implemented by each board. Addresses and sizes are in bytes, from 0.
class Nor {
 public:
  struct Geometry {
    std::uint32_t block_size = 0;    // of one erase block
    std::uint32_t block_count = 0;   //
    std::uint32_t program_unit = 1;  // 1 to 64, a power of two
  };

  virtual Geometry geometry() const = 0;
  // Errors: kStore.
  virtual core::Status read(std::uint32_t address, core::MutBytes out) = 0;
  // Clears bits; whole units within one block, each once between two erasures.
  // Done when it returns. Errors: kStore, and then any of it may have happened.
  virtual core::Status program(std::uint32_t address, core::Bytes bytes) = 0;
  // Sets all bits of a block. Errors: as program().
  virtual core::Status erase(std::uint32_t block) = 0;

 protected:
  ~Nor() = default;  // not owned through this interface: no heap delete
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_NOR_H_
