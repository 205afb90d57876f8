// A reading every so often, as a message to one device. The reading is what
// every board has: its uptime and the memory in use; no more is claimed.
#ifndef APPS_FIRMWARE_SENSOR_H_
#define APPS_FIRMWARE_SENSOR_H_

#include "apps/firmware/board.h"
#include "apps/firmware/device.h"

namespace apps::firmware {

class Sensor {
 public:
  static constexpr std::uint32_t kMaxPeriodS = 24 * 3600;

  // All outlive it. It goes on as it was set, over restarts.
  Sensor(Device& device, Board& board, core::messenger::Store& store)
      : device_(device), board_(board), store_(store) {}

  // Errors: kMalformed, kStore: what is stored is not read.
  core::Status load();
  // Every `period_s` seconds; 0: no more. Errors: kMalformed: too long; kStore.
  core::Status set(const core::DeviceName& to, std::uint32_t period_s);
  void step();
  core::Instant next_deadline() const { return next_; }

  const core::DeviceName& to() const { return to_; }
  std::uint32_t period_s() const { return period_s_; }
  // Readings that were not sent because too many messages wait.
  std::uint64_t skipped() const { return skipped_; }

 private:
  void send();

  Device& device_;
  Board& board_;
  core::messenger::Store& store_;
  core::DeviceName to_;
  std::uint32_t period_s_ = 0;
  core::Instant next_ = core::kNever;
  std::uint64_t number_ = 0, skipped_ = 0;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_SENSOR_H_
