// The two messages of a group's sender keys, byte for byte as Signal's clients
// write them. Which of them it is must travel outside.
// Spec: docs/spec/groups.md sender keys.
#ifndef CORE_E2E_SENDER_KEY_MESSAGE_H_
#define CORE_E2E_SENDER_KEY_MESSAGE_H_

#include "core/crypto/aes_cbc.h"
#include "core/crypto/xeddsa.h"
#include "core/e2e/chain.h"
#include "core/e2e/identity.h"

namespace core::e2e {

// The message version of sender keys.
inline constexpr std::uint8_t kSenderKeyVersion = 3;
// What the envelope of a SenderKeyMessage carries as its type.
inline constexpr std::uint32_t kSenderKeyType = 7;
inline constexpr std::size_t kDistributionIdSize = 16;

using OurSigningKey = OurKey<struct SigningUse>;
using TheirSigningKey = TheirKey<struct SigningUse>;

// Hands a sender's key to one member, inside a session between the two.
struct SenderKeyDistribution {
  ByteArray<kDistributionIdSize> distribution_id{};
  std::uint32_t chain_id = 0;
  std::uint32_t iteration = 0;  // of the first message that it opens
  Secret<32> chain_key;
  TheirSigningKey signing_key;

  // The most bytes that encode_distribution() writes.
  static constexpr std::size_t kMaxSize = 1 + 2 + 16 + 6 + 6 + 2 + 32 + 2 + kPublicKeySize;

  // Errors: kMalformed; kBadVersion; kBadKey (a type byte).
  static Result<SenderKeyDistribution> parse(Bytes in);
};

// Errors: kFull, and then `out` is all zeros.
Result<std::size_t> encode_distribution(const SenderKeyDistribution& from, MutBytes out);

// A message to a group: a view that lives as long as the input.
struct SenderKeyMessage {
  ByteArray<kDistributionIdSize> distribution_id{};
  std::uint32_t chain_id = 0;
  std::uint32_t iteration = 0;
  Bytes ciphertext;     // whole AES blocks
  Bytes authenticated;  // all but the signature
  Bytes signature;      // crypto::kSignatureSize bytes

  // Errors: kMalformed; kBadVersion.
  static Result<SenderKeyMessage> parse(Bytes in);

  // Errors: kBadTag. Variable time: public data only.
  Status verify(const TheirSigningKey& key) const;
  // Decrypts into `plaintext`, which must hold ciphertext.size() bytes, and
  // returns the plaintext's size. Call it after verify().
  // Errors: kBadTag (padding); kFull. On error `plaintext` is all zeros.
  Result<std::size_t> open(const Secret<32>& seed, MutBytes plaintext) const;
};

// What stands in a SenderKeyMessage beside the ciphertext.
struct SenderKeyHeader {
  View<kDistributionIdSize> distribution_id;
  std::uint32_t chain_id = 0;
  std::uint32_t iteration = 0;
};

// Encrypts, signs and encodes; returns the size written. `random` makes the
// signature. Errors: kFull, and then `out` is all zeros.
Result<std::size_t> seal_sender_key_message(const SenderKeyHeader& header, const Secret<32>& seed,
                                            const OurSigningKey& key, Bytes plaintext,
                                            View<64> random, MutBytes out);

// At most this many bytes come of encrypting `plaintext_size` for a group.
constexpr std::size_t group_encrypted_size(std::size_t plaintext_size) {
  return 1 + 2 + kDistributionIdSize + 6 + 6 + 6 + crypto::aes256_cbc_size(plaintext_size) +
         crypto::kSignatureSize;
}

}  // namespace core::e2e
#endif  // CORE_E2E_SENDER_KEY_MESSAGE_H_
