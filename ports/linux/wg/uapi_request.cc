#include "ports/linux/wg/uapi_request.h"

#include <net/if.h>

namespace ports::linux_os::wg {
namespace {

UapiErrno errno_of(const core::Status& status) {
  if (status) return UapiErrno::kNone;
  switch (status.error()) {
    case core::Error::kFull: return UapiErrno::kNoRoom;
    case core::Error::kNotFound: return UapiErrno::kNone;  // removed in the meantime
    default: return UapiErrno::kInvalid;
  }
}

UapiErrno errno_of(const Done& done) {
  if (done) return UapiErrno::kNone;
  return done.error().kind == ProblemKind::kBusy ? UapiErrno::kPortTaken : UapiErrno::kIo;
}

void remove_all_peers(Gateway& gateway) {
  auto& device = gateway.device();
  for (auto peer = device.first_peer(); peer; peer = device.next_peer(*peer)) {
    (void)device.remove_peer(*peer);
  }
}

}  // namespace

UapiErrno UapiRequest::apply(Gateway& gateway, const UapiSetting& setting, core::Instant now) {
  if (setting.key == UapiKey::kPublicKey) {
    const UapiErrno error = finish(gateway);
    return error == UapiErrno::kNone ? begin_peer(gateway, setting.key_bytes.view()) : error;
  }
  if (section_ == Section::kDevice) return apply_to_device(gateway, setting);
  if (section_ == Section::kNobody) return UapiErrno::kNone;
  if (section_ == Section::kNewPeer) {
    if (setting.key == UapiKey::kRemove || setting.key == UapiKey::kUpdateOnly) {
      section_ = Section::kNobody;
      return UapiErrno::kNone;
    }
    const UapiErrno error = make_peer(gateway);
    if (error != UapiErrno::kNone || section_ == Section::kNobody) return error;
  }
  return apply_to_peer(gateway, setting, now);
}

UapiErrno UapiRequest::apply_to_device(Gateway& gateway, const UapiSetting& setting) {
  switch (setting.key) {
    case UapiKey::kPrivateKey:
      gateway.device().set_private_key(setting.key_bytes);
      return UapiErrno::kNone;
    case UapiKey::kListenPort:
      return errno_of(gateway.set_listen_port(static_cast<std::uint16_t>(setting.number)));
    case UapiKey::kFwmark: return errno_of(gateway.set_mark(setting.number));
    case UapiKey::kReplacePeers: remove_all_peers(gateway); return UapiErrno::kNone;
    default: return UapiErrno::kInvalid;
  }
}

UapiErrno UapiRequest::begin_peer(Gateway& gateway, core::View<32> public_key) {
  public_key_ = core::to_array(public_key);
  const auto found = gateway.device().find_peer(public_key);
  section_ = found ? Section::kPeer : Section::kNewPeer;
  if (found) peer_ = *found;
  return UapiErrno::kNone;
}

UapiErrno UapiRequest::make_peer(Gateway& gateway) {
  const auto made = gateway.add_peer(public_key_);
  section_ = made ? Section::kPeer : Section::kNobody;
  if (made) {
    peer_ = *made;
    return UapiErrno::kNone;
  }
  // Our own key: as if it had not been said.
  return made.error() == core::Error::kFull ? UapiErrno::kNoRoom : UapiErrno::kNone;
}

UapiErrno UapiRequest::finish(Gateway& gateway) {
  return section_ == Section::kNewPeer ? make_peer(gateway) : UapiErrno::kNone;
}

UapiErrno UapiRequest::apply_to_peer(Gateway& gateway, const UapiSetting& setting,
                                     core::Instant now) {
  auto& device = gateway.device();
  switch (setting.key) {
    case UapiKey::kRemove: section_ = Section::kNobody; return errno_of(device.remove_peer(peer_));
    case UapiKey::kUpdateOnly:
    case UapiKey::kProtocolVersion: return UapiErrno::kNone;
    case UapiKey::kPresharedKey:
      return errno_of(device.set_preshared_key(peer_, setting.key_bytes.view()));
    case UapiKey::kEndpoint: {
      core::wg::Endpoint endpoint = setting.endpoint;
      if (setting.scope[0] != 0) {
        const auto number = parse_number(setting.scope.data(), UINT32_MAX);
        endpoint.scope = number ? *number : ::if_nametoindex(setting.scope.data());
        if (endpoint.scope == 0) return UapiErrno::kInvalid;
      }
      return errno_of(device.set_endpoint(peer_, endpoint));
    }
    case UapiKey::kPersistentKeepalive:
      return errno_of(
          device.set_persistent_keepalive(peer_, static_cast<std::uint16_t>(setting.number), now));
    case UapiKey::kReplaceAllowedIps: return errno_of(device.clear_allowed_ips(peer_));
    case UapiKey::kAllowedIp: return errno_of(gateway.add_allowed_ip(peer_, setting.prefix));
    case UapiKey::kRemoveAllowedIp:
      return errno_of(device.remove_allowed_ip(peer_, setting.prefix));
    default: return UapiErrno::kInvalid;
  }
}

}  // namespace ports::linux_os::wg
