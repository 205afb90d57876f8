// What the application asks of the board that it runs on, beside a store, a
// source of randomness and lwIP with a network. Implemented there.
#ifndef APPS_FIRMWARE_BOARD_H_
#define APPS_FIRMWARE_BOARD_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace apps::firmware {

class Board {
 public:
  virtual core::Instant now() = 0;
  // {0}: not known. Certificates are checked against it.
  virtual core::WallTime wall_time() = 0;
  // Writes to the console.
  virtual void write(core::Bytes text) = 0;
  // The most bytes of the stack that were in use.
  virtual std::size_t stack_used() = 0;
  // Microseconds that the processor was not asleep since the start; 0: not known.
  virtual std::uint64_t awake_us() { return 0; }
  // Starts the whole board anew, with what is in flash.
  [[noreturn]] virtual void restart() = 0;
  // The same with an empty store: the keys of the device are gone. Errors: as
  // those of its store; then the board goes on.
  virtual core::Status erase_and_restart() = 0;

 protected:
  ~Board() = default;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_BOARD_H_
