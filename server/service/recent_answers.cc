#include "server/service/recent_answers.h"

namespace server::service {

const store::StoredAnswer* RecentAnswers::find(store::AccountId account, core::View<16> request_id,
                                               core::Instant now) const {
  const auto found = entries_.find({account, core::to_array(request_id)});
  if (found == entries_.end()) return nullptr;
  if (now >= found->second.at + limits_.recent_answers_kept_ms) return nullptr;
  return &found->second.answer;
}

void RecentAnswers::erase(const Key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  bytes_ -= cost(found->second);
  entries_.erase(found);
}

void RecentAnswers::add(store::AccountId account, core::View<16> request_id,
                        store::StoredAnswer answer, core::Instant now) {
  const Key key{account, core::to_array(request_id)};
  if (entries_.contains(key)) {  // one that is too old to count
    erase(key);
    std::erase(order_, key);
  }
  Entry entry{std::move(answer), now};
  bytes_ += cost(entry);
  entries_.emplace(key, std::move(entry));
  order_.push_back(key);
  ++added_;
  while (order_.size() > added_ &&
         (bytes_ > limits_.recent_answers_bytes ||
          now >= entries_.at(order_.front()).at + limits_.recent_answers_kept_ms)) {
    erase(order_.front());
    order_.pop_front();
  }
}

void RecentAnswers::undo() {
  for (; added_ > 0; --added_) {
    erase(order_.back());
    order_.pop_back();
  }
}

}  // namespace server::service
