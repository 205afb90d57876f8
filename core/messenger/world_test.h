// A world for tests: the real server's rules on a store in memory, devices on
// stores that lose power, and weather between them, all on one virtual clock.
#ifndef CORE_MESSENGER_WORLD_TEST_H_
#define CORE_MESSENGER_WORLD_TEST_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/messenger/group_messenger.h"
#include "ports/fake/clock.h"
#include "ports/fake/net.h"
#include "ports/fake/rng.h"
#include "ports/fake/store.h"
#include "server/service/service.h"
#include "server/store/memory.h"

namespace core::messenger {

using Text = std::string;

DeviceName device_name(const Text& name);
Bytes bytes_of(const Text& text);

struct Packet {
  bool up = false;
  Text topic;
  std::vector<std::uint8_t> payload;
};

// What a device keeps its state on, if not a FakeStore: a store and its power.
class TestDisk {
 public:
  virtual ~TestDisk() = default;
  virtual Store& store() = 0;
  virtual bool power_is_off() const = 0;
  virtual void power_on() = 0;
};

// One device and the application on it, which reads its mail.
class TestDevice {
 public:
  TestDevice(const Text& name, std::uint64_t seed, std::unique_ptr<TestDisk> disk = nullptr);

  // Makes keys and writes a new device into the (empty) store.
  void create();
  // Starts the messenger on what the store holds; false if that fails.
  bool start(Instant now);
  bool running() const { return messenger != nullptr; }
  void stop() { messenger.reset(); }
  bool power_is_off() const { return disk ? disk->power_is_off() : store.power_is_off(); }
  void power_on() { disk ? disk->power_on() : store.power_on(); }

  // Reads what is unread, and marks it. A message read again after a crash
  // must be the same one.
  void read_all(Instant now);
  // The texts of one sender, in the order of their ids: to us, or to a group.
  std::vector<Text> texts_from(const Text& sender, const GroupId& group = {}) const;
  std::size_t count(InboxKind kind) const;
  GroupMessenger groups() { return GroupMessenger(*messenger); }
  std::vector<Event> take_events();
  std::size_t count(EventKind kind) const;

  Text name;
  ByteArray<32> identity_key{};
  ports::fake::FakeStore store;    // unless there is a disk
  std::unique_ptr<TestDisk> disk;  // used instead
  ports::fake::FakeRng rng;
  std::unique_ptr<Workspace> work = std::make_unique<Workspace>();
  std::unique_ptr<Messenger> messenger;
  bool online = true;  // there is a network
  bool reads = true;   // the application reads its mail
  std::uint64_t restarts = 0;

  struct Shown {
    InboxKind kind{};
    Text from;
    Text text;
    GroupId group{};
  };
  std::map<MessageId, Shown> shown;
  std::vector<Event> events;

 private:
  Store& kept() { return disk ? disk->store() : store; }

  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kMaxPlaintext);
};

class World {
 public:
  explicit World(std::uint64_t seed = 1, const server::service::Limits& limits = {});

  // A new device, enrolled and started.
  TestDevice& add(const Text& name);
  // The server revokes the device and takes it back with a new identity; the
  // device has lost everything it had.
  void replace(TestDevice& device);
  TestDevice& operator[](const Text& name) { return *devices_.at(name); }
  Bytes identity_of(const Text& name) { return devices_.at(name)->messenger->identity_key(); }

  // Sends; retries over crashes until the message is in the outbox.
  MessageId send(const Text& from, const Text& to, const Text& text);
  // The same for groups.
  GroupId make_group(const Text& owner, const std::vector<Text>& members);
  void change_group(const Text& owner, const GroupId& id, const std::vector<Text>& add,
                    const std::vector<Text>& remove);
  void send_group(const Text& from, const GroupId& id, const Text& text);
  // Lets time pass, in steps as short as needed.
  void run_for(std::int64_t ms);
  // Until `done` holds, at most `ms`. False if it never did.
  bool run_until(const std::function<bool()>& done, std::int64_t ms = 600'000);
  // Until every outbox is empty and every mail has been read.
  bool run_until_quiet(std::int64_t ms = 3'600'000);

  void go_online(TestDevice& device);
  void go_offline(TestDevice& device);
  void crash(TestDevice& device);
  void restart_server();

  ports::fake::Clock clock;
  ports::fake::Net<Packet> net;
  server::store::MemoryStore server_store;
  std::unique_ptr<server::service::Service> service;
  std::function<std::unique_ptr<TestDisk>()> make_disk;  // of devices added from then on
  bool retry_sends = false;  // send() tries again over failures of the store
  // Called for each payload that a device publishes, before the network has it.
  std::function<void(const TestDevice&, const Outgoing&)> on_publish;

 private:
  struct NoAuthority final : server::service::CertificateAuthority {
    core::Result<std::vector<std::uint8_t>> sign(Bytes csr, const DeviceName& device) override;
  };

  void enrol(TestDevice& device, bool renew);
  void step(Instant until);
  bool work(TestDevice& device);
  void recover(TestDevice& device);
  // Makes a call until `done` holds, over crashes and failures.
  void insist(TestDevice& device, const std::function<bool()>& call,
              const std::function<bool()>& done);
  void deliver();
  void publish(std::vector<server::service::OutgoingPublish> out);

  server::service::Limits limits_;
  ports::fake::FakeRng server_rng_;
  NoAuthority authority_;
  std::map<Text, std::unique_ptr<TestDevice>> devices_;
  std::uint64_t seed_;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_WORLD_TEST_H_
