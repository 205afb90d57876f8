// What the messenger keeps in order to notice that its store was put back to
// an older state, and to get over that. Spec: [HEAL].
#ifndef CORE_MESSENGER_HEALING_H_
#define CORE_MESSENGER_HEALING_H_

#include "core/messenger/checkpoint.h"
#include "core/messenger/requests.h"
#include "core/messenger/resets.h"

namespace core::messenger {

struct CheckpointRecord {
  static constexpr std::size_t kMaxSize = 1 + 8 + 1 + 4 + 8 + 8;
  std::uint64_t generation = 1;  // grows with every transaction of a checked state
  bool healing = false;          // put back, and not all sessions have been retired
  std::uint32_t put_backs = 0;   // how often that has happened
  WallTime put_back_at;          // the last time; 0: not known when
  std::uint64_t lost_mails = 0;  // then: taken by the state that is gone
  void write(Writer& out) const;
  static Result<CheckpointRecord> read(Reader& in);
};

struct Healing {
  explicit Healing(Store& store) : resets(store) {}

  // True once it is sure that no key of this state was used in a lost future:
  // nothing is encrypted or published before.
  bool may_write() const { return checked && !record.healing; }
  Requests::Which which() const {
    return may_write() ? Requests::Which::kAll : Requests::Which::kAsking;
  }

  CheckpointRecord record;
  Resets resets;
  bool checked = false;          // the server has said, on this connection, how far it saw us come
  std::size_t next_contact = 0;  // its sessions are retired next
  api::Checkpoint in_request;    // of the `send` under way: the same when it is repeated
  std::array<std::uint16_t, api::kMaxMailsPerRequest> sending{};  // contacts whose resets it holds
  std::size_t sending_count = 0;                                  // 0: it holds messages
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_HEALING_H_
