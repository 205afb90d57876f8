// How far this device's store has come, for the server to keep: what the
// device needs to know should the store be put back to an older state.
// Spec: [HEAL] checkpoint.
#ifndef CORE_MESSENGER_CHECKPOINT_H_
#define CORE_MESSENGER_CHECKPOINT_H_

#include "core/api/checkpoint.h"
#include "core/messenger/types.h"

namespace core::messenger {

// What a store of some generation holds.
struct Progress {
  std::uint64_t through = 0;  // the last mail taken
  MessageId unread_from = 0;  // every id of the inbox below this has been read
  MessageId last_out = 0;     // the last ids given out
  MessageId last_in = 0;
};

// Seals `progress` for us alone; the same seal for the same input.
api::Checkpoint seal_checkpoint(const Secret<32>& identity_key, std::uint64_t generation,
                                const Progress& progress);
// Errors: kBadTag: it is not of this identity, or was changed.
Result<Progress> open_checkpoint(const Secret<32>& identity_key, const api::Checkpoint& checkpoint);

}  // namespace core::messenger
#endif  // CORE_MESSENGER_CHECKPOINT_H_
