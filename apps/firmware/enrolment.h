// One enrolment, step by step while lwIP works: keys born here, one HTTPS
// request, and what comes of it in the store. Spec: docs/spec/enrolment.md.
#ifndef APPS_FIRMWARE_ENROLMENT_H_
#define APPS_FIRMWARE_ENROLMENT_H_

#include "apps/firmware/lookup.h"
#include "apps/firmware/problem.h"
#include "apps/firmware/settings.h"
#include "core/api/token.h"
#include "core/messenger/messenger.h"
#include "ports/mbedtls/tls.h"

namespace apps::firmware {

class Enrolment {
 public:
  // All outlive it, and are its alone from start() to the end. `request` needs
  // kMaxRequestSize bytes, and like `answer` room for the largest answer.
  struct Parts {
    core::messenger::Store& store;
    core::Rng& rng;
    core::messenger::Messenger& messenger;  // not open
    Lookup& lookup;
    ports::mbedtls::DeviceKey& key;
    ports::mbedtls::TlsContext& context;
    ports::mbedtls::TlsStream& stream;
    core::MutBytes request, answer;
  };
  static constexpr std::size_t kMaxRequestSize = 2 * 1024;

  explicit Enrolment(const Parts& parts) : p_(parts) {}
  Enrolment(const Enrolment&) = delete;
  Enrolment& operator=(const Enrolment&) = delete;

  // Makes the keys, or finds those of an enrolment that was cut off.
  Problem start(core::Bytes token, core::Instant now, core::WallTime wall);
  bool active() const { return phase_ != Phase::kIdle; }
  // One step. When it is no longer active without a problem, the device is
  // enrolled: the store says so, and the messenger is open.
  Problem step(core::Instant now);
  core::Instant deadline() const { return active() ? give_up_ : core::kNever; }

 private:
  enum class Phase : std::uint8_t { kIdle, kLookup, kConnecting, kSending, kReading };

  Problem make_keys();
  Problem write_request();
  Problem advance(core::Instant now);
  Problem send();
  Problem receive(core::Instant now);
  Problem take_answer(const core::Bytes sealed, core::Instant now);
  Problem keep(const core::api::EnrolResponseView& response, core::Instant now);
  core::Status save(const core::api::EnrolResponseView& response, const Settings& settings);
  void end();

  Parts p_;
  Phase phase_ = Phase::kIdle;
  core::api::Token token_;
  HostText host_;
  EnrolKeys keys_;
  core::Instant give_up_{};
  std::size_t size_ = 0;  // of the request
  std::size_t done_ = 0;  // bytes sent, then received
  bool messenger_open_ = false;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_ENROLMENT_H_
