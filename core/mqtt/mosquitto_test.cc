// The client against the real broker.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "core/mqtt/client.h"
#include "core/mqtt/text_test.h"
#include "test/mosquitto.h"

namespace core::mqtt {
namespace {

Instant now() {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

// A client and its TCP connection.
class Device {
 public:
  explicit Device(std::size_t receive_size = 8192, std::size_t send_size = 16384)
      : receive_buffer_(receive_size),
        send_buffer_(send_size),
        client(receive_buffer_, send_buffer_) {}
  ~Device() { cut(); }

  // Connects; the event that answers CONNECT, if any.
  std::optional<Event> open(std::uint16_t port, const ConnectOptions& options) {
    fd_ = test::connect_loopback(port);
    if (fd_ < 0) return std::nullopt;
    fcntl(fd_, F_SETFL, O_NONBLOCK);
    if (!client.connect(options, now())) return std::nullopt;
    return next();
  }

  // The transport breaks.
  void cut() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    client.transport_closed();
  }

  // The next event; nothing after `timeout_ms`, an error or a closed connection.
  std::optional<Event> next(std::int64_t timeout_ms = 5000) {
    const Instant until = now() + timeout_ms;
    while (fd_ >= 0) {
      auto event = client.next_event(now());
      flush();
      if (!event) return std::nullopt;
      if (*event) return *event;
      status = client.poll(now());
      flush();
      if (!status || now() >= until) return std::nullopt;
      pollfd wait{fd_, POLLIN, 0};
      ::poll(&wait, 1, 10);
      const MutBytes space = client.receive_space();
      const ssize_t size = ::recv(fd_, space.data(), space.size(), 0);
      if (size > 0) client.received(static_cast<std::size_t>(size));
      if (size == 0 || (size < 0 && errno != EAGAIN)) closed = true;
      if (closed && size <= 0) return std::nullopt;
    }
    return std::nullopt;
  }

  // The next event, which must be a T.
  template <class T>
  T expect(std::int64_t timeout_ms = 5000) {
    event_ = next(timeout_ms);
    const T* const found = event_ ? std::get_if<T>(&*event_) : nullptr;
    EXPECT_NE(found, nullptr) << "another event or none: "
                              << (event_ ? static_cast<int>(event_->index()) : -1);
    return found != nullptr ? *found : T{};
  }

  void subscribe(std::string_view filter) {
    const Subscription subscription{.filter = bytes(filter)};
    const auto id = client.subscribe({&subscription, 1}, now());
    ASSERT_TRUE(id.ok());
    EXPECT_EQ(expect<Subscribed>().packet_id, *id);
  }

  void send_raw(Bytes packet) { ASSERT_GT(::send(fd_, packet.data(), packet.size(), 0), 0); }

  void flush() {
    while (!client.output().empty()) {
      const Bytes out = client.output();
      const ssize_t size = ::send(fd_, out.data(), out.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      client.output_sent(static_cast<std::size_t>(size));
    }
  }

 private:
  int fd_ = -1;
  std::vector<std::uint8_t> receive_buffer_, send_buffer_;
  std::optional<Event> event_;

 public:
  Client client;
  Status status;
  bool closed = false;
};

class MosquittoTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::Mosquitto::installed()) GTEST_SKIP() << test::Mosquitto::kProgram << " is missing";
    start(test::Mosquitto::kAnonymous);
  }
  void start(const std::string& configuration) {
    broker_.emplace(configuration);
    ASSERT_TRUE(broker_->running()) << broker_->log();
  }
  void connect(Device& device, const ConnectOptions& options) {
    const auto event = device.open(broker_->port(), options);
    ASSERT_TRUE(event && std::get_if<Connected>(&*event)) << broker_->log();
  }

  std::optional<test::Mosquitto> broker_;
};

TEST_F(MosquittoTest, ConnectTellsTheBrokersLimits) {
  Device device;
  const auto event = device.open(broker_->port(), {.client_id = bytes("alice")});
  ASSERT_TRUE(event.has_value());
  const auto* connected = std::get_if<Connected>(&*event);
  ASSERT_NE(connected, nullptr);
  EXPECT_FALSE(connected->session_present);
  EXPECT_EQ(connected->limits.receive_maximum, 20);
  EXPECT_EQ(connected->limits.topic_alias_maximum, 10);
  EXPECT_EQ(connected->limits.keep_alive_s, 60);
}

