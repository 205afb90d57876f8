// The latest answers to requests that change nothing that a repetition would
// change again (ack, status, contacts): in memory, bounded, so that a repeated
// one gets the same bytes without a write for every request.
#ifndef SERVER_SERVICE_RECENT_ANSWERS_H_
#define SERVER_SERVICE_RECENT_ANSWERS_H_

#include <deque>
#include <map>

#include "core/base/time.h"
#include "server/service/limits.h"
#include "server/store/store.h"

namespace server::service {

class RecentAnswers {
 public:
  explicit RecentAnswers(const Limits& limits) : limits_(limits) {}

  // Lives until the next call that is not const. nullptr: none.
  const store::StoredAnswer* find(store::AccountId account, core::View<16> request_id,
                                  core::Instant now) const;
  // REQUIRES: find() has none.
  void add(store::AccountId account, core::View<16> request_id, store::StoredAnswer answer,
           core::Instant now);

  // What was added since the last keep() stays, or goes.
  void keep() { added_ = 0; }
  void undo();
  std::size_t bytes() const { return bytes_; }

 private:
  struct Key {
    store::AccountId account;
    core::ByteArray<16> request_id;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Entry {
    store::StoredAnswer answer;
    core::Instant at;
  };
  static std::size_t cost(const Entry& entry) { return entry.answer.response.size() + 256; }
  void erase(const Key& key);

  const Limits& limits_;
  std::map<Key, Entry> entries_;
  std::deque<Key> order_;  // oldest first
  std::size_t bytes_ = 0;
  std::size_t added_ = 0;  // since keep(), at the end of order_
};

}  // namespace server::service
#endif  // SERVER_SERVICE_RECENT_ANSWERS_H_
