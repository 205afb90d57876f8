// Carries out a set request, line by line: what was set before a bad line
// stays. Spec: docs/spec/wg-uapi.md.
#ifndef PORTS_LINUX_WG_UAPI_REQUEST_H_
#define PORTS_LINUX_WG_UAPI_REQUEST_H_

#include "ports/linux/wg/gateway.h"
#include "ports/linux/wg/uapi_parser.h"

namespace ports::linux_os::wg {

// From kSet to kSetDone or an error.
class UapiRequest {
 public:
  UapiErrno apply(Gateway& gateway, const UapiSetting& setting, core::Instant now);
  // The request is over: a peer that was only named is made.
  UapiErrno finish(Gateway& gateway);

 private:
  enum class Section : std::uint8_t {
    kDevice,
    kPeer,     // peer_
    kNewPeer,  // public_key_, not made before a line or the end asks for it
    kNobody,   // what is said of it has no effect
  };

  UapiErrno apply_to_device(Gateway& gateway, const UapiSetting& setting);
  UapiErrno apply_to_peer(Gateway& gateway, const UapiSetting& setting, core::Instant now);
  UapiErrno begin_peer(Gateway& gateway, core::View<32> public_key);
  UapiErrno make_peer(Gateway& gateway);

  Section section_ = Section::kDevice;
  core::wg::PeerId peer_;
  core::ByteArray<32> public_key_{};
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UAPI_REQUEST_H_
