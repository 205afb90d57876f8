// Records: round trips, and stores that hold anything but what they should.
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

template <class Record>
void expect_round_trip(const Record& record) {
  ports::fake::FakeStore store;
  const RecordKey key(Kind::kState, 3);
  ASSERT_TRUE(store.begin().ok());
  ASSERT_TRUE(put_record(store, key, record).ok());
  ASSERT_TRUE(store.commit().ok());
  const auto written = store.contents().begin()->second;
  EXPECT_LE(written.size(), Record::kMaxSize);
  const auto read = get_record<Record>(store, key);
  ASSERT_TRUE(read.ok());
  ports::fake::FakeStore again;
  ASSERT_TRUE(again.begin().ok());
  ASSERT_TRUE(put_record(again, key, *read).ok());
  ASSERT_TRUE(again.commit().ok());
  EXPECT_EQ(again.contents(), store.contents());

  for (std::size_t size = 0; size < written.size(); ++size) {
    auto shorter = written;
    shorter.resize(size);
    store.restore({{{key.bytes.begin(), key.bytes.end()}, shorter}});
    EXPECT_FALSE(get_record<Record>(store, key).ok()) << size;
  }
  auto longer = written;
  longer.push_back(0);
  store.restore({{{key.bytes.begin(), key.bytes.end()}, longer}});
  EXPECT_EQ(get_record<Record>(store, key).error(), Error::kMalformed);
  auto later = written;
  later[0] = kRecordVersion + 1;
  store.restore({{{key.bytes.begin(), key.bytes.end()}, later}});
  EXPECT_EQ(get_record<Record>(store, key).error(), Error::kBadVersion);
}

TEST(Records, SurviveARoundTripAndNothingElse) {
  DeviceRecord device;
  device.name = device_name(Text(DeviceName::kMaxSize, 'x'));
  device.identity_key.mut()[5] = 9;
  device.registration_id = 16380;
  expect_round_trip(device);
  expect_round_trip(StateRecord{1, 2, 3, true});
  GroupRecord group;
  group.id = {1, 2, 3};
  group.name = *GroupName::parse(bytes_of(Text(GroupName::kMaxSize, 'g')));
  group.state = GroupState::kLeft;
  group.revision = UINT64_MAX;
  group.owner = kMaxContacts - 1;
  group.has_key = true;
  group.given = 5;
  group.members[0] = 0;
  group.members[kMaxGroupMembers - 1] = kMaxContacts - 1;
  expect_round_trip(group);
  KeyStateRecord keys;
  keys.last_one_time = 0x01020304;
  keys.signed_slot = kSignedKept - 1;
  keys.pending = keys.drop_stock = true;
  keys.request_id[15] = 7;
  keys.pending_resort = 99;
  expect_round_trip(keys);
  ContactRecord contact;
  contact.contact.name = device_name(Text(DeviceName::kMaxSize, 'b'));
  contact.contact.state = ContactState::kKeyChanged;
  contact.contact.has_key = true;
  contact.contact.new_identity_key[32] = 1;
  expect_round_trip(contact);
  OutboxRecord out;
  out.id = 7;
  out.contact = 3;
  out.state = OutboxState::kFailed;
  out.reason = api::Code::kInternal;
  out.size = 60'000;
  out.made = {1'767'225'600'000};
  out.mail_id[15] = 3;
  expect_round_trip(out);
  InboxRecord in;
  in.id = 8;
  in.kind = InboxKind::kPutBack;
  in.from = device_name(Text(DeviceName::kMaxSize, 'c'));
  in.sequence = 9;
  expect_round_trip(in);
  SignedRecord signed_key;
  signed_key.id = 1;
  signed_key.key.mut()[0] = 8;
  signed_key.replaced = {5};
  expect_round_trip(signed_key);
  KemRecord kem;
  kem.seed.mut()[63] = 1;
  kem.made = {4};
  expect_round_trip(kem);
  expect_round_trip(CheckpointRecord{7, true, 2, {9}, 11});
  ResetRecord reset;
  reset.seen = 8;
  reset.boundary = 9;
  reset.state = ResetState::kMade;
  reset.unread_count = kMaxUnreadMails;
  reset.unread.back()[15] = 1;
  expect_round_trip(reset);
  OneTimeRecord one_time;
  one_time.id = 77;
  expect_round_trip(one_time);
}

TEST(Store, WithoutADeviceIsNotOpened) {
  ports::fake::FakeStore store;
  ports::fake::FakeRng rng(1);
  auto work = std::make_unique<Workspace>();
  auto messenger = std::make_unique<Messenger>(store, rng, *work);
  EXPECT_EQ(messenger->open({}).error(), Error::kNotFound);
  NewDevice device;
  EXPECT_EQ(Messenger::create(store, device).error(), Error::kMalformed);
  device.name = device_name("alice");
  device.registration_id = 1;
  EXPECT_TRUE(Messenger::create(store, device).ok());
  EXPECT_EQ(Messenger::create(store, device).error(), Error::kOutOfOrder);
  EXPECT_TRUE(messenger->open({}).ok());
  EXPECT_EQ(messenger->name(), device.name);
}

