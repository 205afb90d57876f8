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
  bool has_id = false, has_chain = false, has_iteration = false;
  bool complete() const { return has_id && has_chain && has_iteration; }

  // True if the field is one of the three. Errors: kMalformed.
  template <class Message>
  Result<bool> take(const ProtobufField& f, Message& message) {
    if (f.number < 1 || f.number > 3) return false;
    if (f.number == 1) {
      if (f.type != WireType::kBytes || f.bytes.size() != kDistributionIdSize) {
        return Error::kMalformed;
      }
      message.distribution_id = to_array(f.bytes.first<kDistributionIdSize>());
      has_id = true;
      return true;
    }
    if (f.type != WireType::kVarint || f.value > UINT32_MAX) return Error::kMalformed;
    const auto value = static_cast<std::uint32_t>(f.value);
    (f.number == 2 ? message.chain_id : message.iteration) = value;
    (f.number == 2 ? has_chain : has_iteration) = true;
    return true;
  }
};

}  // namespace

Result<SenderKeyDistribution> SenderKeyDistribution::parse(Bytes in) {
  TRY(check_version(in));
  SenderKeyDistribution message;
  Heading heading;
  bool has_chain_key = false, has_signing_key = false;
  ProtobufReader fields(in.subspan(1));
  while (const auto* f = fields.next()) {
    if (TRY(heading.take(*f, message))) continue;
    if (f->number == 4) {
      if (f->type != WireType::kBytes || f->bytes.size() != 32) return Error::kMalformed;
      message.chain_key = Secret<32>(f->bytes.first<32>());
      has_chain_key = true;
    } else if (f->number == 5) {
      if (f->type != WireType::kBytes || f->bytes.size() != kPublicKeySize) {
        return Error::kMalformed;
      }
      message.signing_key = TRY(TheirSigningKey::parse(f->bytes.first<kPublicKeySize>()));
      has_signing_key = true;
    }
  }
  if (!fields.ok() || !heading.complete() || !has_chain_key || !has_signing_key) {
    return Error::kMalformed;
  }
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
  ProtobufReader fields(message.authenticated.subspan(1));
  while (const auto* f = fields.next()) {
    if (TRY(heading.take(*f, message)) || f->number != 4) continue;
    if (f->type != WireType::kBytes) return Error::kMalformed;
    message.ciphertext = f->bytes;
  }
  if (!fields.ok() || !heading.complete() || message.ciphertext.empty() ||
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
