// HMAC by nettle, as sha2.cc.
#include "core/crypto/hmac.h"

#include <nettle/hmac.h>

#include <new>

namespace core::crypto {
namespace {

hmac_sha256_ctx* context(std::uint8_t* state) {
  return std::launder(reinterpret_cast<hmac_sha256_ctx*>(state));
}

}  // namespace

HmacSha256::HmacSha256(Bytes key) {
  static_assert(sizeof(hmac_sha256_ctx) <= sizeof(state_));
  hmac_sha256_set_key(context(state_.data()), key.size(), key.data());
}

void HmacSha256::update(Bytes message) {
  hmac_sha256_update(context(state_.data()), message.size(), message.data());
}

void HmacSha256::finish(MutView<32> out) {
  hmac_sha256_digest(context(state_.data()), out.size(), out.data());
}

}  // namespace core::crypto
