#include "core/messenger/link.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/messenger/workspace.h"
#include "ports/fake/rng.h"
#include "ports/fake/store.h"

namespace core::messenger {
namespace {

// A device's link, and packets that its broker says.
class LinkTest : public testing::Test {
 protected:
  LinkTest() {
    const auto name = DeviceName::parse(label("alice"));
    auto key = rng_.draw<32>();
    CHECK(name && key);
    CHECK(Messenger::create(store_,
                            {.name = *name, .identity_key = *std::move(key), .registration_id = 1})
              .ok());
    CHECK(messenger_.open(now_).ok());
  }

  void begin() {
    link_.begin(now_);
    CHECK(link_.open(now_).ok());
    client_.output_sent(client_.output().size());
  }
  std::optional<LinkEnd> hear(std::initializer_list<std::uint8_t> packet) {
    copy(std::vector<std::uint8_t>(packet), client_.receive_space());
    client_.received(packet.size());
    return link_.take_events(now_, {});
  }
  // Answers CONNECT and the SUBSCRIBE that follows.
  void go_online() {
    begin();
    ASSERT_FALSE(hear({0x20, 3, 0, 0, 0}));
    const Bytes subscribe = client_.output();
    ASSERT_EQ(subscribe[0], 0x82);
    const std::uint8_t id_high = subscribe[2], id_low = subscribe[3];
    client_.output_sent(subscribe.size());
    ASSERT_FALSE(hear({0x90, 4, id_high, id_low, 0, 1}));
    ASSERT_TRUE(link_.online());
  }

  Instant now_{1000};
  ports::fake::FakeRng rng_{1};
  ports::fake::FakeStore store_;
  std::unique_ptr<Workspace> work_ = std::make_unique<Workspace>();
  Messenger messenger_{store_, rng_, *work_};
  ByteArray<4096> in_{};
  ByteArray<200'000> out_{};
  mqtt::Client client_{in_, out_};
  Link link_{messenger_, client_, rng_, {.max_output = 100'000}};
};

TEST_F(LinkTest, IsOnlineOnceItsMailIsSubscribedTo) {
  EXPECT_TRUE(link_.due(now_));
  go_online();
  EXPECT_TRUE(messenger_.info().connected);
  link_.work(now_, {});
  EXPECT_FALSE(client_.output().empty()) << "the messenger has something to ask";
  link_.lost(now_);
  EXPECT_FALSE(link_.online());
  EXPECT_FALSE(messenger_.info().connected);
  EXPECT_EQ(client_.unacknowledged(), 0u);
}

TEST_F(LinkTest, AsksForNothingWhileTooMuchIsToBeSent) {
  Link small(messenger_, client_, rng_, {.max_output = 1});
  go_online();
  small.work(now_, {});
  const auto asked = client_.output().size();
  ASSERT_GT(asked, 0u);
  small.work(now_, {});
  EXPECT_EQ(client_.output().size(), asked);
}

TEST_F(LinkTest, EndsAnAttemptThatTakesTooLong) {
  link_.begin(now_);
  EXPECT_FALSE(link_.check(now_ + 19'999));
  EXPECT_LE(link_.next_deadline(), now_ + 20'000);
  EXPECT_EQ(link_.check(now_ + 20'000), LinkEnd::kSilent);
}

TEST_F(LinkTest, SaysWhyItEnds) {
  begin();
  EXPECT_EQ(hear({0x20, 3, 0, 0x87, 0}), LinkEnd::kRefused);
  link_.lost(now_);
  begin();
  EXPECT_EQ(hear({0xf0, 0}), LinkEnd::kBroken);
  link_.lost(now_);
  begin();
  ASSERT_FALSE(hear({0x20, 3, 0, 0, 0}));
  const std::uint8_t id_high = client_.output()[2], id_low = client_.output()[3];
  client_.output_sent(client_.output().size());
  EXPECT_EQ(hear({0x90, 4, id_high, id_low, 0, 0x87}), LinkEnd::kNoMail);
  EXPECT_FALSE(link_.online());
  link_.lost(now_);
  go_online();
  EXPECT_EQ(hear({0xe0, 0}), LinkEnd::kClosed);
}

// Twice as long each time, give or take half, up to 30 s.
TEST_F(LinkTest, WaitsLongerAfterEachFailure) {
  for (const std::int64_t pause :
       {200, 400, 800, 1600, 3200, 6400, 12'800, 25'600, 30'000, 30'000}) {
    link_.begin(now_);
    link_.lost(now_);
    EXPECT_FALSE(link_.due(now_));
    EXPECT_GE(link_.retry_at(), now_ + pause / 2);
    EXPECT_LE(link_.retry_at(), now_ + pause / 2 + pause);
    now_ = link_.retry_at();
    EXPECT_TRUE(link_.due(now_));
  }
  go_online();
  now_ = now_ + 9'999;
  link_.lost(now_);
  EXPECT_GE(link_.retry_at(), now_ + 15'000) << "it was no good connection";
  now_ = link_.retry_at();
  go_online();
  now_ = now_ + 10'000;
  link_.lost(now_);
  EXPECT_LE(link_.retry_at(), now_ + 300);
}

}  // namespace
}  // namespace core::messenger
