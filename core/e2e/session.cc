#include "core/e2e/session.h"

namespace core::e2e {

Result<Session> Session::initiate(const OurIdentity& identity, const prekey::Bundle& bundle,
                                  const InitiatorRandom& random, SkippedKeys& skipped,
                                  PendingHandshake& pending, crypto::MlKemWork& work) {
  const OurBaseKey base_key(random.base_key.view());
  auto agreed = TRY(agree_as_initiator(identity, base_key, bundle, random.kem.view(),
                                       pending.kem_ciphertext, work));
  Session session;
  session.version_ = bundle.kem ? kPqxdhVersion : kX3dhVersion;
  session.their_registration_id_ = bundle.registration_id;
  session.their_identity_ = TRY(TheirIdentity::parse(bundle.identity_key));
  session.base_key_ = to_array(base_key.public_key());
  session.spqr_auth_key_ = std::move(agreed.spqr_auth_key);
  const auto theirs = TRY(TheirSignedPreKey::parse(bundle.signed_pre_key.public_key));
  session.ratchet_ =
      TRY(Ratchet::initiator(std::move(agreed.root_key), std::move(agreed.chain_key), theirs,
                             OurRatchetKey(random.ratchet_key.view()), skipped));
  if (bundle.one_time) pending.pre_key_id = bundle.one_time->id;
  pending.signed_pre_key_id = bundle.signed_pre_key.id;
  if (bundle.kem) pending.kem_pre_key_id = bundle.kem->id;
  return session;
}

Result<Session> Session::accept(const OurIdentity& identity, const OurPreKeys& keys,
                                const PreKeyMessage& message, crypto::MlKemWork& work) {
  auto agreed = TRY(agree_as_responder(identity, keys, message, work));
  Session session;
  session.version_ = message.version;
  session.their_registration_id_ = message.registration_id;
  session.their_identity_ = message.identity_key;
  session.base_key_ = to_array(message.base_key.serialized());
  session.spqr_auth_key_ = std::move(agreed.spqr_auth_key);
  // The signed prekey is Bob's first ratchet key.
  OurRatchetKey ours(keys.signed_pre_key.private_key().view(), keys.signed_pre_key.public_key());
  session.ratchet_ =
      Ratchet::responder(std::move(agreed.root_key), std::move(agreed.chain_key), std::move(ours));
  return session;
}

Result<std::size_t> Session::encrypt(const Parties& parties, const PendingHandshake* pending,
                                     Bytes plaintext, MutBytes out) {
  const auto encrypted = [&]() -> Result<std::size_t> {
    if (!equal_var(parties.theirs, their_identity_.serialized())) return Error::kUntrusted;
    auto outgoing = TRY(ratchet_.next());
    const auto size = TRY(seal(parties, pending, outgoing, plaintext, out));
    ratchet_.sent(std::move(outgoing));
    return size;
  }();
  if (!encrypted) wipe(out);
  return encrypted;
}

Result<std::size_t> Session::seal(const Parties& parties, const PendingHandshake* pending,
                                  const Ratchet::Outgoing& outgoing, Bytes plaintext,
                                  MutBytes out) const {
  const MessageKeys keys(outgoing.seed, {});
  const SignalHeader header{.version = version_,
                            .ratchet_key = ratchet_.ratchet_key(),
                            .counter = outgoing.counter,
                            .previous_counter = outgoing.previous_counter};
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
                                     SkippedKeys& skipped, MutBytes plaintext) {
  const auto decrypted = [&]() -> Result<std::size_t> {
    if (!equal_var(parties.theirs, their_identity_.serialized())) return Error::kUntrusted;
    if (message.version != version_) return Error::kBadVersion;
    if (!message.addresses.empty() && !equal_var(message.addresses, parties.addresses))
      return Error::kBadTag;
    auto incoming = TRY(ratchet_.prepare(message.ratchet_key, message.counter, skipped));
    const MessageKeys keys(incoming.seed, {});
    const Route route{.sender = parties.theirs, .receiver = parties.ours};
    const auto size = TRY(message.open(keys, route, plaintext));
    TRY(ratchet_.commit(std::move(incoming), rng, skipped));
    return size;
  }();
  if (!decrypted) wipe(plaintext);
  return decrypted;
}

void Session::write(Writer& out) const {
  out.u8(version_);
  out.bytes(their_identity_.serialized());
  out.u32_be(their_registration_id_);
  out.bytes(base_key_);
  if (version_ == kPqxdhVersion) out.bytes(spqr_auth_key_.view());
  ratchet_.write(out);
}

Result<Session> Session::read(Reader& in, SkippedKeys& skipped) {
  Session session;
  session.version_ = in.u8();
  if (session.version_ != kX3dhVersion && session.version_ != kPqxdhVersion)
    return Error::kMalformed;
  const auto their_identity = TheirIdentity::parse(in.take<kPublicKeySize>());
  if (!their_identity) return Error::kMalformed;
  session.their_identity_ = *their_identity;
  session.their_registration_id_ = in.u32_be();
  session.base_key_ = to_array(in.take<kPublicKeySize>());
  if (session.base_key_[0] != prekey::kCurveKeyType) return Error::kMalformed;
  if (session.version_ == kPqxdhVersion) session.spqr_auth_key_ = Secret<32>(in.take<32>());
  session.ratchet_ = TRY(Ratchet::read(in, skipped));
  return session;
}

}  // namespace core::e2e
