// What waits for the server's one worker: requests of devices, bounded in
// number and bytes, and tasks of the other threads. Thread-safe.
#ifndef SERVER_BROKER_REQUEST_QUEUE_H_
#define SERVER_BROKER_REQUEST_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace server::broker {

// One PUBLISH below ginnel/1/up/, as it came.
struct InboundRequest {
  std::string topic;
  std::vector<std::uint8_t> payload;
  std::vector<std::uint8_t> correlation;  // as given; empty if absent
};

// One PUBLISH to a device.
struct OutboundMessage {
  std::string topic;
  std::vector<std::uint8_t> payload;
  std::vector<std::uint8_t> correlation;  // empty: none
  std::uint32_t expiry_s = 0;             // 0: does not expire
};

class RequestQueue {
 public:
  using Clock = std::chrono::steady_clock;
  struct Work {
    std::vector<InboundRequest> requests;
    std::vector<std::function<void()>> tasks;
  };

  RequestQueue(std::size_t max_count, std::size_t max_bytes)
      : max_count_(max_count), max_bytes_(max_bytes) {}

  // False if the queue is full: `request` is not taken, and is left as it was.
  [[nodiscard]] bool push(InboundRequest& request);
  // Has the worker run `task`, before the requests that wait. False after
  // close().
  [[nodiscard]] bool post(std::function<void()> task);
  // Everything that waits, at most `max` requests; waits for something to
  // come until `deadline`, or until close().
  Work take(std::size_t max, Clock::time_point deadline);
  // Ends the waiting; nothing new is taken. What waits can still be taken.
  void close();
  bool closed() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<InboundRequest> requests_;
  std::vector<std::function<void()>> tasks_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  const std::size_t max_count_, max_bytes_;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_REQUEST_QUEUE_H_
