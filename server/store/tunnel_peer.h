// A device's end of the site's tunnel, as stores keep it.
#ifndef SERVER_STORE_TUNNEL_PEER_H_
#define SERVER_STORE_TUNNEL_PEER_H_

#include "core/base/bytes.h"

namespace server::store {

// An enrolled device inside one store; never shown to anyone.
using AccountId = std::int64_t;

struct TunnelPeer {
  AccountId account = 0;
  core::ByteArray<8> host{};  // the lower half of its address inside
  core::ByteArray<32> public_key{}, preshared_key{};
};

}  // namespace server::store
#endif  // SERVER_STORE_TUNNEL_PEER_H_
