// Sessions of ginnel.h.
#include <new>

#include "core/c/bundle.h"
#include "core/c/memory.h"

namespace core::c {
namespace {

static_assert(GINNEL_MAX_SKIPPED_KEYS == e2e::kMaxSkippedKeys);
static_assert(GINNEL_MAX_ARCHIVED_SESSIONS == e2e::kMaxArchivedSessions);
static_assert(GINNEL_STORED_MAX_SIZE == e2e::SessionRecord::kMaxSerializedSize);
static_assert(GINNEL_ADDRESSES_SIZE == e2e::kAddressesSize);
static_assert(GINNEL_MESSAGE_SIZE(0) == e2e::encrypted_size(0));
static_assert(GINNEL_MESSAGE_SIZE(1600) == e2e::encrypted_size(1600));
static_assert(GINNEL_WHISPER == static_cast<int>(e2e::MessageType::kWhisper));
static_assert(GINNEL_PREKEY == static_cast<int>(e2e::MessageType::kPreKey));

// The buffer that a call fills, and the number of bytes in it afterwards.
class Output {
 public:
  // Zeros the buffer and the number.
  Output(std::uint8_t* out, std::size_t size, std::size_t* written) : written_(written) {
    if (written != nullptr) *written = 0;
    is_given_ = is_buffer(out, size) && written != nullptr;
    if (is_buffer(out, size)) buffer_ = {out, size};
    wipe(buffer_);
  }
  bool is_given() const { return is_given_; }
  MutBytes buffer() const { return buffer_; }
  ginnel_error finish(std::size_t size) const {
    *written_ = size;
    return GINNEL_OK;
  }
  ginnel_error fail(Error error) const {
    wipe(buffer_);
    return error_of(error);
  }

 private:
  MutBytes buffer_;
  std::size_t* written_;
  bool is_given_ = false;
};

bool is_complete(const ginnel_peer* peer) {
  return peer != nullptr && peer->identity_key != nullptr;
}

bool is_spqr(int spqr) { return spqr == GINNEL_SPQR_REQUIRED || spqr == GINNEL_SPQR_OPTIONAL; }

e2e::SpqrMinimum minimum_of(int spqr) {
  return spqr == GINNEL_SPQR_OPTIONAL ? e2e::SpqrMinimum::kNone : e2e::SpqrMinimum::kV1;
}

e2e::Parties parties_of(const Device& device, const ginnel_peer& peer) {
  e2e::Parties parties{.ours = device.identity.public_key(),
                       .theirs = view<GINNEL_PUBLIC_KEY_SIZE>(peer.identity_key)};
  if (peer.addresses != nullptr) parties.addresses = view<GINNEL_ADDRESSES_SIZE>(peer.addresses);
  return parties;
}

// True iff `ours` are the prekeys that the message names, and no others.
bool are_named(const ginnel_own_prekeys& ours, const e2e::PreKeyMessage& message) {
  if (ours.signed_prekey == nullptr || ours.signed_prekey->id != message.signed_pre_key_id) {
    return false;
  }
  if (message.pre_key_id &&
      (ours.one_time == nullptr || ours.one_time->id != *message.pre_key_id)) {
    return false;
  }
  return !message.kem_pre_key_id ||
         (ours.kem != nullptr && ours.kem->id == *message.kem_pre_key_id);
}

Result<std::size_t> accept(e2e::SessionRecord& record, Device& device, const ginnel_peer& peer,
                           Bytes in, const ginnel_own_prekeys* prekeys, int spqr, MutBytes out) {
  const auto message = TRY(e2e::PreKeyMessage::parse(in));
  const auto parties = parties_of(device, peer);
  e2e::SessionRecord::PreKeyInput input{.identity = device.identity,
                                        .parties = parties,
                                        .message = message,
                                        .spqr_minimum = minimum_of(spqr)};
  if (record.knows_base_key(message) || prekeys == nullptr) {
    return TRY(record.decrypt_prekey(input, device.rng, device.work.kem, out)).size;
  }
  if (!are_named(*prekeys, message)) return Error::kNotFound;
  const auto& signed_pair = prekeys->signed_prekey->key;
  const e2e::OurSignedPreKey signed_pre_key(signed_pair.private_key,
                                            view<GINNEL_PUBLIC_KEY_SIZE>(signed_pair.public_key));
  std::optional<e2e::OurOneTimePreKey> one_time;
  e2e::OurPreKeys keys{.signed_pre_key = signed_pre_key};
  if (message.pre_key_id) {
    const auto& pair = prekeys->one_time->key;
    keys.one_time =
        &one_time.emplace(pair.private_key, view<GINNEL_PUBLIC_KEY_SIZE>(pair.public_key));
  }
  if (message.kem_pre_key_id) keys.kem = prekeys->kem->seed;
  input.keys = &keys;
  return TRY(record.decrypt_prekey(input, device.rng, device.work.kem, out)).size;
}

Status inspect(const e2e::SessionRecord& record, Bytes in, ginnel_prekey_message& out) {
  const auto message = TRY(e2e::PreKeyMessage::parse(in));
  out.version = message.version;
  out.has_one_time = message.pre_key_id ? 1 : 0;
  out.has_kem = message.kem_pre_key_id ? 1 : 0;
  out.is_known = record.knows_base_key(message) ? 1 : 0;
  out.one_time_id = message.pre_key_id.value_or(0);
  out.signed_id = message.signed_pre_key_id;
  out.kem_id = message.kem_pre_key_id.value_or(0);
  out.registration_id = message.registration_id;
  copy(message.identity_key.serialized(), out.identity_key);
  copy(message.base_key.serialized(), out.base_key);
  return {};
}

}  // namespace
}  // namespace core::c

