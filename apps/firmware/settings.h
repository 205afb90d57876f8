// What a device keeps beside its messenger's state, in the same store: the keys
// it is about to enrol, and what enrolment gave it. Their names are longer than
// the messenger's. Spec: docs/spec/device-store.md firmware.
#ifndef APPS_FIRMWARE_SETTINGS_H_
#define APPS_FIRMWARE_SETTINGS_H_

#include <optional>

#include "core/api/enrol_message.h"
#include "core/api/enrolment.h"
#include "core/messenger/store.h"

namespace apps::firmware {

// Bytes of text, ending in zero for the C libraries that want it so.
template <std::size_t N>
struct Text {
  std::array<char, N + 1> chars{};
  std::size_t size = 0;

  // Errors: kFull.
  core::Status set(core::Bytes text) {
    if (text.size() > N) return core::Error::kFull;
    chars = {};
    std::copy(text.begin(), text.end(), chars.begin());
    size = text.size();
    return {};
  }
  core::Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(chars.data()), size}; }
};
using HostText = Text<core::api::kMaxHostSize>;

// Born here. They stand in the store before the server hears of them, so that a
// power cut does not strand what it has accepted.
struct EnrolKeys {
  static constexpr std::size_t kMaxCsrSize = 512;

  core::Secret<32> identity, tunnel, tls;  // X25519, X25519, P-256
  std::uint32_t registration_id = 0;
  core::ByteArray<kMaxCsrSize> csr{};
  std::size_t csr_size = 0;

  core::api::EnrolmentKeys view() const {
    return {.identity = identity,
            .registration_id = registration_id,
            .csr = core::Bytes(csr).first(csr_size),
            .tunnel = tunnel,
            .max_contacts = core::messenger::kMaxContacts};
  }
  // Errors: kNotFound, kMalformed, kStore.
  static core::Result<EnrolKeys> load(core::messenger::Store& store);
  // In a transaction of the caller. Errors: kFull, kStore.
  core::Status save(core::messenger::Store& store) const;
  static core::Status erase(core::messenger::Store& store);
};

struct TunnelSettings {
  core::Secret<32> private_key, preshared_key;
  core::ByteArray<32> gateway_key{};
  HostText endpoint_host;
  std::uint16_t endpoint_port = 0;
  core::ByteArray<16> address{}, prefix{};  // IPv6, inside
  std::uint8_t prefix_bits = 0;
  std::uint16_t mtu = 0, keepalive_s = 0;
};

struct Settings {
  core::DeviceName name;
  HostText broker_host;
  std::uint16_t broker_port = 0;
  core::Secret<32> tls_key;
  std::optional<TunnelSettings> tunnel;  // there if the broker is inside one

  // Errors: kNotFound: not enrolled; kMalformed, kStore.
  static core::Result<Settings> load(core::messenger::Store& store);
  // In a transaction of the caller. Errors: kFull, kStore.
  core::Status save(core::messenger::Store& store) const;
};

// The two certificates, DER. Errors of put: kFull, kStore; of get: kNotFound too.
enum class Certificate : std::uint8_t { kSite, kOurs };
core::Status put_certificate(core::messenger::Store& store, Certificate which, core::Bytes der);
core::Result<std::size_t> get_certificate(core::messenger::Store& store, Certificate which,
                                          core::MutBytes out);

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_SETTINGS_H_
