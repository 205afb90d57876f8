#include "apps/firmware/tunnel.h"

#include "ports/lwip/addresses.h"

namespace apps::firmware {

using core::Status;
using core::wg::IpAddress;

Problem Tunnel::start(const TunnelSettings& settings) {
  if (netif_) return Problem::kNone;
  const auto hash_key = rng_.draw<32>();
  if (!hash_key) return Problem::kNoRandomness;
  netif_.emplace(storage_.memory(),
                 core::wg::DeviceOptions{
                     .mtu = settings.mtu, .staged_per_peer = kStaged, .handshakes_per_s = 10},
                 hash_key->view(), static_cast<ports::lwip::WgHost&>(*this), rng_);
  netif_->device().set_private_key(settings.private_key);
  settings_ = &settings;
  if (netif_->start({}) && netif_->add_address(IpAddress::v6(settings.address)) &&
      add_gateway(settings)) {
    return Problem::kNone;
  }
  netif_.reset();
  return Problem::kNoMemory;
}

Status Tunnel::add_gateway(const TunnelSettings& settings) {
  auto& device = netif_->device();
  gateway_ = TRY(device.add_peer(settings.gateway_key));
  TRY(device.set_preshared_key(gateway_, settings.preshared_key.view()));
  return device.add_allowed_ip(gateway_, {IpAddress::v6(settings.prefix), settings.prefix_bits});
}

core::Result<bool> Tunnel::find_gateway(Lookup& lookup) {
  if (gateway_known_) return true;
  const auto address = TRY(lookup.address(settings_->endpoint_host));
  if (!address) return false;
  auto& device = netif_->device();
  TRY(device.set_endpoint(gateway_, ports::lwip::endpoint_of(*address, settings_->endpoint_port)));
  TRY(device.set_persistent_keepalive(gateway_, settings_->keepalive_s, board_.now()));
  netif_->run();
  gateway_known_ = true;
  return true;
}

}  // namespace apps::firmware
