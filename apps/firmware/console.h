// The console: lines in, lines out. Every command is answered by lines about
// what was asked for and then `ok` or `error: ` and a sentence; lines that begin
// with `* ` say what has happened meanwhile. `menu` makes it one for people: it
// echoes, numbers the commands and asks for what they lack. docs/firmware.md
#ifndef APPS_FIRMWARE_CONSOLE_H_
#define APPS_FIRMWARE_CONSOLE_H_

#include "apps/firmware/commands.h"

namespace apps::firmware {

class Console {
 public:
  // A text of the largest size, each byte escaped, and what stands before it.
  static constexpr std::size_t kMaxLine = 4 * core::messenger::kMaxPlaintext + 128;

  Console(Device& device, Board& board, Sensor& sensor)
      : out_(board), context_{device, board, sensor, out_} {}

  // A byte was typed.
  void take(std::uint8_t byte);
  // Says what has happened. To be called after the device's step().
  void step();

 private:
  void take_line();
  void run(const Command& command, std::string_view rest);
  void answer(std::string_view problem);
  void begin_line();
  void show_menu();

  Output out_;
  Context context_;
  std::array<char, kMaxLine> line_{};
  std::size_t size_ = 0;
  std::size_t asked_at_ = 0;  // before it is what an answer is asked for; 0: nothing is
  bool too_long_ = false;
  bool for_people_ = false;
  bool tunnel_up_ = false;
  Device::State state_ = Device::State::kNew;
  Problem problem_ = Problem::kNone;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_CONSOLE_H_
