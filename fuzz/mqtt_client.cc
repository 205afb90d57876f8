// A client in a conversation that the input directs, by the caller's actions
// and by the server's bytes. The first bytes choose the options.
#include <cstdint>
#include <vector>

#include "core/mqtt/client.h"

namespace {

using namespace core;
using namespace core::mqtt;

constexpr ByteArray<6> kTopic = label("a/b/cd");
constexpr ByteArray<3> kFilter = label("a/#");
constexpr ByteArray<64> kPayload{};

// The input as a source of choices; zeros at its end.
class Choices {
 public:
  explicit Choices(Bytes in) : in_(in) {}
  bool empty() const { return in_.empty(); }
  std::uint8_t byte() { return in_.empty() ? std::uint8_t{0} : take(1)[0]; }
  Bytes take(std::size_t size) {
    const Bytes out = in_.first(std::min(size, in_.size()));
    in_ = in_.subspan(out.size());
    return out;
  }

 private:
  Bytes in_;
};

class Conversation {
 public:
  explicit Conversation(Bytes in)
      : choices_(in),
        receive_buffer_(Client::kMinBufferSize + choices_.byte()),
        send_buffer_(Client::kMinBufferSize + 4 * choices_.byte()),
        client_(receive_buffer_, send_buffer_) {}

  void run() {
    connect();
    while (!choices_.empty()) {
      const std::uint8_t action = choices_.byte();
      act(action & 15, action >> 4);
      check();
    }
  }

 private:
  void connect() {
    const std::uint8_t options = choices_.byte();
    ConnectOptions o{.client_id = Bytes(kTopic).first(3),
                     .clean_start = (options & 1) != 0,
                     .session_expiry_s = options & 2u,
                     .keep_alive_s = static_cast<std::uint16_t>(options & 4),
                     .request_problem_info = (options & 8) != 0};
    if ((options & 16) != 0) o.topic_alias_maximum = kMaxAliases;
    if ((options & 32) != 0) o.receive_maximum = 2;
    if ((options & 64) != 0) o.will = Will{.topic = kTopic, .payload = kPayload};
    // The longest time-outs that there are must not overflow.
    const bool was_idle = client_.idle();
    const auto status = client_.connect(o, now_);
    CHECK(was_idle || !status);
  }

  void act(unsigned action, unsigned argument) {
    switch (action) {
      case 0: connect(); break;
      case 1: {
        Publish message{.topic = kTopic, .payload = Bytes(kPayload).first(argument * 4)};
        message.qos = (argument & 1) != 0 ? Qos::kAtMostOnce : Qos::kAtLeastOnce;
        message.retain = (argument & 2) != 0;
        if (argument == 15) message.properties.topic_alias = std::uint16_t{1};
        const auto before = client_.unacknowledged();
        const auto id = client_.publish(message, now_);
        CHECK(client_.unacknowledged() == before + (id && *id != 0 ? 1u : 0u));
        break;
      }
      case 2: {
        const Subscription s{.filter = kFilter};
        static_cast<void>(client_.subscribe({&s, 1}, now_, argument & 1));
        break;
      }
      case 3: {
        const Bytes filter = kFilter;
        static_cast<void>(client_.unsubscribe({&filter, 1}, now_));
        break;
      }
      case 4: static_cast<void>(client_.acknowledge(last_id_, now_)); break;
      case 5: static_cast<void>(client_.disconnect(Reason::kDisconnectWithWill)); break;
      case 6:
        client_.transport_closed();
        CHECK(client_.idle() && client_.output().empty());
        if (argument == 15) client_.forget_messages();
        break;
      case 7: {
        now_ = now_ + std::int64_t{argument} * 300;
        const Instant due = client_.next_deadline();
        if (!client_.poll(now_)) CHECK(client_.closing() && now_ >= due);
        break;
      }
      case 8: {
        const std::size_t size = client_.output().size();
        client_.output_sent(argument == 15 ? size : std::min<std::size_t>(size, argument));
        break;
      }
      case 9:  // CONNACK, which a random input would seldom say
        hear(Bytes(kConnack[argument % 4]).first(2u + kConnack[argument % 4][1]));
        break;
      default: {
        std::size_t size = choices_.byte();
        hear(choices_.take(size));
      }
    }
  }

  void hear(Bytes bytes) {
    while (!bytes.empty()) {
      const MutBytes space = client_.receive_space();
      const std::size_t size = std::min(space.size(), bytes.size());
      if (size == 0) break;
      copy(bytes.first(size), space);
      client_.received(size);
      bytes = bytes.subspan(size);
      for (;;) {
        const auto event = client_.next_event(now_);
        if (!event) CHECK(client_.closing());
        if (!event || !*event) break;
        look(**event);
      }
    }
  }

  // Touches every byte that an event shows.
  void look(const Event& event) {
    if (const auto* message = std::get_if<Message>(&event)) {
      CHECK(!message->topic.empty());
      sum(message->topic);
      sum(message->payload);
      look(message->properties);
      if (message->packet_id != 0) last_id_ = message->packet_id;
    } else if (const auto* connected = std::get_if<Connected>(&event)) {
      CHECK(client_.connected());
      look(connected->properties);
    } else if (const auto* acked = std::get_if<PublishAcked>(&event)) {
      CHECK(acked->packet_id != 0);
      look(acked->properties);
    } else if (const auto* subscribed = std::get_if<Subscribed>(&event)) {
      CHECK(subscribed->reasons.size() == 1);
      look(subscribed->properties);
    }
  }
  void look(const Properties& p) {
    UserPropertyReader reader(p);
    while (const auto property = reader.next()) {
      sum(property->name);
      sum(property->value);
    }
    SubscriptionIdReader ids(p);
    while (const auto id = ids.next()) CHECK(*id != 0);
    if (p.response_topic) sum(*p.response_topic);
    if (p.correlation_data) sum(*p.correlation_data);
    if (p.reason_string) sum(*p.reason_string);
  }
  void sum(Bytes bytes) {
    for (const std::uint8_t byte : bytes) sum_ = sum_ + byte;
  }

  // What holds whatever happens.
  void check() {
    CHECK(client_.idle() + client_.connected() + client_.closing() <= 1);
    CHECK(client_.unacknowledged() <= kMaxInFlight);
    sum(client_.output());
    if (client_.idle() || client_.closing()) CHECK(client_.next_deadline() == kNever);
  }

  static constexpr ByteArray<11> kConnack[4] = {
      {0x20, 9, 0, 0, 6, 0x22, 0, 10, 0x21, 0, 20},
      {0x20, 9, 1, 0, 6, 0x22, 0, 10, 0x21, 0, 2},
      {0x20, 8, 1, 0, 5, 0x27, 0, 0, 0, 40},
      {0x20, 9, 0, 0, 6, 0x25, 0, 0x24, 0, 0x28, 0},
  };

  Choices choices_;
  std::vector<std::uint8_t> receive_buffer_, send_buffer_;
  Client client_;
  Instant now_{1000};
  PacketId last_id_ = 0;
  volatile std::uint8_t sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Conversation({data, size}).run();
  return 0;
}
