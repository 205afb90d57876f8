#include "core/messenger/world_test.h"

#include <gtest/gtest.h>

namespace core::messenger {

namespace service = server::service;

DeviceName device_name(const Text& name) {
  const auto parsed = DeviceName::parse(bytes_of(name));
  CHECK(parsed.ok());
  return *parsed;
}

Bytes bytes_of(const Text& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

static Text text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// ---- a device

TestDevice::TestDevice(const Text& device, std::uint64_t seed, std::unique_ptr<TestDisk> instead)
    : name(device), disk(std::move(instead)), rng(seed) {}

void TestDevice::create() {
  NewDevice device;
  device.name = device_name(name);
  for (auto& byte : identity_key) byte = static_cast<std::uint8_t>(rng.next());
  device.identity_key = crypto::x25519_private(identity_key);
  device.registration_id = 1 + static_cast<std::uint32_t>(rng.next() % 16380);
  const auto created = Messenger::create(kept(), device);
  CHECK(created.ok());
}

bool TestDevice::start(Instant now) {
  messenger = std::make_unique<Messenger>(kept(), rng, *work);
  if (messenger->open(now)) return true;
  messenger.reset();
  return false;
}

void TestDevice::read_all(Instant now) {
  MessageId after = 0;
  while (const auto message = messenger->next_unread(after, buffer_)) {
    after = message->id;
    const Shown now_shown{message->kind, text_of(message->from.bytes()), text_of(message->text),
                          message->group};
    const auto [before, is_first] = shown.emplace(message->id, now_shown);
    EXPECT_EQ(before->second.text, now_shown.text) << name << " was shown two texts under one id";
    if (!messenger->mark_read(message->id, now)) return;
  }
}

std::vector<Text> TestDevice::texts_from(const Text& sender, const GroupId& group) const {
  std::vector<Text> out;
  for (const auto& [id, message] : shown) {
    if (message.kind == InboxKind::kMessage && message.from == sender && message.group == group) {
      out.push_back(message.text);
    }
  }
  return out;
}

std::size_t TestDevice::count(InboxKind kind) const {
  return static_cast<std::size_t>(std::count_if(
      shown.begin(), shown.end(), [kind](const auto& entry) { return entry.second.kind == kind; }));
}

std::vector<Event> TestDevice::take_events() {
  std::vector<Event> out;
  if (messenger == nullptr) return out;
  while (const auto event = messenger->next_event()) out.push_back(*event);
  events.insert(events.end(), out.begin(), out.end());
  return out;
}

std::size_t TestDevice::count(EventKind kind) const {
  return static_cast<std::size_t>(std::count_if(
      events.begin(), events.end(), [kind](const Event& event) { return event.kind == kind; }));
}

// ---- the world

core::Result<std::vector<std::uint8_t>> World::NoAuthority::sign(Bytes csr, const DeviceName&) {
  if (csr.size() < 4) return Error::kMalformed;
  return std::vector<std::uint8_t>{csr.begin(), csr.end()};
}

World::World(std::uint64_t seed, const service::Limits& limits)
    : net(seed), limits_(limits), server_rng_(seed + 1), seed_(seed) {
  limits_.verify_threads = 1;
  restart_server();
}

void World::restart_server() {
  service.reset();
  service = std::make_unique<service::Service>(server_store, authority_, server_rng_,
                                               service::Site{}, limits_);
}

void World::enrol(TestDevice& device, bool renew) {
  server::store::Account account;
  account.name = device_name(device.name);
  account.identity_key = to_array(device.messenger->identity_key());
  account.registration_id = device.messenger->registration_id();
  account.enrolled_at = clock.wall();
  ASSERT_TRUE(server_store.begin().ok());
  if (renew) {
    account.id = server_store.find_account(account.name)->id;
    ASSERT_TRUE(server_store.renew_account(account).ok());
  } else {
    ASSERT_TRUE(server_store.add_account(account).ok());
  }
  ASSERT_TRUE(server_store.commit().ok());
}

TestDevice& World::add(const Text& name) {
  seed_ = seed_ * 6364136223846793005 + 1442695040888963407;
  auto made = std::make_unique<TestDevice>(name, seed_, make_disk ? make_disk() : nullptr);
  auto& device = *devices_.emplace(name, std::move(made)).first->second;
  device.create();
  CHECK(device.start(clock.now()));
  enrol(device, false);
  go_online(device);
  return device;
}

void World::replace(TestDevice& device) {
  ASSERT_TRUE(service->revoke(device_name(device.name)).ok());
  CHECK(!device.disk);
  device.store.restore({});
  device.create();
  CHECK(device.start(clock.now()));
  enrol(device, true);
  restart_server();  // it keeps what it knows of a device's key
  go_online(device);
}

MessageId World::send(const Text& from, const Text& to, const Text& text) {
  auto& device = *devices_.at(from);
  const auto last_in_outbox = [&device] {
    MessageId last = 0;
    while (const auto next = device.messenger->outbox_after(last)) last = next->id;
    return last;
  };
  while (true) {
    const auto last = last_in_outbox();
    const auto id =
        device.messenger->send(device_name(to), bytes_of(text), clock.now(), clock.wall());
    if (id) return *id;
    if (retry_sends && !device.power_is_off()) continue;
    CHECK(device.power_is_off());
    recover(device);
    // The cut may have come after the commit: then it is in the outbox.
    if (last_in_outbox() > last) return last_in_outbox();
  }
}

void World::insist(TestDevice& device, const std::function<bool()>& call,
                   const std::function<bool()>& done) {
  while (!call()) {
    if (!device.power_is_off()) {
      CHECK(retry_sends);
      continue;
    }
    recover(device);
    if (done()) return;  // the cut came after the commit
  }
}

GroupId World::make_group(const Text& owner, const std::vector<Text>& members) {
  auto& device = *devices_.at(owner);
  std::vector<DeviceName> names;
  for (const auto& name : members) names.push_back(device_name(name));
  const auto before = device.groups().count();
  insist(
      device,
      [&] {
        const auto name = *GroupName::parse(bytes_of("the group"));
        return device.groups().create(name, names, clock.now(), clock.wall()).ok();
      },
      [&] { return device.groups().count() > before; });
  return device.groups().at(before).id;
}

void World::change_group(const Text& owner, const GroupId& id, const std::vector<Text>& add,
                         const std::vector<Text>& remove) {
  auto& device = *devices_.at(owner);
  std::vector<DeviceName> in, out;
  for (const auto& name : add) in.push_back(device_name(name));
  for (const auto& name : remove) out.push_back(device_name(name));
  const auto before = device.groups().find(id)->revision;
  insist(
      device, [&] { return device.groups().change(id, in, out, clock.now(), clock.wall()).ok(); },
      [&] { return device.groups().find(id)->revision > before; });
}

void World::send_group(const Text& from, const GroupId& id, const Text& text) {
  auto& device = *devices_.at(from);
  const auto last_of_group = [&device] {
    MessageId last = 0, found = 0;
    while (const auto next = device.messenger->outbox_after(last)) {
      last = next->id;
      if (next->kind == OutboxKind::kGroup) found = last;
    }
    return found;
  };
  const auto before = last_of_group();
  insist(
      device,
      [&] { return device.groups().send(id, bytes_of(text), clock.now(), clock.wall()).ok(); },
      [&] { return last_of_group() > before; });
}

void World::go_online(TestDevice& device) {
  device.online = true;
  device.messenger->connected(clock.now());
}

void World::go_offline(TestDevice& device) {
  device.online = false;
  if (device.running()) device.messenger->disconnected();
}

void World::crash(TestDevice& device) {
  device.take_events();
  device.stop();
  device.power_on();
  ++device.restarts;
  CHECK(device.start(clock.now()));
  if (device.online) device.messenger->connected(clock.now());
}

void World::recover(TestDevice& device) {
  if (device.power_is_off()) crash(device);
}

void World::publish(std::vector<service::OutgoingPublish> out) {
  for (auto& message : out) {
    net.send({false, std::move(message.topic), std::move(message.payload)}, clock.now());
  }
}

void World::deliver() {
  std::vector<service::IncomingRequest> requests;
  while (auto packet = net.receive(clock.now())) {
    if (packet->up) {
      requests.push_back({std::move(packet->topic), std::move(packet->payload)});
      continue;
    }
    const auto topic = api::parse_down_topic(bytes_of(packet->topic));
    CHECK(topic.ok());
    auto& device = *devices_.at(text_of(topic->device.bytes()));
    if (!device.online || !device.running()) continue;
    static_cast<void>(
        device.messenger->receive(topic->down, packet->payload, clock.now(), clock.wall()));
    recover(device);
  }
  if (!requests.empty()) publish(service->handle(requests, clock.now(), clock.wall()));
  if (clock.now() >= service->next_deadline()) publish(service->poll(clock.now(), clock.wall()));
}

// Everything that one device can do now. True if it did something.
bool World::work(TestDevice& device) {
  if (!device.running()) return false;
  bool worked = false;
  for (int round = 0; round < 1000; ++round) {
    const auto outgoing = device.messenger->poll(clock.now(), clock.wall());
    recover(device);
    if (outgoing && *outgoing) {
      worked = true;
      if (on_publish) on_publish(device, **outgoing);
      ByteArray<api::kMaxTopicSize> topic{};
      const auto size = *api::up_topic(device_name(device.name), (*outgoing)->method, topic);
      const Bytes payload = (*outgoing)->payload;
      if (device.online) {
        net.send({true, text_of(Bytes(topic).first(size)), {payload.begin(), payload.end()}},
                 clock.now());
      }
      continue;
    }
    if (device.messenger->next_deadline() > clock.now()) break;
    EXPECT_LT(round, 999) << device.name << " never comes to rest";
  }
  if (device.reads) device.read_all(clock.now());
  recover(device);
  device.take_events();
  return worked;
}

void World::step(Instant until) {
  deliver();
  for (auto& [name, device] : devices_) work(*device);
  Instant next = std::min({until, net.next_arrival(), service->next_deadline()});
  for (auto& [name, device] : devices_) {
    if (device->running()) next = std::min(next, device->messenger->next_deadline());
  }
  clock.advance_to(std::max(next, clock.now() + 1));
}

void World::run_for(std::int64_t ms) {
  const Instant until = clock.now() + ms;
  while (clock.now() < until) step(until);
}

bool World::run_until(const std::function<bool()>& done, std::int64_t ms) {
  const Instant until = clock.now() + ms;
  while (!done()) {
    if (clock.now() >= until) return false;
    step(until);
  }
  return true;
}

bool World::run_until_quiet(std::int64_t ms) {
  return run_until(
      [this] {
        for (auto& [name, device] : devices_) {
          if (!device->running()) continue;
          const auto info = device->messenger->info();
          if (info.queued > 0 || info.unread > 0) return false;
        }
        return service->totals()->mails == 0;
      },
      ms);
}

}  // namespace core::messenger
