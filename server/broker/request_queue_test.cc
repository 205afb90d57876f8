#include "server/broker/request_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace server::broker {
namespace {

using namespace std::chrono_literals;
using service::IncomingRequest;

IncomingRequest request(const std::string& topic, std::size_t payload_size = 1) {
  return {topic, std::vector<std::uint8_t>(payload_size)};
}

bool push(RequestQueue& queue, IncomingRequest request) { return queue.push(request); }

TEST(RequestQueue, KeepsTheOrderAndHandsOutAtMostMax) {
  RequestQueue queue(10, 1000);
  for (const char* topic : {"a", "b", "c"}) ASSERT_TRUE(push(queue, request(topic)));
  const auto two = queue.take(2, RequestQueue::Clock::now());
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].topic, "a");
  EXPECT_EQ(two[1].topic, "b");
  EXPECT_EQ(queue.take(2, RequestQueue::Clock::now()).at(0).topic, "c");
}

TEST(RequestQueue, RefusesBeyondItsCountAndLeavesTheRequestWhole) {
  RequestQueue queue(2, 1000);
  ASSERT_TRUE(push(queue, request("a")));
  ASSERT_TRUE(push(queue, request("b")));
  auto third = request("c", 5);
  EXPECT_FALSE(queue.push(third));
  EXPECT_EQ(third.topic, "c");
  EXPECT_EQ(third.payload.size(), 5u);
  (void)queue.take(1, RequestQueue::Clock::now());
  EXPECT_TRUE(queue.push(third));
}

TEST(RequestQueue, RefusesBeyondItsBytesUntilTheyAreTaken) {
  RequestQueue queue(100, 50);
  ASSERT_TRUE(push(queue, request("a", 49)));
  EXPECT_FALSE(push(queue, request("", 1)));
  (void)queue.take(1, RequestQueue::Clock::now());
  EXPECT_FALSE(push(queue, request("a", 50)));
  EXPECT_TRUE(push(queue, request("a", 49)));
}

TEST(RequestQueue, WaitsForARequest) {
  RequestQueue queue(10, 1000);
  std::thread other([&] {
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(push(queue, request("late")));
  });
  EXPECT_EQ(queue.take(10, RequestQueue::Clock::time_point::max()).size(), 1u);
  other.join();
}

TEST(RequestQueue, StopsWaitingAtTheDeadlineWhenWokenAndWhenClosed) {
  RequestQueue queue(10, 1000);
  EXPECT_TRUE(queue.take(10, RequestQueue::Clock::now() + 5ms).empty());
  queue.wake();
  EXPECT_TRUE(queue.take(10, RequestQueue::Clock::time_point::max()).empty());
  ASSERT_TRUE(push(queue, request("before")));
  queue.close();
  EXPECT_FALSE(push(queue, request("after")));
  EXPECT_EQ(queue.take(10, RequestQueue::Clock::time_point::max()).size(), 1u);
  EXPECT_TRUE(queue.take(10, RequestQueue::Clock::time_point::max()).empty());
  EXPECT_TRUE(queue.closed());
}

}  // namespace
}  // namespace server::broker
