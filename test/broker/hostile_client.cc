#include "test/broker/hostile_client.h"

#include <mqtt_protocol.h>

#include <cstdlib>

namespace test {
namespace {

using namespace std::chrono_literals;
constexpr auto kLimit = 10s;

int no_password(char*, int, int, void*) { return 0; }

struct Library {
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
};

}  // namespace

HostileClient::HostileClient(Options options) : options_(std::move(options)) {
  static const Library library;
  const char* id = options_.client_id.empty() ? nullptr : options_.client_id.c_str();
  client_ = mosquitto_new(id, id ? options_.clean_start : true, this);
  mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, options_.version);
  const char* pem = options_.pem_file.empty() ? nullptr : options_.pem_file.c_str();
  mosquitto_tls_set(client_, options_.ca_file.c_str(), nullptr, pem, pem, no_password);
  if (!options_.will_topic.empty()) {
    mosquitto_will_set(client_, options_.will_topic.c_str(), 4, "will", 1, false);
  }
  mosquitto_connect_v5_callback_set(
      client_, [](mosquitto*, void* object, int reason, int flags, const mosquitto_property*) {
        auto& self = *static_cast<HostileClient*>(object);
        self.answer_ = reason;
        self.connected_ = reason == 0;
        self.session_present_ = flags & 1;
      });
  mosquitto_publish_v5_callback_set(
      client_, [](mosquitto*, void* object, int, int reason, const mosquitto_property*) {
        static_cast<HostileClient*>(object)->answer_ = reason;
      });
  mosquitto_subscribe_v5_callback_set(client_, [](mosquitto*, void* object, int, int,
                                                  const int* granted, const mosquitto_property*) {
    static_cast<HostileClient*>(object)->answer_ = granted[0];
  });
  mosquitto_message_v5_callback_set(
      client_, [](mosquitto*, void* object, const mosquitto_message* message,
                  const mosquitto_property* properties) {
        auto& self = *static_cast<HostileClient*>(object);
        void* correlation = nullptr;
        std::uint16_t size = 0;
        mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation, &size,
                                       false);
        self.messages.push_back(
            {message->topic,
             std::string(static_cast<const char*>(message->payload),
                         static_cast<std::size_t>(message->payloadlen)),
             std::string(static_cast<const char*>(correlation), correlation ? size : 0)});
        std::free(correlation);
      });
}

HostileClient::~HostileClient() { mosquitto_destroy(client_); }

void HostileClient::run(std::chrono::milliseconds time, const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + time;
  while (!broken_ && std::chrono::steady_clock::now() < limit && !(done && done())) {
    if (mosquitto_loop(client_, 20, 1) != MOSQ_ERR_SUCCESS) {
      broken_ = true;
      connected_ = false;
    }
  }
}

std::optional<int> HostileClient::connect() {
  answer_.reset();
  broken_ = false;
  mosquitto_property* properties = nullptr;
  if (options_.session_expiry_s) {
    mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                 options_.session_expiry_s);
  }
  const int error =
      mosquitto_connect_bind_v5(client_, "127.0.0.1", options_.port, 60, nullptr, properties);
  mosquitto_property_free_all(&properties);
  if (error != MOSQ_ERR_SUCCESS) return std::nullopt;
  run(kLimit, [this] { return answer_.has_value(); });
  return answer_;
}

std::optional<int> HostileClient::publish(const std::string& topic, const std::string& payload,
                                          bool retain, const std::string& response_topic) {
  answer_.reset();
  mosquitto_property* properties = nullptr;
  if (!response_topic.empty()) {
    mosquitto_property_add_string(&properties, MQTT_PROP_RESPONSE_TOPIC, response_topic.c_str());
  }
  const int error =
      mosquitto_publish_v5(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()),
                           payload.data(), 1, retain, properties);
  mosquitto_property_free_all(&properties);
  if (error != MOSQ_ERR_SUCCESS) return std::nullopt;
  run(kLimit, [this] { return answer_.has_value(); });
  return answer_;
}

std::optional<int> HostileClient::subscribe(const std::string& filter) {
  answer_.reset();
  if (mosquitto_subscribe(client_, nullptr, filter.c_str(), 1) != MOSQ_ERR_SUCCESS) {
    return std::nullopt;
  }
  run(kLimit, [this] { return answer_.has_value(); });
  return answer_;
}

void HostileClient::disconnect() {
  mosquitto_disconnect_v5(client_, 0, nullptr);
  run(1s);
  connected_ = false;
}

bool HostileClient::wait_messages(std::size_t count) {
  run(kLimit, [&] { return messages.size() >= count; });
  return messages.size() >= count;
}

}  // namespace test
