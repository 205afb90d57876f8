// The one message between devices that is signed and not encrypted: "start a
// new session with me". Spec: [HEAL] session reset.
#ifndef CORE_MESSENGER_RESET_MESSAGE_H_
#define CORE_MESSENGER_RESET_MESSAGE_H_

#include "core/base/name.h"
#include "core/base/rng.h"
#include "core/messenger/mail_id.h"

namespace core::messenger {

// The mail's type.
inline constexpr std::uint32_t kResetMailType = 8;
// Mails that one reset can name.
inline constexpr std::size_t kMaxUnreadMails = 8;

// From whom to whom: names and serialized identity keys, all of them signed.
struct ResetRoute {
  const DeviceName& from;
  View<33> from_key;
  const DeviceName& to;
  View<33> to_key;
};

struct SessionReset {
  static constexpr std::size_t kMaxSize = 2 + 11 + kMaxUnreadMails * 18 + 66;
  std::uint64_t generation = 0;  // of the sender's store: no two resets have the same
  std::size_t unread_count = 0;
  std::array<MailId, kMaxUnreadMails> unread{};  // mails that it could not read; may be none

  // Signs and encodes. Errors: kFull, kRng.
  Result<std::size_t> seal(const ResetRoute& route, const Secret<32>& identity_key, Rng& rng,
                           MutBytes out) const;
  // Errors: kMalformed; kBadVersion; kBadTag (not signed by route.from_key for this route).
  static Result<SessionReset> open(Bytes in, const ResetRoute& route);
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_RESET_MESSAGE_H_
