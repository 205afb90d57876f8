#include "core/e2e/spqr/key_chain.h"

#include "core/crypto/hkdf.h"

namespace core::e2e::spqr {

Secret<32> StepKey::take() {
  CHECK(index_ < UINT32_MAX);
  constexpr auto kText = label("Signal PQ Ratchet V1 Chain Next");
  ByteArray<4 + kText.size()> info;
  Writer writer(info);
  writer.u32_be(index_);
  writer.bytes(kText);
  const auto out = crypto::hkdf_sha256<64>({}, key_.view(), info);
  key_ = Secret<32>(out.view().first<32>());
  ++index_;
  return Secret<32>(out.view().last<32>());
}

KeyChain::KeyChain(Side side, View<32> auth_key) : side_(side) {
  // The label has two spaces.
  push(0, crypto::hkdf_sha256<96>({}, auth_key, label("Signal PQ Ratchet V1 Chain  Start")).view());
}

void KeyChain::copy_from(const KeyChain& other) {
  side_ = other.side_;
  copy(other.root_key_.view(), root_key_.mut());
  send_epoch_ = other.send_epoch_;
  count_ = other.count_;
  for (std::size_t i = 0; i < count_; ++i) {
    const Link& from = other.links_[i];
    links_[i] = {from.epoch, from.sending.clone(), from.receiving.clone(), from.kept};
  }
}

void KeyChain::push(std::uint64_t epoch, View<96> keys) {
  if (count_ == kMaxLinks) {
    std::move(links_.begin() + 1, links_.end(), links_.begin());
    --count_;
  }
  root_key_ = Secret<32>(keys.first<32>());
  StepKey to_responder(keys.subspan<32, 32>()), to_initiator(keys.last<32>());
  Link& link = links_[count_++];
  link = {};
  link.epoch = epoch;
  link.sending = std::move(side_ == Side::kInitiator ? to_responder : to_initiator);
  link.receiving = std::move(side_ == Side::kInitiator ? to_initiator : to_responder);
}

void KeyChain::add_epoch(std::uint64_t epoch, View<32> secret) {
  CHECK(count_ > 0 && epoch == links_[count_ - 1].epoch + 1);
  push(epoch, crypto::hkdf_sha256<96>(root_key_.view(), secret,
                                      label("Signal PQ Ratchet V1 Chain Add Epoch"))
                  .view());
}

Result<KeyChain::SendKey> KeyChain::send(std::uint64_t epoch) {
  std::size_t at = 0;
  while (at < count_ && links_[at].epoch != epoch) ++at;
  if (at == count_ || epoch < send_epoch_) return Error::kOutOfOrder;
  if (links_[at].sending.index() == UINT32_MAX) return Error::kFull;
  if (epoch > send_epoch_) {
    send_epoch_ = epoch;
    for (std::size_t i = 0; i < at; ++i) links_[i].sending = {};
    if (at > 1) {
      std::move(links_.begin() + static_cast<std::ptrdiff_t>(at) - 1, links_.end(), links_.begin());
      count_ -= at - 1;
      at = 1;
    }
  }
  SendKey out;
  out.index = links_[at].sending.index();
  out.key = links_[at].sending.take();
  return out;
}

Result<KeyChain::ReceiveKey> KeyChain::prepare(std::uint64_t epoch, std::uint32_t index,
                                               const SkippedKeys& skipped) const {
  if (index == 0) return Error::kMalformed;
  ReceiveKey out;
  while (out.link < count_ && links_[out.link].epoch != epoch) ++out.link;
  if (out.link == count_) return Error::kReplay;
  const Link& link = links_[out.link];
  const std::uint32_t due = link.receiving.index();
  out.index = index;
  if (index < due) {
    const auto kept = link.kept ? skipped.find(*link.kept, index) : std::nullopt;
    if (!kept) return Error::kReplay;
    out.was_kept = true;
    out.key = skipped.seed(*kept).clone();
    return out;
  }
  if (index - due > kMaxForwardJump || index == UINT32_MAX) return Error::kFull;
  out.next = link.receiving.clone();
  while (index - out.next.index() > kMaxSkippedKeys) out.next.advance();
  out.first = out.next.clone();
  while (out.next.index() < index) out.next.advance();
  out.key = out.next.take();
  return out;
}

void KeyChain::commit(ReceiveKey received, SkippedKeys& skipped) {
  Link& link = links_[received.link];
  if (received.was_kept) {
    const auto kept = skipped.find(*link.kept, received.index);
    if (kept) skipped.erase(*kept);
    return;
  }
  const std::uint32_t end = received.next.index() - 1;
  if (received.first.index() < end) {
    if (!link.kept) link.kept = skipped.open_chain();
    skipped.keep(*link.kept, std::move(received.first), end);
  }
  link.receiving = std::move(received.next);
}

void KeyChain::close_all_but(const KeyChain& next, SkippedKeys& skipped) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (!links_[i].kept) continue;
    const auto held = std::any_of(next.links_.begin(),
                                  next.links_.begin() + static_cast<std::ptrdiff_t>(next.count_),
                                  [&](const Link& link) { return link.kept == links_[i].kept; });
    if (!held) skipped.close_chain(*links_[i].kept);
  }
}

void KeyChain::write(Writer& out) const {
  out.u8(static_cast<std::uint8_t>(side_));
  out.bytes(root_key_.view());
  out.u64_be(send_epoch_);
  out.u8(static_cast<std::uint8_t>(count_));
  for (std::size_t i = 0; i < count_; ++i) {
    const Link& link = links_[i];
    out.u64_be(link.epoch);
    for (const StepKey* key : {&link.sending, &link.receiving}) {
      out.bytes(key->key());
      out.u32_be(key->index());
    }
    out.u8(link.kept ? 1 : 0);
    out.u16_be(link.kept.value_or(0));
  }
}

bool KeyChain::read(Reader& in, SkippedKeys& skipped) {
  const std::uint8_t side = in.u8();
  root_key_ = Secret<32>(in.take<32>());
  send_epoch_ = in.u64_be();
  count_ = in.u8();
  if (!in.ok() || side > 1 || count_ == 0 || count_ > kMaxLinks) return false;
  side_ = static_cast<Side>(side);
  bool sends = false;
  for (std::size_t i = 0; i < count_; ++i) {
    Link& link = links_[i];
    link.epoch = in.u64_be();
    for (StepKey* key : {&link.sending, &link.receiving}) {
      const auto bytes = in.take<32>();
      const std::uint32_t index = in.u32_be();
      if (index == 0) return false;
      *key = StepKey(bytes, index);
    }
    const std::uint8_t kept = in.u8();
    const ChainId name = in.u16_be();
    if (kept > 1 || (kept == 0 && name != 0)) return false;
    if (kept == 1 && !skipped.restore_chain(name)) return false;
    link.kept = kept == 1 ? std::optional(name) : std::nullopt;
    if (i > 0 && link.epoch != links_[i - 1].epoch + 1) return false;
    sends = sends || link.epoch == send_epoch_;
  }
  return in.ok() && sends;
}

}  // namespace core::e2e::spqr
