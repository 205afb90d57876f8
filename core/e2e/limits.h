// How much one peer can make us keep and compute, in each profile of
// core/messenger/limits.h; single values can be set with -D. The wire format does
// not depend on them.
#ifndef CORE_E2E_LIMITS_H_
#define CORE_E2E_LIMITS_H_

#include <cstddef>
#include <cstdint>

#if defined(GINNEL_TINY_DEVICE)
#define GINNEL_LIMIT(on_linux, small, tiny) tiny
#elif defined(GINNEL_SMALL_DEVICE)
#define GINNEL_LIMIT(on_linux, small, tiny) small
#else
#define GINNEL_LIMIT(on_linux, small, tiny) on_linux
#endif
#ifndef GINNEL_MAX_FORWARD_JUMP
#define GINNEL_MAX_FORWARD_JUMP GINNEL_LIMIT(25000, 2000, 2000)
#endif
#ifndef GINNEL_MAX_SKIPPED_KEYS
#define GINNEL_MAX_SKIPPED_KEYS GINNEL_LIMIT(2000, 64, 16)
#endif
#ifndef GINNEL_MAX_ARCHIVED_SESSIONS
#define GINNEL_MAX_ARCHIVED_SESSIONS GINNEL_LIMIT(40, 2, 1)
#endif
#ifndef GINNEL_MAX_SENDER_KEYS
#define GINNEL_MAX_SENDER_KEYS GINNEL_LIMIT(5, 5, 2)
#endif

namespace core::e2e {

// Messages that may be missing before one that is read, in one chain.
inline constexpr std::uint32_t kMaxForwardJump = GINNEL_MAX_FORWARD_JUMP;
// Missing messages whose keys are kept per record, and per sender in a group;
// the oldest goes first. 40 bytes each for the ratchet's seed, and as many for
// the post-quantum key.
inline constexpr std::size_t kMaxSkippedKeys = GINNEL_MAX_SKIPPED_KEYS;
// Receiving chains kept per session; the oldest goes first.
inline constexpr std::size_t kMaxReceiverChains = 5;
// Sessions kept per record beside the current one; the oldest goes first.
inline constexpr std::size_t kMaxArchivedSessions = GINNEL_MAX_ARCHIVED_SESSIONS;
// Sender keys kept per member of a group; the oldest goes first.
inline constexpr std::size_t kMaxSenderKeys = GINNEL_MAX_SENDER_KEYS;
// A session that the other side never answered is not written to after this.
inline constexpr std::int64_t kMaxUnansweredMs = std::int64_t{30} * 24 * 60 * 60 * 1000;

static_assert(kMaxSkippedKeys >= 1 && kMaxSkippedKeys <= 65535);
static_assert(kMaxArchivedSessions <= 254);
static_assert(kMaxSenderKeys >= 1 && kMaxSenderKeys <= 10);

}  // namespace core::e2e
#endif  // CORE_E2E_LIMITS_H_