using namespace core;
using namespace core::c;

extern "C" {

ginnel_error ginnel_session_init(ginnel_session* session, size_t session_size) {
  if (session == nullptr || session_size != sizeof(ginnel_session)) return GINNEL_USAGE;
  ::new (static_cast<void*>(session)) HeldSession;
  return GINNEL_OK;
}

ginnel_error ginnel_session_clear(ginnel_session* session) {
  auto* const record = record_in(session);
  if (record == nullptr) return GINNEL_USAGE;
  record->clear();
  return GINNEL_OK;
}

ginnel_error ginnel_session_initiate(ginnel_session* session, const ginnel_device* device,
                                     const ginnel_peer* peer, const ginnel_bundle* bundle, int spqr,
                                     int64_t now_ms) {
  auto* const record = record_in(session);
  if (record == nullptr || !Device::is_complete(device) || !is_complete(peer) ||
      !is_complete(bundle) || !is_spqr(spqr)) {
    return GINNEL_USAGE;
  }
  Device ours(*device);
  const auto theirs = bundle_of(*bundle);
  return error_of(record->initiate({.identity = ours.identity,
                                    .theirs = view<GINNEL_PUBLIC_KEY_SIZE>(peer->identity_key),
                                    .bundle = theirs,
                                    .our_registration_id = device->registration_id,
                                    .spqr_minimum = minimum_of(spqr)},
                                   WallTime{now_ms}, ours.rng, ours.work.kem));
}

ginnel_error ginnel_session_encrypt(ginnel_session* session, const ginnel_device* device,
                                    const ginnel_peer* peer, const uint8_t* text, size_t text_size,
                                    int64_t now_ms, uint8_t* out, size_t out_size, size_t* written,
                                    ginnel_message_type* type) {
  const Output output(out, out_size, written);
  auto* const record = record_in(session);
  if (record == nullptr || !Device::is_complete(device) || !is_complete(peer) ||
      !is_buffer(text, text_size) || !output.is_given() || type == nullptr) {
    return GINNEL_USAGE;
  }
  Device ours(*device);
  const auto sealed = record->encrypt(parties_of(ours, *peer), {text, text_size}, WallTime{now_ms},
                                      ours.rng, ours.work.kem, output.buffer());
  if (!sealed) return output.fail(sealed.error());
  *type = static_cast<ginnel_message_type>(sealed->type);
  return output.finish(sealed->size);
}

ginnel_error ginnel_session_decrypt(ginnel_session* session, const ginnel_device* device,
                                    const ginnel_peer* peer, const uint8_t* message,
                                    size_t message_size, uint8_t* out, size_t out_size,
                                    size_t* written) {
  const Output output(out, out_size, written);
  auto* const record = record_in(session);
  if (record == nullptr || !Device::is_complete(device) || !is_complete(peer) ||
      !is_buffer(message, message_size) || !output.is_given()) {
    return GINNEL_USAGE;
  }
  const auto parsed = e2e::SignalMessage::parse({message, message_size});
  if (!parsed) return output.fail(parsed.error());
  Device ours(*device);
  const auto size = record->decrypt_whisper(parties_of(ours, *peer), *parsed, ours.rng,
                                            ours.work.kem, output.buffer());
  return size ? output.finish(*size) : output.fail(size.error());
}

ginnel_error ginnel_session_inspect(const ginnel_session* session, const uint8_t* message,
                                    size_t message_size, ginnel_prekey_message* out) {
  if (out == nullptr) return GINNEL_USAGE;
  *out = {};
  const auto* const record = record_in(session);
  if (record == nullptr || !is_buffer(message, message_size)) return GINNEL_USAGE;
  return error_of(inspect(*record, {message, message_size}, *out));
}

ginnel_error ginnel_session_accept(ginnel_session* session, const ginnel_device* device,
                                   const ginnel_peer* peer, const uint8_t* message,
                                   size_t message_size, const ginnel_own_prekeys* prekeys, int spqr,
                                   uint8_t* out, size_t out_size, size_t* written) {
  const Output output(out, out_size, written);
  auto* const record = record_in(session);
  if (record == nullptr || !Device::is_complete(device) || !is_complete(peer) ||
      !is_buffer(message, message_size) || !output.is_given() || !is_spqr(spqr)) {
    return GINNEL_USAGE;
  }
  Device ours(*device);
  const auto size =
      accept(*record, ours, *peer, {message, message_size}, prekeys, spqr, output.buffer());
  return size ? output.finish(*size) : output.fail(size.error());
}

ginnel_error ginnel_session_archive(ginnel_session* session) {
  auto* const record = record_in(session);
  if (record == nullptr) return GINNEL_USAGE;
  record->archive_current();
  return GINNEL_OK;
}

ginnel_error ginnel_session_serialize(const ginnel_session* session, uint8_t* out, size_t out_size,
                                      size_t* written) {
  const Output output(out, out_size, written);
  const auto* const record = record_in(session);
  if (record == nullptr || !output.is_given()) return GINNEL_USAGE;
  const auto size = record->serialize(output.buffer());
  return size ? output.finish(*size) : output.fail(size.error());
}

ginnel_error ginnel_session_restore(ginnel_session* session, const uint8_t* in, size_t in_size) {
  auto* const record = record_in(session);
  if (record == nullptr) return GINNEL_USAGE;
  if (!is_buffer(in, in_size)) {
    record->clear();
    return GINNEL_USAGE;
  }
  return error_of(e2e::SessionRecord::parse({in, in_size}, *record));
}

}  // extern "C"
