// Which mails to push to whom and when. Sans-IO: told what happened and what
// time it is, it names the mailboxes to read from and one deadline.
//
// A device is pushed to while it is thought to be there: it acknowledged once
// and made a request in the last `presence_ms`. At most its window of mails is
// in flight; what is not acknowledged in time is pushed again from the last
// acknowledged one. Spec: docs/spec/api.md pushing.
#ifndef SERVER_SERVICE_PUSHER_H_
#define SERVER_SERVICE_PUSHER_H_

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/api/mail_message.h"
#include "core/base/time.h"
#include "server/service/limits.h"
#include "server/store/store.h"

namespace server::service {

// Read up to `count` mails after `after` and push them, then call pushed().
struct PushTask {
  store::AccountId account = 0;
  core::DeviceName name;
  std::uint64_t after = 0;
  std::size_t count = 0;
  std::size_t max_size = 0;  // bytes that the device takes in one push; 0: any
};

class Pusher {
 public:
  explicit Pusher(const Limits& limits) : limits_(limits) {}

  // ---- what happened
  void request_seen(store::AccountId account, core::Instant now);
  void acked(store::AccountId account, const core::DeviceName& name,
             const core::api::AckRequest& ack, core::Instant now);
  // Does nothing for a device that is not there.
  void mail_stored(store::AccountId account);
  void revoked(store::AccountId account);
  // The time has come to next_deadline(), or not yet.
  void time_passed(core::Instant now);

  // ---- what to do
  // The next mailbox to read from. Each task is followed by pushed() or
  // failed(); a device with room in its window is named again after it.
  std::optional<PushTask> next_task();
  // These were published, in ascending order; none: nothing waits.
  void pushed(store::AccountId account, std::span<const std::uint64_t> sequences,
              core::Instant now);
  // The mailbox could not be read: try again a little later.
  void failed(store::AccountId account, core::Instant now);
  core::Instant next_deadline() const;

  // The devices that are thought to be there.
  std::vector<core::DeviceName> present() const;

 private:
  struct Peer {
    core::DeviceName name;
    std::uint64_t through = 0;  // acknowledged
    std::uint64_t pushed_through = 0;
    std::size_t window = 0;
    std::size_t max_push = 0;  // bytes; 0: any
    std::deque<std::uint64_t> in_flight{};
    bool ready = false;  // in ready_
    core::Instant seen_at{}, pushed_at{};
    core::Instant repeat_at = core::kNever;  // from `through` on
    core::Instant retry_at = core::kNever;   // the read that failed
    core::Instant deadline = core::kNever;   // its place in deadlines_
  };
  void make_ready(store::AccountId account, Peer& peer);
  void start_over(store::AccountId account, Peer& peer);
  void schedule(store::AccountId account, Peer& peer);
  void forget(std::map<store::AccountId, Peer>::iterator peer);

  const Limits& limits_;
  std::map<store::AccountId, Peer> peers_;
  std::deque<store::AccountId> ready_;
  std::set<std::pair<core::Instant, store::AccountId>> deadlines_;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_PUSHER_H_
