// The messenger's calls use no heap, whatever the store does.
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"
#include "test/no_heap.h"

namespace core::messenger {
namespace {

// A store whose own use of the heap is known.
class CountedStore final : public Store {
  // Calls the store and adds up what it allocates.
  template <class F>
  std::invoke_result_t<F> counted(F call) {
    const test::HeapCount heap;
    auto result = call();
    heap_ += heap.count();
    return result;
  }

 public:
  Status begin() override {
    return counted([this] { return inner_.begin(); });
  }
  Result<std::size_t> get(Bytes key, MutBytes value) override {
    return counted([=, this] { return inner_.get(key, value); });
  }
  Status put(Bytes key, Bytes value) override {
    return counted([=, this] { return inner_.put(key, value); });
  }
  Status erase(Bytes key) override {
    return counted([=, this] { return inner_.erase(key); });
  }
  Status commit() override {
    return counted([this] { return inner_.commit(); });
  }
  void rollback() override {
    static_cast<void>(counted([this] { return inner_.rollback(), Status(); }));
  }
  std::size_t heap() const { return heap_; }

 private:
  ports::fake::FakeStore inner_;
  std::size_t heap_ = 0;
};

struct Party {
  template <class F>
  std::invoke_result_t<F> measure(F call) {
    const auto store_before = store.heap();
    const test::HeapCount all;
    auto result = call();
    const auto used = all.count();
    EXPECT_EQ(used, store.heap() - store_before);
    return result;
  }

  Party(const Text& given, std::uint64_t seed) : name(device_name(given)), rng(seed) {
    NewDevice device;
    device.name = name;
    device.identity_key = *crypto::x25519_private(rng);
    device.registration_id = 7;
    CHECK(Messenger::create(store, device).ok());
    EXPECT_TRUE(measure([this] { return messenger.open({}); }).ok());
    EXPECT_TRUE(measure([this] { return messenger.connected({}), Status(); }).ok());
  }

  DeviceName name;
  CountedStore store;
  ports::fake::FakeRng rng;
  std::unique_ptr<Workspace> work = std::make_unique<Workspace>();
  Messenger messenger{store, rng, *work};
};

TEST(Messenger, UsesNoHeap) {
  World world;  // for its server
  auto alice = std::make_unique<Party>("alice", 1);
  auto bob = std::make_unique<Party>("bob", 2);
  ASSERT_TRUE(world.server_store.begin().ok());
  for (auto* party : {alice.get(), bob.get()}) {
    server::store::Account account;
    account.name = party->name;
    account.identity_key = to_array(party->messenger.identity_key());
    account.registration_id = 7;
    ASSERT_TRUE(world.server_store.add_account(account).ok());
  }
  ASSERT_TRUE(world.server_store.commit().ok());

  const WallTime wall{1'767'225'600'000};
  std::vector<std::uint8_t> buffer(kMaxPlaintext);
  std::size_t read = 0;
  GroupId group{};
  Instant now{};
  for (; now.ms < 60'000; now = now + 10) {
    for (auto* party : {alice.get(), bob.get()}) {
      while (true) {
        const auto out = party->measure([&] { return party->messenger.poll(now, wall); });
        ASSERT_TRUE(out.ok());
        if (!*out && party->messenger.next_deadline() > now) break;
        if (!*out) continue;
        ByteArray<api::kMaxTopicSize> topic{};
        const auto size = *api::up_topic(party->name, (*out)->method, topic);
        const server::service::IncomingRequest request{
            {topic.begin(), topic.begin() + static_cast<std::ptrdiff_t>(size)},
            {(*out)->payload.begin(), (*out)->payload.end()}};
        for (const auto& answer : world.service->handle({&request, 1}, now, wall)) {
          const auto down = *api::parse_down_topic(bytes_of(answer.topic));
          auto* to = down.device == alice->name ? alice.get() : bob.get();
          static_cast<void>(to->measure(
              [&] { return to->messenger.receive(down.down, answer.payload, now, wall); }));
        }
      }
      auto* other = party == alice.get() ? bob.get() : alice.get();
      if (now.ms % 10'000 == 0) {
        const auto sent = party->measure([&] {
          return party->messenger.send(other->name, Bytes(buffer).first(100), now, wall);
        });
        EXPECT_TRUE(sent.ok());
      }
      if (party == alice.get() && now.ms == 20'000) {
        const auto made = party->measure([&] {
          return GroupMessenger(party->messenger)
              .create(*GroupName::parse(other->name.bytes()), {&other->name, 1}, now, wall);
        });
        ASSERT_TRUE(made.ok());
        group = *made;
      }
      if (now.ms > 20'000 && now.ms % 10'000 == 5'000) {
        const auto sent = party->measure([&] {
          return GroupMessenger(party->messenger).send(group, Bytes(buffer).first(100), now, wall);
        });
        EXPECT_TRUE(sent.ok());
      }
      while (true) {
        const auto message =
            party->measure([&] { return party->messenger.next_unread(0, buffer); });
        if (!message) break;
        EXPECT_TRUE(
            party->measure([&] { return party->messenger.mark_read(message->id, now); }).ok());
        ++read;
      }
      party->measure([&] { return party->messenger.next_event(); });
      party->measure([&] { return party->messenger.info(); });
    }
  }
  EXPECT_EQ(read, 12u + 8u + 1u);  // to each other, to the group, that there is one
  for (auto* party : {alice.get(), bob.get()}) {
    EXPECT_TRUE(
        party->measure([&] { return GroupMessenger(party->messenger).leave(group, now, wall); })
            .ok());
  }
  EXPECT_TRUE(alice->measure([&] { return alice->messenger.safety_number(bob->name); }).ok());
  EXPECT_TRUE(alice->measure([&] { return alice->messenger.mark_verified(bob->name); }).ok());
  EXPECT_TRUE(alice->measure([&] { return alice->messenger.reset_session(bob->name); }).ok());
}

}  // namespace
}  // namespace core::messenger
