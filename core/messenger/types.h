// What the messenger and the application tell each other.
#ifndef CORE_MESSENGER_TYPES_H_
#define CORE_MESSENGER_TYPES_H_

#include "core/api/message.h"
#include "core/base/time.h"
#include "core/messenger/group.h"

namespace core::messenger {

// Of a message in the outbox or in the inbox: two independent sequences that
// start at 1 and only grow, over restarts too.
using MessageId = std::uint64_t;

// What is needed to write the state of a new device.
struct NewDevice {
  DeviceName name;
  Secret<32> identity_key;            // X25519 private key, clamped
  std::uint32_t registration_id = 0;  // 1 to 16380, the one that was enrolled
};

enum class ContactState : std::uint8_t {
  kUnverified = 0,  // the key was taken on first use
  kVerified = 1,    // the user has compared the safety number
  kKeyChanged = 2,  // another key has turned up: nothing is sent until the user accepts it
};

struct Contact {
  DeviceName name;
  ContactState state{};
  bool has_key = false;              // false: never met, the server has not listed it
  ByteArray<33> identity_key{};      // the one trusted; zero without
  ByteArray<33> new_identity_key{};  // kKeyChanged: the one that turned up
};

struct SafetyNumber {
  ByteArray<60> digits{};     // ASCII; show them in groups of five
  ByteArray<74> scannable{};  // the bytes of the QR code
};

enum class InboxKind : std::uint8_t {
  kMessage = 0,
  kUnreadable = 1,    // a message of `from` that could not be decrypted; no text
  kKeyChanged = 2,    // `from` has another identity key now; no text
  kUnsupported = 3,   // a message of `from` that needs a later version; no text
  kGroupChanged = 4,  // `group` has other members now, or we are no longer in it; no text
  kNotRead = 5,       // `from` could not read messages of ours: their ids of the outbox, in decimal
  kPutBack = 6,       // this device was put back; how many messages are gone, in decimal
};

struct InboxMessage {
  MessageId id = 0;
  InboxKind kind{};
  DeviceName from;
  WallTime stored_at;    // by the server's clock
  WallTime received_at;  // by ours; 0 if it was not known
  GroupId group{};       // kMessage: the one it was written to; zeros: to us alone
  Bytes text;            // a view into the caller's buffer
};

enum class OutboxState : std::uint8_t {
  kQueued = 0,     // waits for a session, or for the contact's key to be accepted
  kEncrypted = 1,  // is sent and sent again until the server has it
  kFailed = 2,     // refused for good; stays until discard()
  kSent = 3,       // the server has it, or it was discarded: no longer in the outbox
};

enum class OutboxKind : std::uint8_t {
  kText = 0,     // to one device
  kControl = 1,  // of the messenger's own: a group's state or keys for one device
  kGroup = 2,    // to a group
};

struct OutboxMessage {
  MessageId id = 0;
  OutboxKind kind{};
  OutboxState state{};
  DeviceName to;            // empty: a group
  GroupId group{};          // kGroup
  std::size_t pending = 1;  // kGroup: members that the server has not taken it for
  WallTime made;            // when send() was called, by our clock
  api::Code reason{};       // kFailed: why. kQueued, kEncrypted: the last refusal, kOk if none
};

// A hint to look: whatever matters is in the store and is found there after a
// restart, too.
enum class EventKind : std::uint8_t {
  kMessageReceived,  // id: of the inbox; next_unread() has it
  kUnreadable,       // id: of the inbox
  kMessageSent,      // id: of the outbox. The server has stored it
  kMessageFailed,    // id: of the outbox; code. To a group: not for the member `name`
  kKeyChanged,       // name: the contact
  kGroupChanged,     // id: of the inbox; the entry names the group
  kContactsChanged,  // contact_at() has news
  kRenewalDue,       // time for renew()
  kCertificate,      // the answer to renew(): certificate() has it
  kRevoked,          // this device may no longer take part
  kRefused,          // the server refused a request for good: method and code
  kPutBack,          // id: of the inbox. This store is an older copy; the device heals by itself
  kSessionReset,     // name: the contact asked for a new session; it starts with the next message
  kNotRead,          // name could not read a message of ours; id: of the outbox, the first of them
};

struct Event {
  EventKind kind{};
  MessageId id = 0;
  DeviceName name;  // the contact concerned, or empty
  api::Method method{};
  api::Code code{};
};

// One request to publish. Views into the workspace, valid until the next call.
struct Outgoing {
  api::Method method{};
  View<api::kRequestIdSize> request_id;  // MQTT Correlation Data
  Bytes payload;                         // an encoded, signed Request
};

// Counted since the messenger was made.
struct Counters {
  std::uint64_t sent = 0;               // messages that the server has taken
  std::uint64_t received = 0;           // messages put into the inbox
  std::uint64_t unreadable = 0;         // mails that did not decrypt
  std::uint64_t unsupported = 0;        // contents of later versions, or malformed
  std::uint64_t group_refused = 0;      // states, keys and messages of groups not taken
  std::uint64_t duplicates = 0;         // mails that had been seen before
  std::uint64_t out_of_order = 0;       // mails that came before their predecessor
  std::uint64_t malformed = 0;          // payloads that do not parse
  std::uint64_t stale_answers = 0;      // to no request that is under way
  std::uint64_t requests = 0;           // new requests
  std::uint64_t repeats = 0;            // requests repeated for want of an answer
  std::uint64_t refusals = 0;           // answers other than kOk
  std::uint64_t sessions_started = 0;   // by us
  std::uint64_t sessions_accepted = 0;  // by a first message to us
  std::uint64_t key_changes = 0;
  std::uint64_t resets_sent = 0;        // sessions that we asked to start anew
  std::uint64_t resets_taken = 0;       // and the other side
  std::uint64_t false_checkpoints = 0;  // what the server claims to have of us, and is not ours
  std::uint64_t lost_events = 0;        // the ring was full
  std::uint64_t store_failures = 0;
  std::uint64_t rng_failures = 0;
};

// For `status` and `doctor`.
struct Info {
  bool connected = false;
  bool revoked = false;
  std::size_t contacts = 0;
  std::size_t queued = 0;  // in the outbox, not failed
  std::size_t failed = 0;
  std::size_t unread = 0;
  std::uint64_t through = 0;     // the last mail taken
  std::uint32_t put_backs = 0;   // how often the store was put back to an older state
  WallTime put_back_at;          // the last time; 0: not known when
  std::uint64_t lost_mails = 0;  // gone with the state that it replaced
  bool healing = false;          // its sessions are being retired
  std::uint32_t signed_pre_key_id = 0;
  std::uint32_t last_resort_id = 0;
  WallTime signed_pre_key_made;
  WallTime last_resort_made;
  bool server_known = false;  // what follows was answered since connecting
  std::uint32_t server_one_time = 0;
  std::uint32_t server_one_time_kem = 0;
  std::uint32_t server_signed_pre_key_id = 0;
  std::uint32_t server_last_resort_id = 0;
  bool digest_matches = false;
  std::uint64_t mailbox_count = 0;
  WallTime server_time;        // when it answered
  WallTime server_time_local;  // ours at that moment
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_TYPES_H_
