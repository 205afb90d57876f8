// The HTTPS listener for enrolments: TLS 1.3, no client certificate, one path.
// Spec: docs/spec/enrolment.md.
#ifndef SERVER_BROKER_ENROLMENT_LISTENER_H_
#define SERVER_BROKER_ENROLMENT_LISTENER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "server/broker/outcome.h"

namespace server::broker {

// Larger bodies are refused unread.
inline constexpr std::size_t kMaxEnrolBodySize = 16 * 1024;

class EnrolmentListener {
 public:
  struct Options {
    std::string listen;               // address; empty: all
    std::uint16_t port = 0;           // 0: a free one
    std::string server_pem;           // key and certificate, PEM
    int per_address_burst = 20;       // requests that one address may make at once,
    int per_address_per_minute = 60;  // and the pace at which it gets new ones
  };
  struct Answer {
    int status = 200;
    std::vector<std::uint8_t> body;  // application/octet-stream
  };
  // Runs on one of the listener's threads, several at a time.
  using OnEnrol = std::function<Answer(core::Bytes sealed)>;

  EnrolmentListener(Options options, OnEnrol on_enrol);
  EnrolmentListener(const EnrolmentListener&) = delete;
  EnrolmentListener& operator=(const EnrolmentListener&) = delete;
  ~EnrolmentListener();  // stops

  // Errors: kInUse, kSystem.
  Outcome<void> start();
  void stop();
  std::uint16_t port() const;
  // New connections get this key and certificate. Errors: kBadInput.
  Outcome<void> set_certificate(const std::string& server_pem);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_ENROLMENT_LISTENER_H_
