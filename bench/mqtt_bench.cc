// MQTT messages per second through the client, without a network.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/mqtt/client.h"

namespace {

using namespace core;
using namespace core::mqtt;

constexpr ByteArray<32> kTopic = label("ginnel/1/up/2f/gateway-0001/send");
constexpr ByteArray<32> kReplyTopic = label("ginnel/1/down/gateway-0001/reply");
constexpr ByteArray<16> kRequestId{1, 2, 3};
constexpr Instant kNow{1000};

// A request as devices send it; the argument is the size of the payload.
Publish request(Bytes payload) {
  Publish message{.topic = kTopic, .payload = payload, .packet_id = 1};
  message.properties.response_topic = kReplyTopic;
  message.properties.correlation_data = kRequestId;
  return message;
}

void BM_EncodePublish(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> out(payload.size() + 256);
  const Publish message = request(payload);
  for (auto _ : state) {
    if (!encode(message, out)) state.SkipWithError("not encoded");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EncodePublish)->Arg(100)->Arg(2048);

void BM_ParsePublish(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> packet(payload.size() + 256);
  const auto size = encode(request(payload), packet);
  const auto header = parse_fixed_header(Bytes(packet));
  const Bytes body = Bytes(packet).first(*size).subspan((*header)->size);
  for (auto _ : state) {
    auto message = parse_publish((*header)->flags, body);
    if (!message) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(message->payload.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ParsePublish)->Arg(100)->Arg(2048);

// A client that is connected to a server which says what hear() is given.
struct Link {
  std::vector<std::uint8_t> receive_buffer = std::vector<std::uint8_t>(65536);
  std::vector<std::uint8_t> send_buffer = std::vector<std::uint8_t>(65536);
  Client client{receive_buffer, send_buffer};

  Link() {
    constexpr ByteArray<5> kConnack{0x20, 3, 0, 0, 0};
    if (!client.connect({}, kNow)) return;
    client.output_sent(client.output().size());
    hear(kConnack);
    static_cast<void>(client.next_event(kNow));
  }
  void hear(Bytes bytes) {
    copy(bytes, client.receive_space());
    client.received(bytes.size());
  }
};

// publish(), the bytes leave, PUBACK comes, the event.
void BM_PublishAndAck(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(static_cast<std::size_t>(state.range(0)));
  Link link;
  const Publish message = request(payload);
  for (auto _ : state) {
    const auto id = link.client.publish(message, kNow);
    if (!id) {
      state.SkipWithError("not published");
      break;
    }
    link.client.output_sent(link.client.output().size());
    link.hear(
        ByteArray<4>{0x40, 2, static_cast<std::uint8_t>(*id >> 8), static_cast<std::uint8_t>(*id)});
    const auto event = link.client.next_event(kNow);
    if (!event || !*event) state.SkipWithError("not acknowledged");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PublishAndAck)->Arg(100)->Arg(2048);

// The same with the in-flight table full: each acknowledgement is the oldest's.
void BM_PublishAndAckWithAFullWindow(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(100);
  Link link;
  const Publish message = request(payload);
  while (link.client.publish(message, kNow)) continue;
  PacketId oldest = 1;
  for (auto _ : state) {
    link.client.output_sent(link.client.output().size());
    link.hear(ByteArray<4>{0x40, 2, static_cast<std::uint8_t>(oldest >> 8),
                           static_cast<std::uint8_t>(oldest)});
    if (++oldest == 0) oldest = 1;
    const auto event = link.client.next_event(kNow);
    if (!event || !*event || !link.client.publish(message, kNow)) {
      state.SkipWithError("stuck");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PublishAndAckWithAFullWindow);

// A message comes, the event, acknowledge(), PUBACK leaves.
void BM_ReceiveAndAck(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> packet(payload.size() + 256);
  const auto size = encode(request(payload), packet);
  Link link;
  for (auto _ : state) {
    link.hear(Bytes(packet).first(*size));
    const auto event = link.client.next_event(kNow);
    if (!event || !*event || !link.client.acknowledge(1, kNow)) {
      state.SkipWithError("not received");
      break;
    }
    link.client.output_sent(link.client.output().size());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ReceiveAndAck)->Arg(100)->Arg(2048);

}  // namespace

BENCHMARK_MAIN();
