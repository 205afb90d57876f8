// What a Store keeps, one struct for each thing.
#ifndef SERVER_STORE_VALUES_H_
#define SERVER_STORE_VALUES_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/name.h"
#include "core/base/time.h"
#include "server/store/tunnel_peer.h"

namespace server::store {

using Blob = std::vector<std::uint8_t>;
using core::Result;
using core::Status;

enum class AccountState : std::uint8_t { kActive = 0, kRevoked = 1 };

struct Account {
  AccountId id = 0;
  core::DeviceName name;
  core::ByteArray<33> identity_key{};
  std::uint32_t registration_id = 0;  // 1 to 16380
  core::WallTime enrolled_at;
  AccountState state = AccountState::kActive;
};

// An invite, found by what its secret's holder sends first.
struct Invite {
  core::ByteArray<8> id{};
  core::DeviceName name;         // the name it was made for
  core::ByteArray<16> secret{};  // all zeros once it is forgotten
  core::WallTime expires_at;
  std::optional<core::WallTime> used_at;
  core::ByteArray<32> request_digest{};  // of the request that used it
  Blob response;                         // and the sealed response to it
};

// Keys that are handed out again and again: one of each kind for a device.
enum class RepeatedKind : std::uint8_t { kSigned = 0, kLastResort = 1 };

struct RepeatedKey {
  std::uint32_t id = 0;
  Blob public_key;  // 33 (kSigned) or 1569 (kLastResort)
  core::ByteArray<64> signature{};
};
struct OneTimeKey {
  std::uint32_t id = 0;
  core::ByteArray<33> public_key{};
};
struct OneTimeKemKey {
  std::uint32_t id = 0;
  Blob public_key;  // 1569
  core::ByteArray<64> signature{};
};

// The stock of a device and the highest id of each kind ever seen.
struct PreKeyState {
  std::uint32_t one_time_count = 0, one_time_kem_count = 0;
  std::uint32_t highest_signed = 0, highest_last_resort = 0;
  std::uint32_t highest_one_time = 0, highest_one_time_kem = 0;
};

struct Checkpoint {  // of a device's store, in the device's own words
  std::uint64_t generation = 0;
  core::ByteArray<48> seal{};
};
struct NewMail {
  AccountId recipient = 0, sender = 0;
  core::ByteArray<16> mail_id{};
  std::uint32_t type = 0;
  core::Bytes ciphertext;  // 1 to 65,536 bytes; lives for the call
  core::WallTime stored_at, expires_at;
};
struct StoredMail {
  std::uint64_t sequence = 0;  // 1, 2, ... of the recipient
  core::DeviceName sender;
  core::ByteArray<16> mail_id{};
  std::uint32_t type = 0;
  Blob ciphertext;
  core::WallTime stored_at;
};
// What waits in a mailbox. `bytes` counts ciphertexts.
struct MailLoad {
  std::uint64_t count = 0, bytes = 0;
  std::uint64_t sender_count = 0, sender_bytes = 0;
};

struct StoredAnswer {
  core::ByteArray<32> digest{};  // of the request
  Blob response;
};
struct Totals {
  std::uint64_t devices = 0, revoked = 0, invites = 0;
  std::uint64_t mails = 0, mail_bytes = 0;
  std::uint64_t one_time_keys = 0, one_time_kem_keys = 0, answers = 0;
};

// Errors of every call: kStore. Only the others are named below.

}  // namespace server::store
#endif  // SERVER_STORE_VALUES_H_
