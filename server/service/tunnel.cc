#include "server/service/tunnel.h"

#include "core/crypto/sha2.h"

namespace server::service {

core::ByteArray<8> tunnel_host(core::View<32> tunnel_key) {
  const auto digest = core::crypto::sha256(tunnel_key);
  return core::to_array(core::Bytes(digest).first<8>());
}

InsideAddress inside_address(core::View<8> prefix, core::View<8> host) {
  InsideAddress address{};
  core::copy(prefix, address);
  core::copy(host, core::MutBytes(address).subspan(8));
  return address;
}

}  // namespace server::service
