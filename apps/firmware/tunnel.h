// The device's end of its site's tunnel, as enrolment gave it. Spec:
// docs/spec/enrolment.md tunnel.
#ifndef APPS_FIRMWARE_TUNNEL_H_
#define APPS_FIRMWARE_TUNNEL_H_

#include "apps/firmware/board.h"
#include "apps/firmware/lookup.h"
#include "apps/firmware/problem.h"
#include "core/messenger/limits.h"
#include "ports/flash/high_mark.h"
#include "ports/lwip/wg_netif.h"

namespace apps::firmware {

class Tunnel final : ports::lwip::WgHost {
 public:
  // All outlive it. The mark is open.
  Tunnel(Board& board, core::Rng& rng, ports::flash::HighMark& floor)
      : board_(board), rng_(rng), floor_(floor) {}

  // Makes the interface; `settings` outlives it. A second call does nothing.
  Problem start(const TunnelSettings& settings);
  // Finds the gateway, by its name if it has one. True once it is known.
  core::Result<bool> find_gateway(Lookup& lookup);
  // It may have moved: find_gateway() asks anew.
  void forget_gateway() { gateway_known_ = false; }
  // Whether flash did not take a floor: then there are no handshakes.
  bool floor_failed() const { return floor_failed_; }
  // What it has seen; nothing before start().
  const core::wg::Counters* counters() const {
    return netif_ ? &netif_->device().counters() : nullptr;
  }

 private:
  core::Instant now() override { return board_.now(); }
  core::WallTime wall_time() override { return board_.wall_time(); }
  std::uint64_t stored_floor() override { return floor_.value(); }
  core::Status store_floor(std::uint64_t floor) override {
    const auto raised = floor_.raise(floor);
    floor_failed_ = floor_failed_ || !raised;
    return raised;
  }
  core::Status add_gateway(const TunnelSettings& settings);

  Board& board_;
  core::Rng& rng_;
  ports::flash::HighMark& floor_;
  // One peer, with one prefix; so many packets wait for its handshake.
  static constexpr std::size_t kStaged = core::messenger::by_profile(4, 4, 1);
  core::wg::DeviceStorage<1, 2, kStaged, 512> storage_;
  mutable std::optional<ports::lwip::WgNetif> netif_;
  const TunnelSettings* settings_ = nullptr;
  core::wg::PeerId gateway_{};
  bool gateway_known_ = false, floor_failed_ = false;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_TUNNEL_H_
