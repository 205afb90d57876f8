#include "server/service/pusher.h"

#include <gtest/gtest.h>

#include "server/service/bundle_quota.h"
#include "server/service/recent_answers.h"
#include "server/store/test_values.h"

namespace server::service {
namespace {

using core::Instant;
using store::filled;
using store::name;

// A mailbox that reads for the pusher and remembers what was pushed when.
class PusherTest : public testing::Test {
 protected:
  void ack(std::uint64_t through, std::uint32_t window) {
    pusher_.acked(1, name("bob"), {.through = through, .window = window}, now_);
    push();
  }
  void mail(std::uint64_t sequence) {
    box_.push_back(sequence);
    pusher_.mail_stored(1);
    push();
  }
  void push() {
    while (const auto task = pusher_.next_task()) {
      EXPECT_EQ(task->account, 1);
      EXPECT_GT(task->count, 0u);
      std::vector<std::uint64_t> read;
      for (const auto sequence : box_) {
        if (sequence > task->after && read.size() < task->count) read.push_back(sequence);
      }
      pushed_.insert(pushed_.end(), read.begin(), read.end());
      pusher_.pushed(1, read, now_);
    }
  }
  void pass_to_deadline() {
    ASSERT_NE(pusher_.next_deadline(), core::kNever);
    now_ = pusher_.next_deadline();
    pusher_.time_passed(now_);
    push();
  }
  std::vector<std::uint64_t> pushed() { return std::exchange(pushed_, {}); }

