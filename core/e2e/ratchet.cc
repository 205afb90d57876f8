#include "core/e2e/ratchet.h"

namespace core::e2e {

Status Ratchet::start_initiator(View<32> root_key, View<32> chain_key,
                                const TheirRatchetKey& theirs, const OurRatchetKey& ours,
                                SkippedKeys& skipped) {
  copy(root_key, root_);
  set_key(ours);
  TRY(step_root(root_, private_, theirs, sending_));
  ReceiverChain& first = push();
  first.id = skipped.open_chain();
  first.their_key = theirs;
  copy(chain_key, first.chain.key);
  return {};
}

void Ratchet::start_responder(View<32> root_key, View<32> chain_key, const OurRatchetKey& ours) {
  copy(root_key, root_);
  copy(chain_key, sending_.key);
  set_key(ours);
}

void Ratchet::set_key(const OurRatchetKey& ours) {
  copy(ours.private_key().view(), private_);
  copy(ours.public_key(), public_);
}

Ratchet::ReceiverChain& Ratchet::push() {
  if (receiving_count_ < kMaxReceiverChains) ++receiving_count_;
  std::copy_backward(receiving_.begin(), receiving_.end() - 1, receiving_.end());
  return receiving_[0] = {};
}

Status Ratchet::send(Outgoing& out) {
  if (sending_.index == UINT32_MAX) return Error::kFull;
  out.counter = sending_.index;
  out.previous_counter = previous_counter_;
  step_chain(sending_, out.seed.mut());
  return {};
}

Status Ratchet::receive(const TheirRatchetKey& their_key, std::uint32_t counter,
                        const SkippedKeys& skipped, Incoming& out) {
  for (out.chain = 0; out.chain < receiving_count_; ++out.chain) {
    ReceiverChain& known = receiving_[out.chain];
    if (!equal_var(known.their_key.serialized(), their_key.serialized())) continue;
    return skipped.read(known.chain, known.id, counter, step_chain, out.read);
  }
  out.chain = 0;
  out.is_new = true;
  if (receiving_count_ == kMaxReceiverChains) out.evicted = receiving_.back().id;
  ReceiverChain& made = push();
  made.their_key = their_key;
  TRY(step_root(root_, private_, their_key, made.chain));
  return skipped.read(made.chain, std::nullopt, counter, step_chain, out.read);
}

Status Ratchet::turn(const Incoming& in, Rng& rng) {
  if (!in.is_new) return {};
  TRY(rng.fill(private_));
  previous_counter_ = sending_.index == 0 ? 0 : sending_.index - 1;
  set_key(OurRatchetKey(private_));
  return step_root(root_, private_, receiving_[0].their_key, sending_);
}

void Ratchet::settle(Incoming& in, SkippedKeys& skipped) {
  if (in.evicted) skipped.close_chain(*in.evicted);
  if (in.is_new) receiving_[0].id = skipped.open_chain();
  skipped.settle(in.read, receiving_[in.chain].id, step_chain);
}

void Ratchet::close(SkippedKeys& skipped) const {
  for (std::size_t i = 0; i < receiving_count_; ++i) skipped.close_chain(receiving_[i].id);
}

void Ratchet::exchange(Codec& codec, SkippedKeys& skipped) {
  codec.bytes(root_);
  codec.bytes(private_);
  codec.bytes(public_);
  codec.require(public_[0] == prekey::kCurveKeyType);
  sending_.exchange(codec);
  codec.number(previous_counter_);
  codec.at_most(std::uint8_t{kMaxReceiverChains}, receiving_count_);
  for (std::size_t i = 0; i < receiving_count_ && codec.ok(); ++i) {
    ReceiverChain& chain = receiving_[i];
    skipped.exchange_name(codec, chain.id);
    chain.their_key.exchange(codec);
    chain.chain.exchange(codec);
  }
}

}  // namespace core::e2e
