#include "core/e2e/spqr/authenticator.h"

#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"
#include "core/e2e/spqr/labels.h"

namespace core::e2e::spqr {
namespace {

constexpr auto kUpdate = label("Authenticator Update");
constexpr auto kHeader = label("ekheader");
constexpr auto kCiphertext = label("ciphertext");

}  // namespace

void Authenticator::update(std::uint32_t epoch, View<32> secret) {
  Secret<64> input;
  copy(Bytes(keys_).first<32>(), input.mut());
  copy(secret, input.mut().last<32>());
  crypto::hkdf_sha256({}, input.view(), EpochLabel(kUpdate, epoch), keys_);
}

Secret<32> Authenticator::header_mac(std::uint32_t epoch, View<64> header) const {
  return crypto::hmac_sha256(mac_key(), {EpochLabel(kHeader, epoch), header});
}

Secret<32> Authenticator::ciphertext_mac(std::uint32_t epoch, View<960> ct1, View<128> ct2) const {
  return crypto::hmac_sha256(mac_key(), {EpochLabel(kCiphertext, epoch), ct1, ct2});
}

}  // namespace core::e2e::spqr
