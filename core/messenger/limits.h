// Sizes and times of the messenger in each profile: a Linux device; with
// GINNEL_SMALL_DEVICE defined a microcontroller with some 400 KB of RAM; with
// GINNEL_TINY_DEVICE one with 128 KB. The same switch lowers the limits of
// core/e2e/limits.h. Spec: docs/spec/device-store.md; docs/profiles.md
#ifndef CORE_MESSENGER_LIMITS_H_
#define CORE_MESSENGER_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace core::messenger {

enum class Profile : std::uint8_t { kLinux, kSmall, kTiny };
#if defined(GINNEL_TINY_DEVICE)
inline constexpr Profile kProfile = Profile::kTiny;
#elif defined(GINNEL_SMALL_DEVICE)
inline constexpr Profile kProfile = Profile::kSmall;
#else
inline constexpr Profile kProfile = Profile::kLinux;
#endif

// The one that holds.
constexpr std::uint32_t by_profile(std::uint32_t on_linux, std::uint32_t small,
                                   std::uint32_t tiny) {
  return kProfile == Profile::kLinux ? on_linux : kProfile == Profile::kSmall ? small : tiny;
}

// ---- memory: Linux, small, tiny ------------------------------------------
inline constexpr std::size_t kMaxContacts = by_profile(1024, 32, 16);
// Messages that wait to be sent, failed ones included.
inline constexpr std::size_t kMaxOutbox = by_profile(1024, 32, 16);
// Messages that wait to be read; with no room left no mail is asked for.
inline constexpr std::size_t kMaxInbox = by_profile(1024, 32, 16);
// Longest text of one message.
inline constexpr std::size_t kMaxPlaintext = by_profile(60'000, 2048, 640);
// Longest plaintext: the text and what stands around it.
inline constexpr std::size_t kMaxContent = kMaxPlaintext + 16;
// Longest ciphertext that is kept or read: padding, keys, header and the
// keys of a first message on top of the text.
inline constexpr std::size_t kMaxCiphertext = kMaxPlaintext + 2048;
// Largest encoded request or push. One mail of the longest text fits.
inline constexpr std::size_t kMaxPayload = by_profile(65'536, 8192, 3072);
// What mails and keys are grouped up to. A single larger mail goes alone.
inline constexpr std::size_t kPieceSize = by_profile(32'768, 6144, 2560);
// Largest push that the server may send; 0: of any size.
inline constexpr std::uint32_t kMaxPush = by_profile(0, kMaxPayload, kMaxPayload);
// Contacts in one answer; 0: as many as the server has on a page.
inline constexpr std::uint32_t kContactsPerPage = by_profile(0, 64, 24);
// Messages encrypted in one call of poll(), in one transaction.
inline constexpr std::size_t kEncryptPerStep = by_profile(32, 1, 1);
// Groups, and members of each but this device.
inline constexpr std::size_t kMaxGroups = by_profile(64, 4, 2);
inline constexpr std::size_t kMaxGroupMembers = by_profile(63, 7, 3);
// Messages to groups in the outbox: a member whose mailbox is full must not
// keep this device from writing to others.
inline constexpr std::size_t kMaxGroupOutbox = kMaxOutbox / 2;
inline constexpr std::size_t kMaxEvents = by_profile(64, 64, 8);
inline constexpr std::size_t kMaxCsr = 1024;
inline constexpr std::size_t kMaxCertificate = by_profile(2048, 2048, 1024);

// Largest value that a Store is asked to keep. A contact's sessions are the
// largest of all records: 3.2 kB each at most, and twice 38 bytes for each
// message that is missing.
inline constexpr std::size_t kMaxValueSize = by_profile(327'680, 16'384, 9216);

// ---- keys ----------------------------------------------------------------
// What the server is kept stocked with, and the counts below which it is
// filled up again.
inline constexpr std::uint32_t kOneTimeTarget = by_profile(100, 100, 40);
inline constexpr std::uint32_t kOneTimeLow = by_profile(25, 25, 10);
inline constexpr std::uint32_t kKemTarget = 8;
inline constexpr std::uint32_t kKemLow = 2;
// Private keys kept: a key that was handed out long ago is overwritten when
// so many newer ones have been made. Powers of two.
inline constexpr std::uint32_t kOneTimeKept = by_profile(1024, 256, 128);
inline constexpr std::uint32_t kKemKept = by_profile(128, 16, 16);
inline constexpr std::uint32_t kSignedKept = 8;
inline constexpr std::uint32_t kLastResortKept = 4;
// Keys in one publish request: as many as the size of a piece allows.
inline constexpr std::uint32_t kOneTimePerPublish = by_profile(100, 25, 10);
inline constexpr std::uint32_t kKemPerPublish = by_profile(8, 1, 1);
// Base keys remembered for each last-resort key, against replay.
inline constexpr std::size_t kBaseKeysKept = by_profile(128, 32, 32);
// Keys made in one call of poll(), so that a slow processor is not blocked.
inline constexpr std::uint32_t kKemPerStep = by_profile(4, 1, 1);
inline constexpr std::uint32_t kOneTimePerStep = by_profile(50, 4, 4);

inline constexpr std::int64_t kDayMs = 24 * 3600 * std::int64_t{1000};
inline constexpr std::int64_t kSignedLifetimeMs = 7 * kDayMs;
inline constexpr std::int64_t kLastResortLifetimeMs = 30 * kDayMs;
// How long a replaced key still opens first messages.
inline constexpr std::int64_t kOverlapMs = 30 * kDayMs;

// ---- time ----------------------------------------------------------------
// A request without an answer is repeated after 1 s, 2 s, 4 s, ... 30 s.
inline constexpr std::int64_t kRepeatFirstMs = 1000;
inline constexpr std::int64_t kRepeatMaxMs = 30'000;
// What was refused for now is asked anew after 1 s, 2 s, ... 60 s.
inline constexpr std::int64_t kRetryFirstMs = 1'000;
inline constexpr std::int64_t kRetryMaxMs = 60'000;
// A revoked device asks so rarely whether that was lifted.
inline constexpr std::int64_t kRevokedPauseMs = 300'000;
// A contact is asked for a new session at most once in this time.
inline constexpr std::int64_t kResetPauseMs = 300'000;
inline constexpr std::int64_t kAckIdleMs = 15'000;
inline constexpr std::int64_t kStatusMs = 6 * 3600 * std::int64_t{1000};
inline constexpr std::uint32_t kAckWindow = by_profile(64, 4, 2);

}  // namespace core::messenger
#endif  // CORE_MESSENGER_LIMITS_H_
