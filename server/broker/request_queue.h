// What waits for the server's one worker: requests of devices, bounded in
// number and bytes. Thread-safe.
#ifndef SERVER_BROKER_REQUEST_QUEUE_H_
#define SERVER_BROKER_REQUEST_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "server/service/service.h"

namespace server::broker {

class RequestQueue {
 public:
  using Clock = std::chrono::steady_clock;

  // `max_bytes` counts topics and payloads.
  RequestQueue(std::size_t max_count, std::size_t max_bytes)
      : max_count_(max_count), max_bytes_(max_bytes) {}

  // False if the queue is full or closed: `request` is left as it was.
  [[nodiscard]] bool push(service::IncomingRequest& request);
  // What waits, in order, at most `max` requests. Waits until there is one,
  // wake() or close() is called, or `deadline` has come.
  std::vector<service::IncomingRequest> take(std::size_t max, Clock::time_point deadline);
  // Ends the present or the next wait of take().
  void wake();
  // Nothing new is taken in; what waits can still be taken.
  void close();
  bool closed() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<service::IncomingRequest> requests_;
  std::size_t bytes_ = 0;
  bool woken_ = false, closed_ = false;
  const std::size_t max_count_, max_bytes_;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_REQUEST_QUEUE_H_
