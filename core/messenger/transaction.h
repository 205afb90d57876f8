// One transaction of the messenger. Included by its sources only.
#ifndef CORE_MESSENGER_TRANSACTION_H_
#define CORE_MESSENGER_TRANSACTION_H_

#include "core/messenger/messenger.h"

namespace core::messenger {

// Unless it is committed, its end takes back everything: in the store by
// rollback(), in memory by loading it again, and the events and counts too.
//   Transaction t(*this);
//   TRY(t.begin());
//   ...
//   TRY(t.commit());
class Messenger::Transaction {
 public:
  explicit Transaction(Messenger& messenger)
      : m_(messenger), events_(messenger.events_.size()), counters_(messenger.counters_) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!open_) return;
    if (!ended_) m_.store_.rollback();
    m_.events_.shrink(events_);
    m_.counters_ = counters_;
    m_.sessions_.forget();
    m_.stale_ = true;
    static_cast<void>(m_.ready());  // or the next call tries again
  }

  Status begin() {
    TRY(m_.store_.begin());
    open_ = true;
    return {};
  }
  Status commit();

 private:
  Messenger& m_;
  std::size_t events_;
  Counters counters_;
  bool open_ = false;
  bool ended_ = false;  // the store's transaction is over, with or without success
};

// Counts the failures of the environment.
template <class T>
T Messenger::noted(T result) {
  if (!result) {
    if (result.error() == Error::kStore) ++counters_.store_failures;
    if (result.error() == Error::kRng) ++counters_.rng_failures;
  }
  return result;
}

// For what comes in or is due by itself: it begins only where our tables have
// room, so that kFull is the store's, which then has failed to commit.
template <class T>
T full_is_failure(T result) {
  if (!result && result.error() == Error::kFull) return Error::kStore;
  return result;
}

}  // namespace core::messenger
#endif  // CORE_MESSENGER_TRANSACTION_H_
