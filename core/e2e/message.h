// The two messages of the end-to-end protocol, byte for byte as Signal's
// clients write them. Which of the two it is must travel outside.
// Spec: docs/spec/end-to-end.md messages.
#ifndef CORE_E2E_MESSAGE_H_
#define CORE_E2E_MESSAGE_H_

#include <optional>

#include "core/base/time.h"
#include "core/crypto/aes_cbc.h"
#include "core/e2e/chain.h"
#include "core/e2e/identity.h"

namespace core::e2e {

// The message version of X3DH and of PQXDH sessions.
inline constexpr std::uint8_t kX3dhVersion = 3;
inline constexpr std::uint8_t kPqxdhVersion = 4;

inline constexpr std::size_t kMessageMacSize = 8;
inline constexpr std::size_t kAddressesSize = 36;
// Most bytes that the post-quantum ratchet adds to one of our messages.
inline constexpr std::size_t kMaxPqRatchetSize = 64;

// What the envelope must carry beside the bytes.
enum class MessageType : std::uint8_t { kWhisper = 2, kPreKey = 3 };

// The serialized identity keys of one direction; both are under the MAC.
struct Route {
  View<kPublicKeySize> sender;
  View<kPublicKeySize> receiver;
};

// Any message but the first ones: a view that lives as long as the input.
struct SignalMessage {
  std::uint8_t version = 0;  // 3 or 4
  TheirRatchetKey ratchet_key;
  std::uint32_t counter = 0;  // number in its chain, from 0
  std::uint32_t previous_counter = 0;
  Bytes ciphertext;
  Bytes pq_ratchet;     // empty without a post-quantum ratchet
  Bytes addresses;      // empty, or kAddressesSize bytes
  Bytes authenticated;  // all but the MAC
  Bytes mac;            // kMessageMacSize bytes

  // Errors: kMalformed; kBadVersion; kBadKey (a type byte).
  static Result<SignalMessage> parse(Bytes in);

  // Checks the MAC and decrypts into `plaintext`, which must hold
  // ciphertext.size() bytes; returns the plaintext's size.
  // Errors: kBadTag (MAC or padding); kMalformed; kFull. On error `plaintext`
  // is all zeros.
  Result<std::size_t> open(const MessageKeys& keys, const Route& route, MutBytes plaintext) const;
};

// The first messages of a session, until one came back: the initiator's half
// of the handshake around a SignalMessage. Views live as long as the input.
struct PreKeyMessage {
  std::uint8_t version = 0;  // 3 or 4; a device that wants no X3DH refuses 3 here
  std::optional<std::uint32_t> pre_key_id;
  TheirBaseKey base_key;
  TheirIdentity identity_key;  // claimed until the message is decrypted
  SignalMessage message;       // of the same version
  std::uint32_t registration_id = 0;
  std::uint32_t signed_pre_key_id = 0;
  std::optional<std::uint32_t> kem_pre_key_id;  // there iff kem_ciphertext is
  Bytes kem_ciphertext;                         // 1569 bytes, or empty in version 3

  // Errors: kMalformed; kBadVersion; kBadKey (a type byte).
  static Result<PreKeyMessage> parse(Bytes in);
};

// What stands in a SignalMessage beside the ciphertext.
struct SignalHeader {
  std::uint8_t version = 0;
  View<kPublicKeySize> ratchet_key;
  std::uint32_t counter = 0;
  std::uint32_t previous_counter = 0;
  Bytes pq_ratchet = {};
};

// The exact size of the message for `plaintext_size` bytes.
std::size_t signal_message_size(const SignalHeader& header, std::size_t plaintext_size);

// Encrypts and encodes; returns the size written.
// Errors: kFull, and then `out` is all zeros.
Result<std::size_t> seal_signal_message(const SignalHeader& header, const MessageKeys& keys,
                                        const Route& route, Bytes plaintext, MutBytes out);

// The initiator's half of the handshake, repeated with every message until the
// other side has answered.
struct PendingHandshake {
  std::optional<std::uint32_t> pre_key_id;
  std::uint32_t our_registration_id = 0;
  std::uint32_t signed_pre_key_id = 0;
  std::uint32_t kem_pre_key_id = 0;
  WallTime created{};
  ByteArray<crypto::kKyber1024CiphertextSize> kem_ciphertext{};  // unused in version 3

  static constexpr std::size_t kMaxStoredSize = 4 * 4 + 1 + 8 + crypto::kKyber1024CiphertextSize;
  // Of a session of this version.
  void exchange(std::uint8_t version, Codec& codec);
};

// What stands in a PreKeyMessage around the inner message.
struct PreKeyHeader {
  std::uint8_t version = 0;
  View<kPublicKeySize> base_key;
  View<kPublicKeySize> identity_key;
  const PendingHandshake& handshake;  // without fields 7 and 8 in version 3
};

// Writes everything around an inner message of `message_size` bytes and
// returns the room for it; `size` becomes the size of the whole.
// Errors: kFull.
Result<MutBytes> encode_pre_key_message(const PreKeyHeader& header, std::size_t message_size,
                                        MutBytes out, std::size_t& size);

// At most this many bytes come of encrypting `plaintext_size`, whichever
// message it becomes.
constexpr std::size_t encrypted_size(std::size_t plaintext_size) {
  constexpr std::size_t kKeyField = 2 + kPublicKeySize;
  constexpr std::size_t kNumberField = 6;
  const std::size_t whisper = 1 + kKeyField + 2 * kNumberField + 6 +
                              crypto::aes256_cbc_size(plaintext_size) + 2 + kMaxPqRatchetSize +
                              kMessageMacSize;
  return 1 + 4 * kNumberField + 2 * kKeyField + 6 + whisper + 3 + crypto::kKyber1024CiphertextSize;
}

}  // namespace core::e2e
#endif  // CORE_E2E_MESSAGE_H_