TEST(Store, ACutWhileADeviceIsWrittenLeavesNone) {
  for (std::uint64_t n = 1; n <= 4; ++n) {
    ports::fake::FakeStore store;
    NewDevice device;
    device.name = device_name("alice");
    device.registration_id = 1;
    store.cut_power_at(n);
    EXPECT_EQ(Messenger::create(store, device).error(), Error::kStore);
    store.power_on();
    EXPECT_TRUE(store.contents().empty());
    EXPECT_TRUE(Messenger::create(store, device).ok());
  }
}

// Every record of a store in use, one at a time: cut short, made longer, of a
// later version, overwritten. The device may refuse to start; it may not
// crash, and what it can do, it does.
TEST(Store, DamagedRecordsAreRefusedOrDoneWithout) {
  World world;
  auto& alice = world.add("alice");
  world.add("bob");
  world.send("alice", "bob", "hello");
  ASSERT_TRUE(world.run_until_quiet());
  world.send("bob", "alice", "hi");
  alice.reads = false;
  world.run_for(20'000);
  world.go_offline(alice);
  world.send("alice", "bob", "encrypted");
  world.run_for(1000);
  world.send("alice", "bob", "queued");
  alice.stop();
  const auto good = alice.store.contents();
  std::size_t started = 0, refused = 0;
  for (const auto& [key, value] : good) {
    for (int damage = 0; damage < 4; ++damage) {
      auto bad = good;
      auto& record = bad[key];
      if (damage == 0) record.resize(record.size() / 2);
      if (damage == 1) record.push_back(0);
      if (damage == 2 && !record.empty()) record[0] = 0x7f;
      if (damage == 3) std::fill(record.begin(), record.end(), std::uint8_t{0xff});
      alice.store.restore(bad);
      auto messenger = std::make_unique<Messenger>(alice.store, alice.rng, *alice.work);
      if (!messenger->open(world.clock.now())) {
        ++refused;
        continue;
      }
      ++started;
      messenger->connected(world.clock.now());
      for (int round = 0; round < 8; ++round) {
        static_cast<void>(messenger->poll({world.clock.now().ms + round * 2000}, {}));
      }
      std::vector<std::uint8_t> buffer(kMaxPlaintext);
      static_cast<void>(messenger->next_unread(0, buffer));
      static_cast<void>(messenger->info());
    }
  }
  EXPECT_GT(started, 100u);
  EXPECT_GT(refused, 10u);
}

TEST(Entries, KeepTheOrderOfIdsWhateverTheSlots) {
  struct Entry {
    MessageId id = 0;
    std::uint16_t slot = 0;
  };
  Entries<Entry, 4> entries;
  for (const auto& [id, slot] : {std::pair{5, 2}, {3, 0}, {9, 1}}) {
    entries.insert({static_cast<MessageId>(id), static_cast<std::uint16_t>(slot)});
  }
  EXPECT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].id, 3u);
  EXPECT_EQ(entries[2].id, 9u);
  EXPECT_EQ(entries.free_slot(), 3u);
  EXPECT_EQ(entries.index_after(3), 1u);
  EXPECT_EQ(entries.index_after(9), 3u);
  EXPECT_FALSE(entries.find(4));
  EXPECT_FALSE(entries.find(0));
  entries.remove(0);
  EXPECT_EQ(entries[0].id, 5u);
  EXPECT_EQ(entries.free_slot(), 0u);
}

TEST(Requests, AreRepeatedWithPausesThatDouble) {
  constexpr auto kAll = Requests::Which::kAll, kAsking = Requests::Which::kAsking;
  Requests requests;
  RequestId id{};
  id[0] = 1;
  requests.start(api::Method::kSend, id, {0});
  Instant now{0};
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 7; ++i) {
    ASSERT_EQ(requests.due(now, kAll), api::Method::kSend);
    requests.sent(api::Method::kSend, now);
    EXPECT_FALSE(requests.due({requests.next(kAll).ms - 1}, kAll));
    EXPECT_FALSE(requests.due(now, kAsking));
    pauses.push_back(requests.next(kAll).ms - now.ms);
    now = requests.next(kAll);
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{1000, 2000, 4000, 8000, 16000, 30000, 30000}));
  EXPECT_EQ(requests.find(id), api::Method::kSend);
  requests.reconnected({now.ms - 10});
  EXPECT_TRUE(requests.due({now.ms - 10}, kAll));
  EXPECT_EQ(requests.next(kAsking), kNever);
  requests.finish(api::Method::kSend);
  EXPECT_FALSE(requests.find(id));
  EXPECT_EQ(requests.next(kAll), kNever);
}

TEST(Events, LoseTheOldestAndCountIt) {
  Events events;
  for (MessageId id = 1; id <= kMaxEvents + 2; ++id) {
    events.push({.kind = EventKind::kMessageSent, .id = id, .name = {}});
  }
  EXPECT_EQ(events.lost(), 2u);
  EXPECT_EQ(events.next()->id, 3u);
  events.shrink(1);
  EXPECT_EQ(events.next()->id, 4u);
  EXPECT_FALSE(events.next());
}

}  // namespace
}  // namespace core::messenger