TEST_F(MosquittoTest, AssignsAClientId) {
  Device device;
  const auto event = device.open(broker_->port(), {});
  ASSERT_TRUE(event.has_value());
  const auto* connected = std::get_if<Connected>(&*event);
  ASSERT_NE(connected, nullptr);
  ASSERT_TRUE(connected->properties.assigned_client_id.has_value());
  EXPECT_FALSE(connected->properties.assigned_client_id->empty());
}

TEST_F(MosquittoTest, AMessageComesBackWithAllItsProperties) {
  Device device;
  connect(device, {.client_id = bytes("alice")});
  device.subscribe("t/+");

  const std::vector<UserProperty> user{{bytes("a"), bytes("1")}, {bytes("a"), bytes("2")}};
  const std::string payload(5000, 'x');
  Publish message{.topic = bytes("t/x"), .payload = bytes(payload)};
  message.properties.payload_format = std::uint8_t{1};
  message.properties.message_expiry_s = 60u;
  message.properties.content_type = bytes("text/plain");
  message.properties.response_topic = bytes("t/reply");
  const ByteArray<16> correlation{0, 1, 2, 0xff};
  message.properties.correlation_data = correlation;
  message.properties.user_properties = user;
  const auto id = device.client.publish(message, now());
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(device.client.unacknowledged(), 1u);

  bool acknowledged = false, came = false;
  for (int i = 0; i < 2; ++i) {
    const auto event = device.next();
    ASSERT_TRUE(event.has_value());
    if (const auto* ack = std::get_if<PublishAcked>(&*event)) {
      EXPECT_EQ(ack->packet_id, *id);
      EXPECT_EQ(ack->reason, Reason::kSuccess);
      acknowledged = true;
    }
    if (const auto* got = std::get_if<Message>(&*event)) {
      EXPECT_EQ(text(got->topic), "t/x");
      EXPECT_EQ(text(got->payload), payload);
      EXPECT_EQ(got->qos, Qos::kAtLeastOnce);
      EXPECT_FALSE(got->duplicate);
      const Properties& p = got->properties;
      EXPECT_EQ(p.payload_format, 1);
      EXPECT_EQ(p.message_expiry_s, 60u);
      EXPECT_EQ(text(p.content_type.value_or(Bytes{})), "text/plain");
      EXPECT_EQ(text(p.response_topic.value_or(Bytes{})), "t/reply");
      ASSERT_TRUE(p.correlation_data.has_value());
      EXPECT_THAT(*p.correlation_data, testing::ElementsAreArray(correlation));
      UserPropertyReader reader(p);
      for (const UserProperty& want : user) {
        const auto property = reader.next();
        ASSERT_TRUE(property.has_value());
        EXPECT_EQ(text(property->name), text(want.name));
        EXPECT_EQ(text(property->value), text(want.value));
      }
      EXPECT_FALSE(reader.next().has_value());
      EXPECT_TRUE(device.client.acknowledge(got->packet_id, now()).ok());
      came = true;
    }
  }
  EXPECT_TRUE(acknowledged && came);
  EXPECT_EQ(device.client.unacknowledged(), 0u);
}

TEST_F(MosquittoTest, SubscriptionIdsAndAliasesWork) {
  Device device;
  connect(device, {.client_id = bytes("alice"), .topic_alias_maximum = kMaxAliases});
  const std::vector<Subscription> subscriptions{{.filter = bytes("a/#")}, {.filter = bytes("b")}};
  ASSERT_TRUE(device.client.subscribe(subscriptions, now(), 77).ok());
  EXPECT_THAT(device.expect<Subscribed>().reasons, testing::ElementsAre(1, 1));
  for (const std::string_view topic : {"a/long/topic", ""}) {
    Publish message{.topic = bytes(topic), .payload = bytes("x"), .qos = Qos::kAtMostOnce};
    message.properties.topic_alias = std::uint16_t{3};
    ASSERT_TRUE(device.client.publish(message, now()).ok());
    const auto got = device.expect<Message>();
    EXPECT_EQ(text(got.topic), "a/long/topic");
    EXPECT_EQ(SubscriptionIdReader(got.properties).next(), 77u);
  }
  const std::vector<Bytes> filters{bytes("b"), bytes("c")};
  ASSERT_TRUE(device.client.unsubscribe(filters, now()).ok());
  EXPECT_THAT(device.expect<Unsubscribed>().reasons, testing::ElementsAre(0, 0x11));
}

