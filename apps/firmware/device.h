// A whole device: its store, messenger, tunnel and connection to the site, over
// lwIP, in the caller's loop. Never blocks, takes no memory but its own.
#ifndef APPS_FIRMWARE_DEVICE_H_
#define APPS_FIRMWARE_DEVICE_H_

#include <algorithm>

#include "apps/firmware/enrolment.h"
#include "apps/firmware/tunnel.h"
#include "core/messenger/link.h"
#include "core/messenger/workspace.h"
#include "ports/mbedtls/certificate.h"

namespace apps::firmware {

class Device {
 public:
  enum class State : std::uint8_t { kNew, kEnrolling, kOffline, kConnecting, kOnline };

  // All outlive the device. mbedTLS and lwIP are started, the mark is open.
  Device(Board& board, core::Rng& rng, core::messenger::Store& store,
         ports::flash::HighMark& floor);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Loads the device from its store; one that was never enrolled is kNone too.
  // To be called once, before anything else.
  Problem open();
  // Begins to enrol; state() and problem() say how it goes. Where the network or
  // the server is the cause, it is tried again. `token`: its text.
  Problem enrol(core::Bytes token);

  // Does whatever can be done now. To be called after lwIP has worked.
  void step();
  core::Instant next_deadline() const;

  State state() const;
  // Why the device is not online, or not enrolled. kStore goes before all others
  // and stays until a restart: something could not be kept.
  Problem problem() const { return store_failed() ? Problem::kStore : problem_; }
  bool enrolled() const { return settings_.has_value(); }
  // REQUIRES: enrolled().
  const Settings& settings() const { return *settings_; }
  core::messenger::Messenger& messenger() { return messenger_; }
  // What has happened, until there is no more: to be asked after step(), as the
  // device acts on some of it. See core/messenger/types.h.
  std::optional<core::messenger::Event> next_event();
  // When the certificate in the store is valid. REQUIRES: enrolled(). Errors:
  // kStore, kMalformed, kFull.
  core::Result<ports::mbedtls::Validity> certificate_validity();
  const core::wg::Counters* tunnel_counters() const { return tunnel_.counters(); }

 private:
  // The largest push or answer, and what MQTT has around it.
  static constexpr std::size_t kReceiveSize = core::messenger::kMaxPayload + 512;
  // Requests that the broker has not taken, of the largest size.
  static constexpr std::size_t kUnacknowledged = core::messenger::by_profile(2, 2, 1);
  static constexpr std::size_t kSendSize = kUnacknowledged * core::messenger::kMaxPayload + 1024;

  bool store_failed() const {
    return messenger_.counters().store_failures != 0 || tunnel_.floor_failed();
  }
  Problem use(Settings settings);
  Problem try_to_enrol();
  Problem load_context();
  void step_enrolment(core::Instant now);
  void step_link(core::Instant now);
  Problem connect();
  Problem advance(core::Instant now);
  Problem read_some(core::Instant now);
  Problem write_some();
  void lose(Problem why, core::Instant now);
  void renew_certificate(core::Instant now);
  void take_certificate();
  static_assert(std::min(core::messenger::kMaxCiphertext, core::messenger::kMaxPayload) >=
                core::messenger::kMaxCertificate);
  // Where a certificate is looked at, DER: between the messenger's calls.
  core::MutBytes site_certificate() { return work_.text; }
  core::MutBytes our_certificate() { return work_.body; }

  Board& board_;
  core::Rng& rng_;
  core::messenger::Store& store_;
  core::messenger::Workspace work_;
  core::messenger::Messenger messenger_;
  core::ByteArray<kReceiveSize> in_;
  core::ByteArray<kSendSize> out_;
  core::mqtt::Client client_;
  core::messenger::Link link_;
  Lookup lookup_;
  Tunnel tunnel_;
  ports::mbedtls::DeviceKey key_;
  ports::mbedtls::TlsContext context_;
  ports::mbedtls::TlsStream stream_;
  Enrolment enrolment_;

  enum class Phase : std::uint8_t { kIdle, kLookup, kHandshake, kOpen };
  std::optional<Settings> settings_;
  Phase phase_ = Phase::kIdle;
  Text<core::api::Token::kMaxTextSize> token_;  // while it is to be tried
  std::uint32_t enrol_failures_ = 0;
  core::Instant enrol_at_ = core::kNever;
  bool context_ready_ = false;
  bool more_to_do_ = false;
  core::Instant renew_at_{};  // when to look whether it is time
  Problem problem_ = Problem::kNone;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_DEVICE_H_
