// A whole conversation, with a lost connection in it, without the heap.
#include "test/no_heap.h"

#include "core/mqtt/conversation_test.h"

namespace core::mqtt {
namespace {

struct Counts {
  int connected = 0, messages = 0, acked = 0, subscribed = 0, others = 0, errors = 0;
};

// Feeds the bytes and handles all events, acknowledging what comes.
void hear(Client& client, Bytes from_server, Instant now, Counts& counts) {
  copy(from_server, client.receive_space());
  client.received(from_server.size());
  for (;;) {
    const auto event = client.next_event(now);
    if (!event) ++counts.errors;
    if (!event || !*event) return;
    if (const auto* message = std::get_if<Message>(&**event)) {
      ++counts.messages;
      UserPropertyReader reader(message->properties);
      while (reader.next()) ++counts.others;
      if (message->packet_id != 0 && !client.acknowledge(message->packet_id, now)) ++counts.errors;
    } else if (std::get_if<Connected>(&**event) != nullptr) {
      ++counts.connected;
    } else if (std::get_if<PublishAcked>(&**event) != nullptr) {
      ++counts.acked;
    } else if (std::get_if<Subscribed>(&**event) != nullptr) {
      ++counts.subscribed;
    }
  }
}

TEST(ClientHeap, IsNotUsed) {
  static ByteArray<Client::kMinBufferSize> receive_buffer, send_buffer;
  const auto connack = test::hex("2006 01 00 03 220002");
  const auto suback = test::hex("9004 0001 00 01");
  const auto message = test::hex("3211 000174 0001 0a 2600016100 0162 230001 78");
  const auto puback = test::hex("4002 0003");
  const auto bad = test::hex("3406 000174 0001 00");
  const Instant now{1000};
  const UserProperty user{bytes("k"), bytes("v")};
  const Subscription subscription{.filter = bytes("t")};
  Counts counts;
  int failed = 0;

  const test::HeapCount heap;
  Client client(receive_buffer, send_buffer);
  const ConnectOptions options{.client_id = bytes("c"),
                               .topic_alias_maximum = 1,
                               .user_properties = {&user, 1},
                               .will = Will{.topic = bytes("w")}};
  for (int connection = 0; connection < 3; ++connection) {
    failed += client.connect(options, now) ? 0 : 1;
    client.output_sent(client.output().size());
    hear(client, connack, now, counts);
    if (connection == 0) {
      failed += client.subscribe({&subscription, 1}, now) ? 0 : 1;
      for (int i = 0; i < 2; ++i) failed += client.publish({.topic = bytes("t")}, now) ? 0 : 1;
      hear(client, suback, now, counts);
      hear(client, message, now, counts);
    }
    client.output_sent(client.output().size());
    hear(client, puback, now, counts);
    failed += client.poll(client.next_deadline()) ? 0 : 1;
    if (connection == 2) hear(client, bad, now, counts);
    client.output_sent(client.output().size());
    client.transport_closed();
  }
  const std::size_t used = heap.count();

  EXPECT_EQ(used, 0u);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(counts.connected, 3);
  EXPECT_EQ(counts.subscribed, 1);
  EXPECT_EQ(counts.messages, 1);
  EXPECT_EQ(counts.others, 1);
  EXPECT_EQ(counts.acked, 1);
  EXPECT_EQ(counts.errors, 1);
  EXPECT_EQ(client.unacknowledged(), 1u);
}

}  // namespace
}  // namespace core::mqtt
