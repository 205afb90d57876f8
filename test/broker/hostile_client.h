// A device's connection that does whatever it is told, to test what the broker
// lets it do.
#ifndef TEST_BROKER_HOSTILE_CLIENT_H_
#define TEST_BROKER_HOSTILE_CLIENT_H_

#include <mosquitto.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace test {

// MQTT 5 reason codes. Spec: [MQTT5] 2.4.
inline constexpr int kSuccess = 0, kNotAuthorized = 0x87, kPacketTooLarge = 0x95;

class HostileClient {
 public:
  struct Options {
    std::uint16_t port = 0;
    std::filesystem::path ca_file;
    std::filesystem::path pem_file = {};  // key and certificate; empty: none
    std::string client_id = {};           // empty: the broker chooses
    std::string will_topic = {};          // empty: no will
    bool clean_start = true;
    std::uint32_t session_expiry_s = 0;
    int version = 5;
  };
  struct Message {
    std::string topic, payload, correlation;
  };

  explicit HostileClient(Options options);
  HostileClient(const HostileClient&) = delete;
  HostileClient& operator=(const HostileClient&) = delete;
  ~HostileClient();  // closes the connection without DISCONNECT

  // The CONNACK's reason code; nothing if the connection broke before one.
  std::optional<int> connect();
  bool session_present() const { return session_present_; }
  bool connected() const { return connected_; }
  // The PUBACK's reason code; nothing if the connection broke instead.
  std::optional<int> publish(const std::string& topic, const std::string& payload,
                             bool retain = false, const std::string& response_topic = "");
  // The SUBACK's code: the granted QoS, or a reason.
  std::optional<int> subscribe(const std::string& filter);
  void disconnect();  // with DISCONNECT

  // Sends and receives for `time`, or until `done`.
  void run(std::chrono::milliseconds time, const std::function<bool()>& done = {});
  // Runs until `count` messages have come, at most 10 s.
  bool wait_messages(std::size_t count);
  std::vector<Message> messages;

 private:
  mosquitto* client_;
  const Options options_;
  std::optional<int> answer_;
  bool connected_ = false, broken_ = false, session_present_ = false;
};

}  // namespace test
#endif  // TEST_BROKER_HOSTILE_CLIENT_H_
