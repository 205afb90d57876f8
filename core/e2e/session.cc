#include "core/e2e/session.h"

namespace core::e2e {

void Session::start_spqr(spqr::Side side, SpqrMinimum minimum, View<32> auth_key) {
  if (state_.version != kPqxdhVersion) return;
  state_.spqr_minimum = minimum;
  state_.spqr_use = minimum == SpqrMinimum::kNone ? SpqrUse::kUndecided : SpqrUse::kOn;
  state_.spqr.start(side, auth_key);
}

Status Session::initiate(const OurIdentity& identity, const prekey::Bundle& bundle,
                         SpqrMinimum minimum, const InitiatorRandom& random, SkippedKeys& skipped,
                         PendingHandshake& pending, crypto::MlKemWork& work) {
  const OurBaseKey base_key(random.base_key.view());
  Agreement agreed;
  TRY(agree_as_initiator(identity, base_key, bundle, random.kem.view(), pending.kem_ciphertext,
                         work, agreed));
  TRY(state_.ratchet.start_initiator(agreed.root_key(), agreed.chain_key(),
                                     TheirRatchetKey(bundle.signed_pre_key.public_key),
                                     OurRatchetKey(random.ratchet_key.view()), skipped));
  state_.version = bundle.kem ? kPqxdhVersion : kX3dhVersion;
  state_.their_registration_id = bundle.registration_id;
  state_.their_identity = TheirIdentity(bundle.identity_key);
  copy(base_key.public_key(), state_.base_key);
  start_spqr(spqr::Side::kInitiator, minimum, agreed.spqr_auth_key());
  if (bundle.one_time) pending.pre_key_id = bundle.one_time->id;
  pending.signed_pre_key_id = bundle.signed_pre_key.id;
  if (bundle.kem) pending.kem_pre_key_id = bundle.kem->id;
  return {};
}

Status Session::accept(const OurIdentity& identity, const OurPreKeys& keys,
                       const PreKeyMessage& message, SpqrMinimum minimum, crypto::MlKemWork& work) {
  Agreement agreed;
  TRY(agree_as_responder(identity, keys, message, work, agreed));
  state_.version = message.version;
  state_.their_registration_id = message.registration_id;
  state_.their_identity = message.identity_key;
  copy(message.base_key.serialized(), state_.base_key);
  start_spqr(spqr::Side::kResponder, minimum, agreed.spqr_auth_key());
  // The signed prekey is Bob's first ratchet key.
  state_.ratchet.start_responder(agreed.root_key(), agreed.chain_key(),
                                 keys.signed_pre_key.as<RatchetUse>());
  return {};
}

Result<std::size_t> Session::encrypt(const Session& now, const Parties& parties,
                                     const PendingHandshake* pending, Bytes plaintext,
                                     const Means& means, MutBytes out) {
  CHECK(!now.is_retired());
  if (!equal_var(parties.theirs, now.their_identity().serialized())) return Error::kUntrusted;
  state_.copy_from(now.state_);
  Ratchet::Outgoing outgoing;
  TRY(state_.ratchet.send(outgoing));
  spqr::Spqr::Outgoing pq;
  if (state_.spqr_use != SpqrUse::kOff) {
    TRY(state_.spqr.send(state_.spqr_use == SpqrUse::kOn, means.rng, means.work, pq));
  }
  const SignalHeader header{.version = state_.version,
                            .ratchet_key = state_.ratchet.ratchet_key(),
                            .counter = outgoing.counter,
                            .previous_counter = outgoing.previous_counter,
                            .pq_ratchet = pq.bytes()};
  const MessageKeys keys(outgoing.seed, pq.salt());
  const auto size = TRY(seal(parties, pending, header, keys, plaintext, out));
  now.state_.spqr.close_all_but(state_.spqr, means.skipped.spqr_keys);
  return size;
}

Result<std::size_t> Session::seal(const Parties& parties, const PendingHandshake* pending,
                                  const SignalHeader& header, const MessageKeys& keys,
                                  Bytes plaintext, MutBytes out) const {
  const Route route{.sender = parties.ours, .receiver = parties.theirs};
  if (pending == nullptr) return seal_signal_message(header, keys, route, plaintext, out);
  const PreKeyHeader around{.version = header.version,
                            .base_key = state_.base_key,
                            .identity_key = parties.ours,
                            .handshake = *pending};
  std::size_t size = 0;
  const auto inner =
      TRY(encode_pre_key_message(around, signal_message_size(header, plaintext.size()), out, size));
  TRY(seal_signal_message(header, keys, route, plaintext, inner));
  return size;
}

Result<std::size_t> Session::decrypt(const Session& now, const Parties& parties,
                                     const SignalMessage& message, const Means& means,
                                     MutBytes plaintext) {
  if (!equal_var(parties.theirs, now.their_identity().serialized())) return Error::kUntrusted;
  if (message.version != now.version()) return Error::kBadVersion;
  if (!message.addresses.empty() && !equal_var(message.addresses, parties.addresses)) {
    return Error::kBadTag;
  }
  state_.copy_from(now.state_);
  Skipped& skipped = means.skipped;
  Ratchet::Incoming incoming;
  TRY(state_.ratchet.receive(message.ratchet_key, message.counter, skipped.seeds, incoming));
  const bool has_payload = state_.version == kPqxdhVersion && !message.pq_ratchet.empty();
  if (state_.spqr_use != SpqrUse::kUndecided && has_payload != has_spqr()) return Error::kBadTag;
  spqr::Spqr::Incoming pq;
  // What it refuses may as well be a message of another session as a forged one.
  if (has_payload && !state_.spqr.receive(message.pq_ratchet, state_.spqr_minimum,
                                          skipped.spqr_keys, means.work, pq)) {
    return Error::kBadTag;
  }
  const MessageKeys keys(incoming.read.key, pq.salt());
  const Route route{.sender = parties.theirs, .receiver = parties.ours};
  const auto size = TRY(message.open(keys, route, plaintext));
  TRY(state_.ratchet.turn(incoming, means.rng));
  // From here on nothing fails.
  now.state_.spqr.close_all_but(state_.spqr, skipped.spqr_keys);
  state_.ratchet.settle(incoming, skipped.seeds);
  state_.spqr.settle(pq, skipped.spqr_keys);
  state_.spqr_use = has_payload ? SpqrUse::kOn : SpqrUse::kOff;
  if (!has_payload) wipe_object(state_.spqr);
  return size;
}

void Session::close(Skipped& skipped) {
  state_.ratchet.close(skipped.seeds);
  state_.spqr.close(skipped.spqr_keys);
  clear();
}

void Session::State::exchange(Codec& codec, Skipped& skipped) {
  codec.number(version);
  codec.require(version == kX3dhVersion || version == kPqxdhVersion);
  codec.flag(retired);
  their_identity.exchange(codec);
  codec.number(their_registration_id);
  codec.bytes(base_key);
  codec.require(base_key[0] == prekey::kCurveKeyType);
  ratchet.exchange(codec, skipped.seeds);
  if (version != kPqxdhVersion) return;
  codec.at_most(SpqrMinimum::kV1, spqr_minimum);
  codec.at_most(SpqrUse::kOn, spqr_use);
  codec.require(spqr_minimum == SpqrMinimum::kNone || spqr_use == SpqrUse::kOn);
  if (spqr_use != SpqrUse::kOff) spqr.exchange(codec, skipped.spqr_keys);
}

}  // namespace core::e2e
