#include "core/e2e/spqr/authenticator.h"

#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"
#include "core/e2e/spqr/labels.h"

namespace core::e2e::spqr {

void Authenticator::update(std::uint64_t epoch, View<32> secret) {
  Secret<64> input;
  copy(root_key(), input.mut());
  copy(secret, input.mut().last<32>());
  const auto out = crypto::hkdf_sha256<64>(
      {}, input.view(), with_epoch(label("Signal_PQCKA_V1_MLKEM768:Authenticator Update"), epoch));
  root_key_ = Secret<32>(out.view().first<32>());
  mac_key_ = Secret<32>(out.view().last<32>());
}

Secret<32> Authenticator::header_mac(std::uint64_t epoch, View<64> header) const {
  return crypto::hmac_sha256(
      mac_key(), {with_epoch(label("Signal_PQCKA_V1_MLKEM768:ekheader"), epoch), header});
}

Secret<32> Authenticator::ciphertext_mac(std::uint64_t epoch, View<960> ct1, View<128> ct2) const {
  return crypto::hmac_sha256(
      mac_key(), {with_epoch(label("Signal_PQCKA_V1_MLKEM768:ciphertext"), epoch), ct1, ct2});
}

}  // namespace core::e2e::spqr
