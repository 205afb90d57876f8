#include "core/e2e/sender_key_message.h"

#include "core/base/protobuf.h"
#include "core/crypto/hkdf.h"

namespace core::e2e {
namespace {

constexpr std::uint8_t kVersionByte = kSenderKeyVersion << 4 | kSenderKeyVersion;
constexpr auto kGroupLabel = label("WhisperGroup");

// The IV comes first here, unlike in messages between two devices.
struct GroupMessageKeys {
  explicit GroupMessageKeys(const Secret<32>& seed)
      : keys(crypto::hkdf_sha256<48>({}, seed.view(), kGroupLabel)) {}
  View<16> iv() const { return keys.view().first<16>(); }
  View<32> cipher_key() const { return keys.view().subspan<16, 32>(); }
  Secret<48> keys;
};

// Only the high half of the first byte says what the message is.
Status check_version(Bytes in) {
  if (in.empty()) return Error::kMalformed;
  if (in[0] >> 4 != kSenderKeyVersion) return Error::kBadVersion;
  return {};
}

// What both messages begin with.
struct Heading {
  Bytes distribution_id;
  std::optional<std::uint32_t> chain_id, iteration;

  // Takes the field that `fields` has come to if it is one of the three.
  void take(std::uint32_t number, ProtobufFields& fields) {
    switch (number) {
      case 1: fields.bytes(distribution_id); break;
      case 2: fields.u32(chain_id); break;
      case 3: fields.u32(iteration); break;
      default: break;
    }
  }
  // Errors: kMalformed if one of them is missing.
  template <class Message>
  Status write_to(Message& message) const {
    if (distribution_id.size() != kDistributionIdSize || !chain_id || !iteration) {
      return Error::kMalformed;
    }
    message.distribution_id = to_array(distribution_id.first<kDistributionIdSize>());
    message.chain_id = *chain_id;
    message.iteration = *iteration;
    return {};
  }
};

}  // namespace

Result<SenderKeyDistribution> SenderKeyDistribution::parse(Bytes in) {
  TRY(check_version(in));
  SenderKeyDistribution message;
  Heading heading;
  Bytes chain_key, signing_key;
  ProtobufFields fields(in.subspan(1));
  while (const auto number = fields.next()) {
    heading.take(number, fields);
    if (number == 4) fields.bytes(chain_key);
    if (number == 5) fields.bytes(signing_key);
  }
  TRY(heading.write_to(message));
  if (!fields.ok() || chain_key.size() != 32 || signing_key.size() != kPublicKeySize) {
    return Error::kMalformed;
  }
  message.chain_key = Secret<32>(chain_key.first<32>());
  message.signing_key = TRY(TheirSigningKey::parse(signing_key.first<kPublicKeySize>()));
  return message;
}

Result<std::size_t> encode_distribution(const SenderKeyDistribution& from, MutBytes out) {
  if (out.empty()) return Error::kFull;
  out[0] = kVersionByte;
  ProtobufWriter fields(out.subspan(1));
  fields.bytes(1, from.distribution_id);
  fields.varint(2, from.chain_id);
  fields.varint(3, from.iteration);
  fields.bytes(4, from.chain_key.view());
  fields.bytes(5, from.signing_key.serialized());
  const auto size = fields.finish();
  if (!size) {
    wipe(out);
    return size.error();
  }
  return 1 + *size;
}

Result<SenderKeyMessage> SenderKeyMessage::parse(Bytes in) {
  TRY(check_version(in));
  if (in.size() < 1 + crypto::kSignatureSize) return Error::kMalformed;
  SenderKeyMessage message;
  message.authenticated = in.first(in.size() - crypto::kSignatureSize);
  message.signature = in.last(crypto::kSignatureSize);
  Heading heading;
  ProtobufFields fields(message.authenticated.subspan(1));
  while (const auto number = fields.next()) {
    heading.take(number, fields);
    if (number == 4) fields.bytes(message.ciphertext);
  }
  TRY(heading.write_to(message));
  if (!fields.ok() || message.ciphertext.empty() ||
      message.ciphertext.size() % crypto::kAesBlockSize != 0) {
    return Error::kMalformed;
  }
  return message;
}

Status SenderKeyMessage::verify(const TheirSigningKey& key) const {
  return crypto::xeddsa_verify(key.point(), authenticated,
                               signature.first<crypto::kSignatureSize>());
}

Result<std::size_t> SenderKeyMessage::open(const Secret<32>& seed, MutBytes plaintext) const {
  const GroupMessageKeys keys(seed);
  return crypto::aes256_cbc_decrypt(keys.cipher_key(), keys.iv(), ciphertext, plaintext);
}

Result<std::size_t> seal_sender_key_message(const SenderKeyHeader& header, const Secret<32>& seed,
                                            const OurSigningKey& key, Bytes plaintext,
                                            View<64> random, MutBytes out) {
  const auto sealed = [&]() -> Result<std::size_t> {
    if (out.empty()) return Error::kFull;
    out[0] = kVersionByte;
    ProtobufWriter fields(out.subspan(1));
    fields.bytes(1, header.distribution_id);
    fields.varint(2, header.chain_id);
    fields.varint(3, header.iteration);
    const auto ciphertext = fields.reserve(4, crypto::aes256_cbc_size(plaintext.size()));
    const std::size_t size = 1 + TRY(fields.finish());
    if (out.size() - size < crypto::kSignatureSize) return Error::kFull;
    const GroupMessageKeys keys(seed);
    TRY(crypto::aes256_cbc_encrypt(keys.cipher_key(), keys.iv(), plaintext, ciphertext));
    const auto signature = crypto::xeddsa_sign(key.private_key(), out.first(size), random);
    copy(signature, out.subspan(size));
    return size + crypto::kSignatureSize;
  }();
  if (!sealed) wipe(out);
  return sealed;
}

}  // namespace core::e2e
