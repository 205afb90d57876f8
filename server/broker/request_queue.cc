#include "server/broker/request_queue.h"

namespace server::broker {
namespace {

std::size_t size_of(const service::IncomingRequest& request) {
  return request.topic.size() + request.payload.size();
}

}  // namespace

bool RequestQueue::push(service::IncomingRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto size = size_of(request);
  if (closed_ || requests_.size() >= max_count_ || size > max_bytes_ - bytes_) return false;
  bytes_ += size;
  requests_.push_back(std::move(request));
  changed_.notify_one();
  return true;
}

std::vector<service::IncomingRequest> RequestQueue::take(std::size_t max,
                                                         Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto something = [this] { return woken_ || closed_ || !requests_.empty(); };
  if (deadline == Clock::time_point::max()) {
    changed_.wait(lock, something);
  } else {
    changed_.wait_until(lock, deadline, something);
  }
  woken_ = false;
  std::vector<service::IncomingRequest> taken;
  while (!requests_.empty() && taken.size() < max) {
    bytes_ -= size_of(requests_.front());
    taken.push_back(std::move(requests_.front()));
    requests_.pop_front();
  }
  return taken;
}

void RequestQueue::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void RequestQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool RequestQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace server::broker
