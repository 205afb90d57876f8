// The sessions with contacts in the store, one of them in memory.
#ifndef CORE_MESSENGER_SESSIONS_H_
#define CORE_MESSENGER_SESSIONS_H_

#include "core/messenger/records.h"
#include "core/messenger/workspace.h"

namespace core::messenger {

// Many messages of one contact in a row cost one read and one write.
class Sessions {
 public:
  Sessions(Store& store, Workspace& work) : store_(store), work_(work) {}

  // The record of a contact's slot; empty if there is none or if it does not
  // parse. Valid until the next call. Call changed() after changing it.
  // Errors: kStore, kBadVersion; also those of save() of the one before.
  Result<e2e::SessionRecord*> open(std::size_t contact);
  void changed() { dirty_ = true; }
  // Writes what has changed. To be called before each commit.
  Status save();
  // Removes a contact's record. REQUIRES: a transaction is open.
  Status erase(std::size_t contact);
  // What is in memory is not what is in the store: a transaction has failed.
  void forget();

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  Store& store_;
  Workspace& work_;
  std::size_t contact_ = kNone;
  bool dirty_ = false;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_SESSIONS_H_
