// A client on a virtual clock whose server is a script of hex bytes.
#ifndef CORE_MQTT_CONVERSATION_TEST_H_
#define CORE_MQTT_CONVERSATION_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mqtt/client.h"
#include "core/mqtt/text_test.h"

namespace core::mqtt {

class Conversation : public testing::Test {
 protected:
  Conversation() : Conversation(1024, 2048) {}
  Conversation(std::size_t receive_size, std::size_t send_size)
      : receive_buffer_(receive_size),
        send_buffer_(send_size),
        client(receive_buffer_, send_buffer_) {}

  // The client's output is exactly this, and is sent.
  void expect_says(std::string_view hex_text) {
    EXPECT_EQ(test::to_hex(client.output()), test::to_hex(test::hex(hex_text)));
    client.output_sent(client.output().size());
  }
  // The server sends this, and the client handles it.
  Result<std::optional<Event>> hear(std::string_view hex_text) {
    const auto packet = test::hex(hex_text);
    const MutBytes space = client.receive_space();
    EXPECT_GE(space.size(), packet.size());
    copy(packet, space);
    client.received(packet.size());
    return client.next_event(now);
  }
  // The same, and it must mean a T.
  template <class T>
  T hear_as(std::string_view hex_text) {
    return as<T>(hear(hex_text));
  }
  // The same, and it must mean nothing to the caller.
  void hear_nothing(std::string_view hex_text) {
    const auto event = hear(hex_text);
    ASSERT_TRUE(event.ok());
    EXPECT_FALSE(event->has_value());
  }
  template <class T>
  T as(Result<std::optional<Event>> event) {
    EXPECT_TRUE(event.ok()) << "error " << (event ? -1 : static_cast<int>(event.error()));
    if (!event || !*event) {
      ADD_FAILURE() << "no event";
      return {};
    }
    const T* const found = std::get_if<T>(&**event);
    EXPECT_NE(found, nullptr) << "event of kind " << (*event)->index();
    return found != nullptr ? *found : T{};
  }
  // The server sends this and is told off with a DISCONNECT of that reason.
  void expect_refused(std::string_view hex_text, Error error, std::string_view disconnect) {
    const auto event = hear(hex_text);
    ASSERT_FALSE(event.ok()) << hex_text;
    EXPECT_EQ(event.error(), error) << hex_text;
    EXPECT_TRUE(client.closing());
    expect_says(disconnect);
    // Nothing more is taken or read.
    EXPECT_FALSE(client.publish({.topic = bytes("t")}, now).ok());
    EXPECT_EQ(client.next_deadline(), kNever);
    hear_nothing("d000");
    EXPECT_TRUE(client.output().empty());
  }

  // Connects; `connack` is what the server answers.
  Connected connect(const ConnectOptions& options, std::string_view connack = "2003000000") {
    EXPECT_TRUE(client.connect(options, now).ok());
    client.output_sent(client.output().size());
    return hear_as<Connected>(connack);
  }
  void connect() { connect({.client_id = bytes("c")}); }
  void reconnect(std::string_view connack) {
    client.transport_closed();
    connect({.client_id = bytes("c")}, connack);
  }
  PacketId publish(std::string_view payload) {
    const auto id = client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now);
    EXPECT_TRUE(id.ok());
    return id ? *id : PacketId{0};
  }

 private:
  std::vector<std::uint8_t> receive_buffer_, send_buffer_;

 protected:
  Client client;
  Instant now{1000000};
};

}  // namespace core::mqtt
#endif  // CORE_MQTT_CONVERSATION_TEST_H_
