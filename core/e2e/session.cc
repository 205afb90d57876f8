#include "core/e2e/session.h"

namespace core::e2e {

// In the first stored byte, beside the version.
static constexpr std::uint8_t kRetired = 0x80;

void Session::start_spqr(spqr::Side side, SpqrMinimum minimum, View<32> auth_key) {
  if (version_ != kPqxdhVersion) return;
  spqr_minimum_ = minimum;
  spqr_use_ = minimum == SpqrMinimum::kNone ? SpqrUse::kUndecided : SpqrUse::kOn;
  spqr_.start(side, auth_key);
}

Status Session::initiate(const OurIdentity& identity, const prekey::Bundle& bundle,
                         SpqrMinimum minimum, const InitiatorRandom& random, SkippedKeys& skipped,
                         PendingHandshake& pending, crypto::MlKemWork& work) {
  const OurBaseKey base_key(random.base_key.view());
  const auto their_identity = TRY(TheirIdentity::parse(bundle.identity_key));
  const auto theirs = TRY(TheirSignedPreKey::parse(bundle.signed_pre_key.public_key));
  auto agreed = TRY(agree_as_initiator(identity, base_key, bundle, random.kem.view(),
                                       pending.kem_ciphertext, work));
  ratchet_ = TRY(Ratchet::initiator(std::move(agreed.root_key), std::move(agreed.chain_key), theirs,
                                    OurRatchetKey(random.ratchet_key.view()), skipped));
  // From here on nothing fails.
  version_ = bundle.kem ? kPqxdhVersion : kX3dhVersion;
  their_registration_id_ = bundle.registration_id;
  their_identity_ = their_identity;
  base_key_ = to_array(base_key.public_key());
  start_spqr(spqr::Side::kInitiator, minimum, agreed.spqr_auth_key.view());
  if (bundle.one_time) pending.pre_key_id = bundle.one_time->id;
  pending.signed_pre_key_id = bundle.signed_pre_key.id;
  if (bundle.kem) pending.kem_pre_key_id = bundle.kem->id;
  return {};
}

Status Session::accept(const OurIdentity& identity, const OurPreKeys& keys,
                       const PreKeyMessage& message, SpqrMinimum minimum, crypto::MlKemWork& work) {
  auto agreed = TRY(agree_as_responder(identity, keys, message, work));
  version_ = message.version;
  their_registration_id_ = message.registration_id;
  their_identity_ = message.identity_key;
  base_key_ = to_array(message.base_key.serialized());
  start_spqr(spqr::Side::kResponder, minimum, agreed.spqr_auth_key.view());
  // The signed prekey is Bob's first ratchet key.
  OurRatchetKey ours(keys.signed_pre_key.private_key().view(), keys.signed_pre_key.public_key());
  ratchet_ =
      Ratchet::responder(std::move(agreed.root_key), std::move(agreed.chain_key), std::move(ours));
  return {};
}

Result<std::size_t> Session::encrypt(const Parties& parties, const PendingHandshake* pending,
                                     Bytes plaintext, Rng& rng, crypto::MlKemWork& work,
                                     Skipped& skipped, MutBytes out) {
  CHECK(!retired_);
  const auto encrypted = [&]() -> Result<std::size_t> {
    if (!equal_var(parties.theirs, their_identity_.serialized())) return Error::kUntrusted;
    auto outgoing = TRY(ratchet_.next());
    if (spqr_use_ == SpqrUse::kOff) {
      const auto size = TRY(seal(parties, pending, outgoing, nullptr, plaintext, out));
      ratchet_.sent(std::move(outgoing));
      return size;
    }
    spqr::Spqr::Outgoing spqr;
    TRY(spqr_.next(spqr_use_ == SpqrUse::kOn, rng, work, spqr));
    const auto size = TRY(seal(parties, pending, outgoing, &spqr, plaintext, out));
    ratchet_.sent(std::move(outgoing));
    spqr_.sent(spqr, skipped.spqr_keys);
    return size;
  }();
  if (!encrypted) wipe(out);
  return encrypted;
}

Result<std::size_t> Session::seal(const Parties& parties, const PendingHandshake* pending,
                                  const Ratchet::Outgoing& outgoing,
                                  const spqr::Spqr::Outgoing* spqr, Bytes plaintext,
                                  MutBytes out) const {
  const MessageKeys keys(outgoing.seed, spqr ? spqr->salt() : Bytes());
  const SignalHeader header{.version = version_,
                            .ratchet_key = ratchet_.ratchet_key(),
                            .counter = outgoing.counter,
                            .previous_counter = outgoing.previous_counter,
                            .pq_ratchet = spqr ? spqr->bytes() : Bytes()};
  const Route route{.sender = parties.ours, .receiver = parties.theirs};
  if (pending == nullptr) return seal_signal_message(header, keys, route, plaintext, out);
  const PreKeyHeader around{
      .version = version_,
      .pre_key_id = pending->pre_key_id,
      .base_key = base_key_,
      .identity_key = parties.ours,
      .registration_id = pending->our_registration_id,
      .signed_pre_key_id = pending->signed_pre_key_id,
      .kem_pre_key_id = pending->kem_pre_key_id,
      .kem_ciphertext = version_ == kPqxdhVersion ? Bytes(pending->kem_ciphertext) : Bytes()};
  std::size_t size = 0;
  const auto inner =
      TRY(encode_pre_key_message(around, signal_message_size(header, plaintext.size()), out, size));
  TRY(seal_signal_message(header, keys, route, plaintext, inner));
  return size;
}

Result<std::size_t> Session::decrypt(const Parties& parties, const SignalMessage& message, Rng& rng,
                                     crypto::MlKemWork& work, Skipped& skipped,
                                     MutBytes plaintext) {
  const auto decrypted = [&]() -> Result<std::size_t> {
    if (!equal_var(parties.theirs, their_identity_.serialized())) return Error::kUntrusted;
    if (message.version != version_) return Error::kBadVersion;
    if (!message.addresses.empty() && !equal_var(message.addresses, parties.addresses))
      return Error::kBadTag;
    auto incoming = TRY(ratchet_.prepare(message.ratchet_key, message.counter, skipped.seeds));
    const bool has_payload = version_ == kPqxdhVersion && !message.pq_ratchet.empty();
    if (spqr_use_ != SpqrUse::kUndecided && has_payload != has_spqr()) return Error::kBadTag;
    if (!has_payload) return open(parties, message, incoming, nullptr, rng, skipped, plaintext);

    spqr::Spqr::Incoming spqr;
    const auto prepared =
        spqr_.prepare(message.pq_ratchet, spqr_minimum_, skipped.spqr_keys, work, spqr);
    // It may as well be a message of another session as a forged one.
    if (!prepared) return Error::kBadTag;
    return open(parties, message, incoming, &spqr, rng, skipped, plaintext);
  }();
  if (!decrypted) wipe(plaintext);
  return decrypted;
}

Result<std::size_t> Session::open(const Parties& parties, const SignalMessage& message,
                                  Ratchet::Incoming& incoming, spqr::Spqr::Incoming* spqr, Rng& rng,
                                  Skipped& skipped, MutBytes plaintext) {
  const MessageKeys keys(incoming.seed, spqr ? spqr->salt() : Bytes());
  const Route route{.sender = parties.theirs, .receiver = parties.ours};
  const auto size = TRY(message.open(keys, route, plaintext));
  TRY(ratchet_.commit(std::move(incoming), rng, skipped.seeds));
  // From here on nothing fails.
  if (spqr) spqr_.commit(*spqr, skipped.spqr_keys);
  if (spqr_use_ == SpqrUse::kUndecided) spqr_use_ = spqr ? SpqrUse::kOn : SpqrUse::kOff;
  if (spqr_use_ == SpqrUse::kOff) spqr_.clear();
  return size;
}

void Session::close(Skipped& skipped) {
  ratchet_.close(skipped.seeds);
  if (spqr_use_ != SpqrUse::kOff) spqr_.close(skipped.spqr_keys);
  clear();
}

void Session::clear() {
  version_ = 0;
  retired_ = false;
  spqr_minimum_ = SpqrMinimum::kV1;
  spqr_use_ = SpqrUse::kOff;
  their_registration_id_ = 0;
  their_identity_ = {};
  base_key_ = {};
  ratchet_ = {};
  spqr_.clear();
}

void Session::write(Writer& out) const {
  out.u8(static_cast<std::uint8_t>(version_ | (retired_ ? kRetired : 0)));
  out.bytes(their_identity_.serialized());
  out.u32_be(their_registration_id_);
  out.bytes(base_key_);
  ratchet_.write(out);
  if (version_ != kPqxdhVersion) return;
  out.u8(static_cast<std::uint8_t>(spqr_minimum_));
  out.u8(static_cast<std::uint8_t>(spqr_use_));
  if (spqr_use_ != SpqrUse::kOff) spqr_.write(out);
}

Status Session::read(Reader& in, Skipped& skipped) {
  const std::uint8_t first = in.u8();
  retired_ = (first & kRetired) != 0;
  version_ = static_cast<std::uint8_t>(first & ~kRetired);
  if (version_ != kX3dhVersion && version_ != kPqxdhVersion) return Error::kMalformed;
  const auto their_identity = TheirIdentity::parse(in.take<kPublicKeySize>());
  if (!their_identity) return Error::kMalformed;
  their_identity_ = *their_identity;
  their_registration_id_ = in.u32_be();
  base_key_ = to_array(in.take<kPublicKeySize>());
  if (base_key_[0] != prekey::kCurveKeyType) return Error::kMalformed;
  ratchet_ = TRY(Ratchet::read(in, skipped.seeds));
  if (version_ != kPqxdhVersion) return {};
  const std::uint8_t minimum = in.u8(), use = in.u8();
  const bool must_be_on = minimum == static_cast<std::uint8_t>(SpqrMinimum::kV1);
  if (!in.ok() || minimum > 1 || use > 2 || (must_be_on && use != 2)) return Error::kMalformed;
  spqr_minimum_ = static_cast<SpqrMinimum>(minimum);
  spqr_use_ = static_cast<SpqrUse>(use);
  if (spqr_use_ != SpqrUse::kOff && !spqr_.read(in, skipped.spqr_keys)) return Error::kMalformed;
  return {};
}

}  // namespace core::e2e
