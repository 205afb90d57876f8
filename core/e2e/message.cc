#include "core/e2e/message.h"

#include "core/base/protobuf.h"
#include "core/crypto/ct.h"
#include "core/crypto/hmac.h"

namespace core::e2e {
namespace {

// The version that this code writes into the low half of the first byte.
constexpr std::uint8_t kNewestVersion = kPqxdhVersion;

std::uint8_t version_byte(std::uint8_t version) {
  return static_cast<std::uint8_t>(version << 4 | kNewestVersion);
}

// The high half of the first byte; the low half says what the sender could
// speak and is not looked at.
Result<std::uint8_t> parse_version(Bytes in) {
  if (in.empty()) return Error::kMalformed;
  const auto version = static_cast<std::uint8_t>(in[0] >> 4);
  if (version != kX3dhVersion && version != kPqxdhVersion) return Error::kBadVersion;
  return version;
}

// Of the key in a field; an absent field is empty. Errors: kMalformed; kBadKey.
Status check_key(Bytes field) {
  if (field.size() != kPublicKeySize) return Error::kMalformed;
  if (field[0] != prekey::kCurveKeyType) return Error::kBadKey;
  return {};
}

std::size_t number_field_size(std::uint32_t value) { return 1 + varint_size(value); }

}  // namespace

Result<SignalMessage> SignalMessage::parse(Bytes in) {
  SignalMessage message;
  message.version = TRY(parse_version(in));
  if (in.size() < 1 + kMessageMacSize) return Error::kMalformed;
  message.authenticated = in.first(in.size() - kMessageMacSize);
  message.mac = in.last(kMessageMacSize);

  Bytes ratchet_key;
  std::optional<std::uint32_t> counter;
  ProtobufFields fields(message.authenticated.subspan(1));
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(ratchet_key); break;
      case 2: fields.u32(counter); break;
      case 3: fields.u32(message.previous_counter); break;
      case 4: fields.bytes(message.ciphertext); break;
      case 5: fields.bytes(message.pq_ratchet); break;
      case 6:
        fields.bytes(message.addresses);
        if (message.addresses.size() != kAddressesSize) return Error::kMalformed;
        break;
      default: break;
    }
  }
  if (!fields.ok() || !counter || message.ciphertext.empty() ||
      message.ciphertext.size() % crypto::kAesBlockSize != 0)
    return Error::kMalformed;
  message.counter = *counter;
  TRY(check_key(ratchet_key));
  message.ratchet_key = TheirRatchetKey(ratchet_key.first<kPublicKeySize>());
  return message;
}

Result<std::size_t> SignalMessage::open(const MessageKeys& keys, const Route& route,
                                        MutBytes plaintext) const {
  const auto expected =
      crypto::hmac_sha256(keys.mac_key(), {route.sender, route.receiver, authenticated});
  if (!crypto::ct_equal(expected.view().first<kMessageMacSize>(), mac)) {
    wipe(plaintext);
    return Error::kBadTag;
  }
  return crypto::aes256_cbc_decrypt(keys.cipher_key(), keys.iv(), ciphertext, plaintext);
}

Result<PreKeyMessage> PreKeyMessage::parse(Bytes in) {
  PreKeyMessage message;
  message.version = TRY(parse_version(in));

  Bytes base_key, identity_key, inner;
  std::optional<std::uint32_t> signed_pre_key_id;
  ProtobufFields fields(in.subspan(1));
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(message.pre_key_id); break;
      case 2: fields.bytes(base_key); break;
      case 3: fields.bytes(identity_key); break;
      case 4: fields.bytes(inner); break;
      case 5: fields.u32(message.registration_id); break;
      case 6: fields.u32(signed_pre_key_id); break;
      case 7: fields.u32(message.kem_pre_key_id); break;
      case 8:
        fields.bytes(message.kem_ciphertext);
        if (message.kem_ciphertext.size() != crypto::kKyber1024CiphertextSize)
          return Error::kMalformed;
        break;
      default: break;
    }
  }
  if (!fields.ok() || !signed_pre_key_id) return Error::kMalformed;
  const bool has_kem = !message.kem_ciphertext.empty();
  if (message.kem_pre_key_id.has_value() != has_kem) return Error::kMalformed;
  if (message.version == kPqxdhVersion && !has_kem) return Error::kMalformed;
  message.signed_pre_key_id = *signed_pre_key_id;
  TRY(check_key(base_key));
  message.base_key = TheirBaseKey(base_key.first<kPublicKeySize>());
  TRY(check_key(identity_key));
  message.identity_key = TheirIdentity(identity_key.first<kPublicKeySize>());
  message.message = TRY(SignalMessage::parse(inner));
  if (message.message.version != message.version) return Error::kBadVersion;
  return message;
}

std::size_t signal_message_size(const SignalHeader& header, std::size_t plaintext_size) {
  std::size_t size = 1 + bytes_field_size(1, kPublicKeySize) + number_field_size(header.counter) +
                     number_field_size(header.previous_counter) +
                     bytes_field_size(4, crypto::aes256_cbc_size(plaintext_size)) + kMessageMacSize;
  if (!header.pq_ratchet.empty()) size += bytes_field_size(5, header.pq_ratchet.size());
  return size;
}

Result<std::size_t> seal_signal_message(const SignalHeader& header, const MessageKeys& keys,
                                        const Route& route, Bytes plaintext, MutBytes out) {
  const std::size_t size = signal_message_size(header, plaintext.size());
  if (out.size() < size) {
    wipe(out);
    return Error::kFull;
  }
  out[0] = version_byte(header.version);
  ProtobufWriter fields(out.first(size - kMessageMacSize).subspan(1));
  fields.bytes(1, header.ratchet_key);
  fields.varint(2, header.counter);
  fields.varint(3, header.previous_counter);
  const auto ciphertext = fields.reserve(4, crypto::aes256_cbc_size(plaintext.size()));
  const auto encrypted =
      crypto::aes256_cbc_encrypt(keys.cipher_key(), keys.iv(), plaintext, ciphertext);
  if (!header.pq_ratchet.empty()) fields.bytes(5, header.pq_ratchet);
  const auto written = fields.finish();
  CHECK(encrypted.ok() && written.ok() && *written == size - 1 - kMessageMacSize);
  const auto mac = crypto::hmac_sha256(
      keys.mac_key(), {route.sender, route.receiver, out.first(size - kMessageMacSize)});
  copy(mac.view().first<kMessageMacSize>(), out.subspan(size - kMessageMacSize));
  return size;
}

Result<MutBytes> encode_pre_key_message(const PreKeyHeader& header, std::size_t message_size,
                                        MutBytes out, std::size_t& size) {
  if (out.empty()) return Error::kFull;
  out[0] = version_byte(header.version);
  ProtobufWriter fields(out.subspan(1));
  const PendingHandshake& handshake = header.handshake;
  if (handshake.pre_key_id) fields.varint(1, *handshake.pre_key_id);
  fields.bytes(2, header.base_key);
  fields.bytes(3, header.identity_key);
  const auto message = fields.reserve(4, message_size);
  fields.varint(5, handshake.our_registration_id);
  fields.varint(6, handshake.signed_pre_key_id);
  if (header.version == kPqxdhVersion) {
    fields.varint(7, handshake.kem_pre_key_id);
    fields.bytes(8, handshake.kem_ciphertext);
  }
  size = 1 + TRY(fields.finish());
  return message;
}

}  // namespace core::e2e