TEST_F(MosquittoTest, ManyMessagesGoThroughASmallSendQuota) {
  Device device;
  connect(device, {.client_id = bytes("alice")});
  device.subscribe("t");
  constexpr int kCount = 1000;
  int sent = 0, acknowledged = 0, came = 0;
  while (acknowledged < kCount || came < kCount) {
    while (sent < kCount) {
      const std::string number = std::to_string(sent);
      const auto id = device.client.publish({.topic = bytes("t"), .payload = bytes(number)}, now());
      if (!id) {
        ASSERT_EQ(id.error(), Error::kFull);
        break;
      }
      ++sent;
    }
    const auto event = device.next();
    ASSERT_TRUE(event.has_value());
    if (std::get_if<PublishAcked>(&*event) != nullptr) ++acknowledged;
    if (const auto* got = std::get_if<Message>(&*event)) {
      EXPECT_EQ(text(got->payload), std::to_string(came++));
      ASSERT_TRUE(device.client.acknowledge(got->packet_id, now()).ok());
    }
  }
  EXPECT_EQ(device.client.counters().unknown_acks, 0u);
}

TEST_F(MosquittoTest, AnUnacknowledgedMessageComesAgainAsADuplicate) {
  Device device;
  const ConnectOptions options{.client_id = bytes("alice"), .session_expiry_s = 60};
  connect(device, options);
  device.subscribe("t");
  ASSERT_TRUE(device.client.publish({.topic = bytes("t"), .payload = bytes("x")}, now()).ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(device.next().has_value());  // PUBACK and the message
  device.cut();

  const auto event = device.open(broker_->port(), options);
  ASSERT_TRUE(event.has_value());
  const auto* connected = std::get_if<Connected>(&*event);
  ASSERT_NE(connected, nullptr);
  EXPECT_TRUE(connected->session_present);
  const auto again = device.expect<Message>();
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(text(again.payload), "x");
  EXPECT_TRUE(device.client.acknowledge(again.packet_id, now()).ok());
}

TEST_F(MosquittoTest, MessagesCutOffAreSentAgainInOrder) {
  Device device, listener;
  connect(listener, {.client_id = bytes("bob")});
  listener.subscribe("t");
  const ConnectOptions options{.client_id = bytes("alice"), .session_expiry_s = 60};
  connect(device, options);
  for (const char* payload : {"0", "1", "2"}) {
    ASSERT_TRUE(
        device.client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now()).ok());
  }
  device.cut();  // nothing of it has been sent
  connect(device, options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(device.expect<PublishAcked>().packet_id, i + 1);
    const auto got = listener.expect<Message>();
    EXPECT_EQ(text(got.payload), std::to_string(i));
    EXPECT_TRUE(listener.client.acknowledge(got.packet_id, now()).ok());
  }
  EXPECT_EQ(device.client.unacknowledged(), 0u);
  EXPECT_EQ(device.client.counters().resent, 3u);
}

TEST_F(MosquittoTest, ABrokerKilledMidwayGetsTheMessagesWhenItIsBack) {
  Device device;
  const ConnectOptions options{.client_id = bytes("alice"), .session_expiry_s = 60};
  connect(device, options);
  broker_->kill(SIGSTOP);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(device.client.publish({.topic = bytes("t"), .payload = bytes("x")}, now()).ok());
  }
  device.flush();
  broker_->kill(SIGKILL);
  EXPECT_FALSE(device.next().has_value());
  EXPECT_TRUE(device.closed);
  device.cut();
  device.closed = false;
  ASSERT_TRUE(broker_->start()) << broker_->log();

  const auto event = device.open(broker_->port(), options);
  ASSERT_TRUE(event.has_value());
  const auto* connected = std::get_if<Connected>(&*event);
  ASSERT_NE(connected, nullptr);
  EXPECT_FALSE(connected->session_present);  // nothing is persistent in this broker
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(device.expect<PublishAcked>().reason, Reason::kNoMatchingSubscribers);
  }
  EXPECT_EQ(device.client.unacknowledged(), 0u);
}

TEST_F(MosquittoTest, KeepsAliveAndNoticesASilentBroker) {
  Device device;
  connect(device, {.client_id = bytes("alice"), .keep_alive_s = 1, .ping_timeout_ms = 300});
  EXPECT_FALSE(device.next(3500).has_value());  // more than the broker's one and a half seconds
  EXPECT_TRUE(device.status.ok());
  EXPECT_FALSE(device.closed);
  EXPECT_TRUE(device.client.connected());

  broker_->kill(SIGSTOP);
  EXPECT_FALSE(device.next(3500).has_value());
  ASSERT_FALSE(device.status.ok());
  EXPECT_EQ(device.status.error(), Error::kExpired);
  broker_->kill(SIGCONT);
}

