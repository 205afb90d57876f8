// What can be asked of a device on its console.
#ifndef APPS_FIRMWARE_COMMANDS_H_
#define APPS_FIRMWARE_COMMANDS_H_

#include <span>

#include "apps/firmware/device.h"
#include "apps/firmware/output.h"
#include "apps/firmware/sensor.h"

namespace apps::firmware {

struct Context {
  Device& device;
  Board& board;
  Sensor& sensor;
  Output& out;
};

struct Command {
  std::string_view word;
  // What is to be given behind it, in this order; the last takes the rest of
  // the line. Empty: nothing.
  std::array<std::string_view, 2> arguments{};
  std::string_view help;
  // Writes lines that say what was asked for; gives a sentence if it cannot.
  std::string_view (*run)(Context&, std::span<const std::string_view, 2> arguments);
};

std::span<const Command> commands();

std::string_view word(Device::State state);

// A line for what has happened.
void tell(const core::messenger::Event& event, Output& out);

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_COMMANDS_H_
