#include "core/e2e/ratchet.h"

namespace core::e2e {

Result<Ratchet> Ratchet::initiator(Secret<32> root_key, Secret<32> chain_key,
                                   const TheirSignedPreKey& theirs, OurRatchetKey ours,
                                   SkippedKeys& skipped) {
  ReceiverChain receiving;
  receiving.their_key = TRY(TheirRatchetKey::parse(theirs.serialized()));
  receiving.chain = ChainKey(std::move(chain_key));
  auto step = TRY(RootKey(std::move(root_key)).step(ours, receiving.their_key));
  Ratchet ratchet;
  ratchet.root_ = std::move(step.root);
  ratchet.sending_ = std::move(step.chain);
  ratchet.ours_ = std::move(ours);
  ratchet.push(std::move(receiving), skipped);
  return ratchet;
}

Ratchet Ratchet::responder(Secret<32> root_key, Secret<32> chain_key, OurRatchetKey ours) {
  Ratchet ratchet;
  ratchet.root_ = RootKey(std::move(root_key));
  ratchet.sending_ = ChainKey(std::move(chain_key));
  ratchet.ours_ = std::move(ours);
  return ratchet;
}

Result<Ratchet::Outgoing> Ratchet::next() const {
  if (sending_.index() == UINT32_MAX) return Error::kFull;
  Outgoing out;
  out.counter = sending_.index();
  out.previous_counter = previous_counter_;
  out.next = sending_.clone();
  out.seed = out.next.take();
  return out;
}

Result<Ratchet::Incoming> Ratchet::prepare(const TheirRatchetKey& their_key, std::uint32_t counter,
                                           const SkippedKeys& skipped) const {
  Incoming in;
  in.their_key = their_key;
  for (std::size_t i = 0; i < receiving_count_ && !in.known; ++i)
    if (equal_var(receiving_[i].their_key.serialized(), their_key.serialized())) in.known = i;

  if (in.known) {
    const auto& known = receiving_[*in.known];
    if (counter < known.chain.index()) {
      in.skipped = skipped.find(known.id, counter);
      if (!in.skipped) return Error::kReplay;
      in.seed = skipped.seed(*in.skipped).clone();
      return in;
    }
    in.next = known.chain.clone();
  } else {
    auto step = TRY(root_.step(ours_, their_key));
    in.root = std::move(step.root);
    in.next = std::move(step.chain);
  }

  const std::uint32_t missing = counter - in.next.index();
  if (missing > kMaxForwardJump || counter == UINT32_MAX) return Error::kFull;
  // Of very many, only the last fit into the pool.
  while (counter - in.next.index() > kMaxSkippedKeys) in.next.advance();
  if (missing > 0) in.first = in.next.clone();
  while (in.next.index() < counter) in.next.advance();
  in.seed = in.next.take();
  return in;
}

Status Ratchet::commit(Incoming incoming, Rng& rng, SkippedKeys& skipped) {
  if (incoming.skipped) {
    skipped.erase(*incoming.skipped);
    return {};
  }
  const std::uint32_t counter = incoming.next.index() - 1;
  if (incoming.known) {
    auto& known = receiving_[*incoming.known];
    if (counter > known.chain.index()) skipped.keep(known.id, std::move(incoming.first), counter);
    known.chain = std::move(incoming.next);
    return {};
  }
  const auto random = TRY(rng.draw<32>());
  OurRatchetKey ours(random.view());
  auto step = TRY(incoming.root.step(ours, incoming.their_key));
  // From here on nothing fails.
  previous_counter_ = sending_.index() == 0 ? 0 : sending_.index() - 1;
  root_ = std::move(step.root);
  sending_ = std::move(step.chain);
  ours_ = std::move(ours);
  push({.their_key = incoming.their_key, .chain = std::move(incoming.next)}, skipped);
  if (counter > 0) skipped.keep(receiving_[0].id, std::move(incoming.first), counter);
  return {};
}

void Ratchet::push(ReceiverChain chain, SkippedKeys& skipped) {
  if (receiving_count_ == kMaxReceiverChains)
    skipped.close_chain(receiving_[--receiving_count_].id);
  std::move_backward(receiving_.begin(), receiving_.begin() + receiving_count_,
                     receiving_.begin() + receiving_count_ + 1);
  chain.id = skipped.open_chain();
  receiving_[0] = std::move(chain);
  ++receiving_count_;
}

void Ratchet::close(SkippedKeys& skipped) {
  for (std::size_t i = 0; i < receiving_count_; ++i) skipped.close_chain(receiving_[i].id);
  receiving_count_ = 0;
}

void Ratchet::write(Writer& out) const {
  out.bytes(root_.key());
  out.bytes(ours_.private_key().view());
  out.bytes(ours_.public_key());
  out.bytes(sending_.key());
  out.u32_be(sending_.index());
  out.u32_be(previous_counter_);
  out.u8(static_cast<std::uint8_t>(receiving_count_));
  for (std::size_t i = 0; i < receiving_count_; ++i) {
    const auto& chain = receiving_[i];
    out.u16_be(chain.id);
    out.bytes(chain.their_key.serialized());
    out.bytes(chain.chain.key());
    out.u32_be(chain.chain.index());
  }
}

Result<Ratchet> Ratchet::read(Reader& in, SkippedKeys& skipped) {
  Ratchet ratchet;
  ratchet.root_ = RootKey(Secret<32>(in.take<32>()));
  const auto private_key = in.take<32>();
  const auto public_key = in.take<kPublicKeySize>();
  if (!in.ok() || public_key[0] != prekey::kCurveKeyType) return Error::kMalformed;
  ratchet.ours_ = OurRatchetKey(private_key, public_key);
  const auto chain_key = in.take<32>();
  ratchet.sending_ = ChainKey(Secret<32>(chain_key), in.u32_be());
  ratchet.previous_counter_ = in.u32_be();
  const std::size_t count = in.u8();
  if (!in.ok() || count > kMaxReceiverChains) return Error::kMalformed;
  for (std::size_t i = 0; i < count; ++i) {
    auto& chain = ratchet.receiving_[i];
    chain.id = in.u16_be();
    const auto their_key = TheirRatchetKey::parse(in.take<kPublicKeySize>());
    if (!in.ok() || !their_key || !skipped.restore_chain(chain.id)) return Error::kMalformed;
    chain.their_key = *their_key;
    const auto key = in.take<32>();
    chain.chain = ChainKey(Secret<32>(key), in.u32_be());
  }
  ratchet.receiving_count_ = count;
  if (!in.ok()) return Error::kMalformed;
  return ratchet;
}

}  // namespace core::e2e