  using Sequences = std::vector<std::uint64_t>;
  Limits limits_;
  Pusher pusher_{limits_};
  Instant now_{5000};
  Sequences box_, pushed_;
};

TEST_F(PusherTest, KnowsNobodyBeforeTheFirstAck) {
  mail(1);
  pusher_.request_seen(1, now_);
  EXPECT_TRUE(pushed().empty());
  EXPECT_EQ(pusher_.next_deadline(), core::kNever);
  EXPECT_TRUE(pusher_.present().empty());
}

TEST_F(PusherTest, CallingEarlyDoesNothing) {
  ack(0, 5);
  mail(1);
  EXPECT_EQ(pushed(), Sequences{1});
  const auto deadline = pusher_.next_deadline();
  for (now_ = Instant{5001}; now_ < deadline; now_ = now_ + 997) {
    pusher_.time_passed(now_);
    push();
    EXPECT_TRUE(pushed().empty());
    EXPECT_EQ(pusher_.next_deadline(), deadline);
  }
  pass_to_deadline();
  EXPECT_EQ(pushed(), Sequences{1});
}

TEST_F(PusherTest, CountsMailsAndNotNumbersInTheWindow) {
  // Numbers have gaps where mail has expired.
  box_ = {10, 200, 3000, 40000};
  ack(0, 2);
  EXPECT_EQ(pushed(), (Sequences{10, 200}));
  ack(10, 2);
  EXPECT_EQ(pushed(), Sequences{3000});
}

TEST_F(PusherTest, TheWindowIsCapped) {
  for (std::uint64_t i = 1; i <= 300; ++i) box_.push_back(i);
  ack(0, 1'000'000);
  EXPECT_EQ(pushed().size(), 256u);
}

TEST_F(PusherTest, AShrunkenWindowStopsWhatWasReady) {
  ack(0, 5);
  box_ = {1};
  pusher_.mail_stored(1);  // ready, but not yet read
  pusher_.acked(1, name("bob"), {.through = 0, .window = 0}, now_);
  push();
  EXPECT_TRUE(pushed().empty());
  ack(0, 1);
  EXPECT_EQ(pushed(), Sequences{1});
}

TEST_F(PusherTest, AnOldAckDoesNotTurnBack) {
  box_ = {1, 2, 3};
  ack(0, 9);
  ack(3, 9);
  pushed();
  ack(1, 9);
  EXPECT_TRUE(pushed().empty());
}

TEST_F(PusherTest, ForgetsADeviceThatIsSilentFor90Seconds) {
  ack(0, 9);
  now_ = now_ + 89'999;
  pusher_.request_seen(1, now_);
  EXPECT_EQ(pusher_.next_deadline(), now_ + 90'000);
  pass_to_deadline();
  EXPECT_TRUE(pusher_.present().empty());
  EXPECT_EQ(pusher_.next_deadline(), core::kNever);
}

TEST_F(PusherTest, RepeatsWhileTheDeviceIsThereAndNoLonger) {
  ack(0, 9);
  mail(1);
  pushed();
  int repeats = 0;
  while (pusher_.next_deadline() != core::kNever) {
    pass_to_deadline();
    repeats += pushed().size() == 1 ? 1 : 0;
  }
  EXPECT_EQ(repeats, 4);  // at 20, 40, 60, 80 s of 90
}

TEST_F(PusherTest, AFailedReadIsTriedAgain) {
  ack(0, 9);
  box_ = {1};
  pusher_.mail_stored(1);
  ASSERT_TRUE(pusher_.next_task());
  pusher_.failed(1, now_);
  EXPECT_FALSE(pusher_.next_task());
  pass_to_deadline();
  EXPECT_EQ(pushed(), Sequences{1});
  EXPECT_EQ(now_, Instant{6000});
}

TEST_F(PusherTest, ARevokedDeviceIsForgotten) {
  ack(0, 9);
  box_ = {1};
  pusher_.mail_stored(1);
  pusher_.revoked(1);
  pusher_.revoked(1);
  EXPECT_FALSE(pusher_.next_task());
  EXPECT_EQ(pusher_.next_deadline(), core::kNever);
}

TEST(BundleQuota, RefillsByTime) {
  Limits limits;
  BundleQuota quota(limits);
  const Instant start{1000};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(quota.take(1, 2, start));
  EXPECT_FALSE(quota.take(1, 2, start));
  EXPECT_TRUE(quota.take(1, 3, start));
  EXPECT_TRUE(quota.take(3, 2, start));
  EXPECT_FALSE(quota.take(1, 2, start + 599'999));
  EXPECT_TRUE(quota.take(1, 2, start + 600'000));
  EXPECT_FALSE(quota.take(1, 2, start + 600'000));
  const Instant much_later = start + 1'000'000'000;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(quota.take(1, 2, much_later));
  EXPECT_FALSE(quota.take(1, 2, much_later));
}

TEST(BundleQuota, ItsMemoryIsBounded) {
  Limits limits;
  limits.max_bundle_pairs = 3;
  BundleQuota quota(limits);
  const Instant start{100'000};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(quota.take(1, 10 + i, start));
  EXPECT_FALSE(quota.take(1, 20, start));
  EXPECT_EQ(quota.pairs(), 3u);
  EXPECT_TRUE(quota.take(1, 20, start + 600'000));  // the old ones are full again
  EXPECT_EQ(quota.pairs(), 1u);
}

TEST(RecentAnswers, KeepsUndoesAndForgets) {
  Limits limits;
  limits.recent_answers_bytes = 3 * (256 + 100);
  RecentAnswers recent(limits);
  const Instant start{1000};
  const auto add = [&](std::uint8_t id, Instant at) {
    recent.add(1, filled<16>(id), {filled<32>(id), store::Blob(100, id)}, at);
  };
  add(1, start);
  recent.keep();
  add(2, start);
  EXPECT_TRUE(recent.find(1, filled<16>(2), start));
  recent.undo();
  EXPECT_FALSE(recent.find(1, filled<16>(2), start));
  EXPECT_EQ(recent.find(1, filled<16>(1), start)->digest, filled<32>(1));
  EXPECT_FALSE(recent.find(2, filled<16>(1), start));
  EXPECT_FALSE(recent.find(1, filled<16>(1), start + 600'000));
  add(3, start);
  add(4, start);
  add(5, start);
  recent.keep();
  EXPECT_FALSE(recent.find(1, filled<16>(1), start));  // the oldest made room
  EXPECT_TRUE(recent.find(1, filled<16>(3), start));
  EXPECT_LE(recent.bytes(), limits.recent_answers_bytes);
  add(6, start + 600'000);  // all others are too old
  EXPECT_EQ(recent.bytes(), 356u);
  add(3, start + 600'000);
  EXPECT_TRUE(recent.find(1, filled<16>(3), start + 600'000));
}

}  // namespace
}  // namespace server::service
