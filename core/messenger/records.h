// What lies in the store, record by record: keys and values.
// Spec: docs/spec/device-store.md.
#ifndef CORE_MESSENGER_RECORDS_H_
#define CORE_MESSENGER_RECORDS_H_

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/messenger/store.h"
#include "core/messenger/types.h"

namespace core::messenger {

// First byte of every value. A record of another version is not touched.
inline constexpr std::uint8_t kRecordVersion = 1;

enum class Kind : std::uint8_t {
  kDevice = 'd',
  kState = 's',
  kKeyState = 'k',
  kContact = 'n',
  kSession = 'r',
  kOutbox = 'o',
  kOutboxText = 't',
  kOutboxMail = 'e',
  kInbox = 'i',
  kInboxText = 'b',
  kOneTime = '1',
  kOneTimeKem = '2',
  kSigned = '3',
  kLastResort = '4',
  kBaseKeys = '5',
  kGroup = 'g',
  kGroupState = 'h',
  kOurSenderKey = 'q',
  kTheirSenderKeys = 'p',
  kCsr = 'x',
  kCertificate = 'y',
  kCheckpoint = 'v',
  kReset = 'z',
  kResetMail = 'w',
};

// The kind and a slot, big-endian: 3 bytes.
struct RecordKey {
  RecordKey(Kind kind, std::size_t slot = 0)
      : bytes{static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(slot >> 8),
              static_cast<std::uint8_t>(slot)} {}
  ByteArray<3> bytes;
};

struct DeviceRecord {
  static constexpr std::size_t kMaxSize = 1 + 1 + DeviceName::kMaxSize + 32 + 4;
  DeviceName name;
  Secret<32> identity_key;
  std::uint32_t registration_id = 0;
  void write(Writer& out) const;
  static Result<DeviceRecord> read(Reader& in);
};

struct StateRecord {
  static constexpr std::size_t kMaxSize = 1 + 8 + 8 + 8 + 1;
  std::uint64_t through = 0;  // the last mail taken
  MessageId last_out = 0;     // the last id given out, of each sequence
  MessageId last_in = 0;
  bool revoked = false;
  void write(Writer& out) const;
  static Result<StateRecord> read(Reader& in);
};

// How far the making and the publishing of prekeys have come. Ids of KEM keys
// are one sequence for both kinds, so that an id names one key.
struct KeyStateRecord {
  static constexpr std::size_t kMaxSize = 1 + 8 * 4 + 2 + 1 + 16 + 4 * 4;
  std::uint32_t last_one_time = 0;       // last id made
  std::uint32_t one_time_published = 0;  // last id that the server has
  std::uint32_t last_kem = 0;
  std::uint32_t kem_published = 0;  // of one-time KEM keys
  std::uint32_t signed_id = 0;      // the current one; 0: none yet
  std::uint32_t signed_published = 0;
  std::uint32_t resort_id = 0;
  std::uint32_t resort_published = 0;
  std::uint8_t signed_slot = 0;  // where the current one lies
  std::uint8_t resort_slot = 0;
  // The publish request under way: the same one after a restart.
  bool pending = false;
  bool drop_stock = false;  // the next one deletes the one-time keys that the server has
  ByteArray<16> request_id{};
  std::uint32_t pending_one_time = 0;  // ids up to this
  std::uint32_t pending_kem = 0;
  std::uint32_t pending_signed = 0;  // 0: not in it
  std::uint32_t pending_resort = 0;
  void write(Writer& out) const;
  static Result<KeyStateRecord> read(Reader& in);
};

struct ContactRecord {
  static constexpr std::size_t kMaxSize = 1 + 1 + DeviceName::kMaxSize + 2 + 33 + 33;
  Contact contact;
  void write(Writer& out) const;
  static Result<ContactRecord> read(Reader& in);
};

// In place of a contact's or a group's slot.
inline constexpr std::uint16_t kNoSlot = 0xffff;

struct OutboxRecord {
  static constexpr std::size_t kMaxSize = 1 + 8 + 1 + 2 + 2 + 8 + 1 + 1 + 4 + 8 + api::kMailIdSize;
  MessageId id = 0;
  OutboxKind kind{};
  std::uint16_t contact = kNoSlot;  // kGroup: none
  std::uint16_t group = kNoSlot;    // kGroup only
  std::uint64_t pending = 0;        // kGroup: a bit for each position in the group
  OutboxState state{};
  api::Code reason{};
  std::uint32_t size = 0;  // of the text; encrypted: of the ciphertext
  WallTime made;           // when send() was called
  ByteArray<api::kMailIdSize> mail_id{};
  void write(Writer& out) const;
  static Result<OutboxRecord> read(Reader& in);
};

struct InboxRecord {
  static constexpr std::size_t kMaxSize =
      1 + 8 + 1 + 1 + DeviceName::kMaxSize + 8 + 8 + 8 + kGroupIdSize;
  MessageId id = 0;
  InboxKind kind{};
  DeviceName from;
  std::uint64_t sequence = 0;
  WallTime stored_at, received_at;
  GroupId group{};  // zeros: none
  void write(Writer& out) const;
  static Result<InboxRecord> read(Reader& in);
};

struct OneTimeRecord {
  static constexpr std::size_t kMaxSize = 1 + 4 + 32;
  std::uint32_t id = 0;
  Secret<32> key;
  void write(Writer& out) const;
  static Result<OneTimeRecord> read(Reader& in);
};

struct SignedRecord {
  static constexpr std::size_t kMaxSize = 1 + 4 + 32 + 64 + 8 + 8;
  std::uint32_t id = 0;
  Secret<32> key;
  ByteArray<64> signature{};
  WallTime made, replaced;  // 0: not known yet; replaced: 0 for the current one
  void write(Writer& out) const;
  static Result<SignedRecord> read(Reader& in);
};

// A one-time KEM key (without times) or a last-resort one.
struct KemRecord {
  static constexpr std::size_t kMaxSize = 1 + 4 + 64 + 64 + 8 + 8;
  std::uint32_t id = 0;
  Secret<64> seed;
  ByteArray<64> signature{};
  WallTime made, replaced;
  void write(Writer& out) const;
  static Result<KemRecord> read(Reader& in);
};

// Errors: kNotFound, kBadVersion, kMalformed, kStore.
template <class Record>
Result<Record> get_record(Store& store, RecordKey key) {
  Secret<Record::kMaxSize> value;
  const auto size = store.get(key.bytes, value.mut());
  if (!size) return size.error() == Error::kFull ? Error::kMalformed : size.error();
  Reader in(Bytes(value.view()).first(*size));
  if (in.u8() != kRecordVersion) return Error::kBadVersion;
  auto record = Record::read(in);
  if (!record || !in.finished()) return Error::kMalformed;
  return record;
}

// REQUIRES: a transaction is open.
template <class Record>
Status put_record(Store& store, RecordKey key, const Record& record) {
  Secret<Record::kMaxSize> value;
  Writer out(value.mut());
  out.u8(kRecordVersion);
  record.write(out);
  CHECK(out.ok());
  return store.put(key.bytes, out.written());
}

}  // namespace core::messenger
#endif  // CORE_MESSENGER_RECORDS_H_