TEST_F(MosquittoTest, AMessageTooLargeForTheDeviceIsNotSentToIt) {
  Device small(Client::kMinBufferSize), large;
  connect(small, {.client_id = bytes("small")});
  small.subscribe("t");
  connect(large, {.client_id = bytes("large")});
  const std::string too_large(Client::kMinBufferSize, 'x');
  for (const std::string& payload : {too_large, std::string("fits")}) {
    ASSERT_TRUE(large.client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now()).ok());
    large.expect<PublishAcked>();
  }
  EXPECT_EQ(text(small.expect<Message>().payload), "fits");
}

TEST_F(MosquittoTest, AMessageTooLargeForTheBrokerIsRefused) {
  start(std::string("max_packet_size 1000\n") + test::Mosquitto::kAnonymous);
  Device device;
  connect(device, {.client_id = bytes("alice")});
  EXPECT_EQ(device.client.limits().maximum_packet_size, 1000u);
  const std::string payload(1000, 'x');
  const auto id = device.client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now());
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(id.error(), Error::kRefused);
  EXPECT_TRUE(device.client.output().empty());
  EXPECT_EQ(device.client.unacknowledged(), 0u);
}

TEST_F(MosquittoTest, TheWillIsDeliveredWhenTheConnectionBreaks) {
  Device device, listener;
  connect(listener, {.client_id = bytes("bob")});
  listener.subscribe("will/+");
  Will will{.topic = bytes("will/alice"), .payload = bytes("gone")};
  const UserProperty user{bytes("why"), bytes("cut")};
  will.properties.will_delay_s = 0u;
  will.properties.message_expiry_s = 30u;
  will.properties.content_type = bytes("text/plain");
  will.properties.response_topic = bytes("r");
  will.properties.correlation_data = bytes("c");
  will.properties.user_properties = {&user, 1};
  connect(device, {.client_id = bytes("alice"), .will = will});
  device.cut();

  const auto got = listener.expect<Message>();
  EXPECT_EQ(text(got.topic), "will/alice");
  EXPECT_EQ(text(got.payload), "gone");
  EXPECT_EQ(text(got.properties.content_type.value_or(Bytes{})), "text/plain");
  EXPECT_EQ(text(got.properties.response_topic.value_or(Bytes{})), "r");
  EXPECT_EQ(text(got.properties.correlation_data.value_or(Bytes{})), "c");
  const auto property = UserPropertyReader(got.properties).next();
  ASSERT_TRUE(property.has_value());
  EXPECT_EQ(text(property->value), "cut");
}

TEST_F(MosquittoTest, NoWillAfterAProperDisconnect) {
  Device device, listener;
  connect(listener, {.client_id = bytes("bob")});
  listener.subscribe("will");
  const Will will{.topic = bytes("will"), .payload = bytes("gone")};
  connect(device, {.client_id = bytes("alice"), .will = will});
  ASSERT_TRUE(device.client.disconnect().ok());
  device.flush();
  EXPECT_FALSE(device.next().has_value());  // nothing is read any more
  device.cut();
  EXPECT_FALSE(listener.next(500).has_value());

  connect(device, {.client_id = bytes("alice"), .will = will});
  ASSERT_TRUE(device.client.disconnect(Reason::kDisconnectWithWill).ok());
  device.flush();
  EXPECT_EQ(text(listener.expect<Message>().payload), "gone");
}

TEST_F(MosquittoTest, TheBrokersDisconnectIsHeard) {
  Device device;
  connect(device, {.client_id = bytes("alice")});
  const ByteArray<2> subscribe{0x80, 0};  // wrong flags, no packet id
  device.send_raw(subscribe);
  EXPECT_EQ(device.expect<Disconnected>().reason, Reason::kMalformedPacket);
  EXPECT_TRUE(device.client.closing());
}

TEST_F(MosquittoTest, WrongPasswordIsRefused) {
  start("listener %PORT% 127.0.0.1\nallow_anonymous false\n");
  Device device;
  const auto event =
      device.open(broker_->port(),
                  {.client_id = bytes("a"), .username = bytes("alice"), .password = bytes("no")});
  ASSERT_TRUE(event.has_value());
  const auto* refused = std::get_if<Refused>(&*event);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->reason, Reason::kNotAuthorized);
}

}  // namespace
}  // namespace core::mqtt
