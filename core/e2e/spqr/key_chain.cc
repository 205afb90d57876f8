#include "core/e2e/spqr/key_chain.h"

#include "core/crypto/hkdf.h"

namespace core::e2e::spqr {

void step_key_chain(ChainKey& chain, MutBytes key) {
  CHECK(chain.index < UINT32_MAX);
  auto info = label("####Signal PQ Ratchet V1 Chain Next");  // the index goes before it
  for (unsigned i = 0; i < 4; ++i) info[i] = static_cast<std::uint8_t>(chain.index >> (24 - 8 * i));
  const auto out = crypto::hkdf_sha256<64>({}, chain.key, info);
  copy(out.view().first<32>(), chain.key);
  ++chain.index;
  if (!key.empty()) copy(out.view().last<32>(), key);
}

void KeyChain::start(Side side, View<32> auth_key) {
  side_ = side;
  // The label has two spaces. No root key yet: zeros, which are no salt.
  push(auth_key, label("Signal PQ Ratchet V1 Chain  Start"));
}

void KeyChain::add_epoch(View<32> secret) {
  CHECK(count_ > 0);
  push(secret, label("Signal PQ Ratchet V1 Chain Add Epoch"));
}

void KeyChain::push(View<32> secret, Bytes label) {
  const auto keys = crypto::hkdf_sha256<96>(root_key_, secret, label);
  if (count_ == kMaxLinks) drop(1);
  copy(keys.view().first<32>(), root_key_);
  Link& link = links_[count_++];
  copy(keys.view().subspan<32, 32>(),
       (side_ == Side::kInitiator ? link.sending : link.receiving).key);
  copy(keys.view().last<32>(), (side_ == Side::kInitiator ? link.receiving : link.sending).key);
  link.sending.index = link.receiving.index = 1;
}

void KeyChain::drop(std::uint32_t links) {
  std::copy(links_.begin() + links, links_.begin() + count_, links_.begin());
  std::fill(links_.begin() + count_ - links, links_.begin() + count_, Link());
  count_ = static_cast<std::uint8_t>(count_ - links);
  first_epoch_ += links;
}

Status KeyChain::send(std::uint32_t epoch, std::uint32_t& index, Secret<32>& key) {
  if (epoch < send_epoch_ || epoch - first_epoch_ >= count_) return Error::kOutOfOrder;
  if (epoch > send_epoch_) {
    send_epoch_ = epoch;
    if (epoch - first_epoch_ > 1) drop(epoch - first_epoch_ - 1);
    if (epoch > first_epoch_) links_[0].sending = {};
  }
  ChainKey& chain = links_[epoch - first_epoch_].sending;
  if (chain.index == UINT32_MAX) return Error::kFull;
  index = chain.index;
  step_key_chain(chain, key.mut());
  return {};
}

Status KeyChain::receive(std::uint32_t epoch, std::uint32_t index, const SkippedKeys& skipped,
                         Incoming& out) {
  if (index == 0) return Error::kMalformed;
  if (epoch - first_epoch_ >= count_) return Error::kReplay;
  out.link = epoch - first_epoch_;
  Link& link = links_[out.link];
  return skipped.read(link.receiving, link.keeps ? std::optional(link.kept) : std::nullopt, index,
                      step_key_chain, out.read);
}

void KeyChain::settle(Incoming& in, SkippedKeys& skipped) {
  Link& link = links_[in.link];
  if (in.read.has_missing() && !link.keeps) {
    link.keeps = true;
    link.kept = skipped.open_chain();
  }
  skipped.settle(in.read, link.kept, step_key_chain);
}

void KeyChain::close_before(std::uint32_t epoch, SkippedKeys& skipped) const {
  for (std::size_t i = 0; i < count_ && first_epoch_ + i < epoch; ++i) {
    if (links_[i].keeps) skipped.close_chain(links_[i].kept);
  }
}

void KeyChain::exchange(Codec& codec, SkippedKeys& skipped) {
  codec.at_most(Side::kResponder, side_);
  codec.bytes(root_key_);
  codec.number(send_epoch_);
  codec.number(first_epoch_);
  codec.at_most(std::uint8_t{kMaxLinks}, count_);
  codec.require(count_ > 0);
  for (std::size_t i = 0; i < count_ && codec.ok(); ++i) {
    Link& link = links_[i];
    link.sending.exchange(codec);
    link.receiving.exchange(codec);
    codec.flag(link.keeps);
    if (link.keeps) skipped.exchange_name(codec, link.kept);
  }
  codec.require(send_epoch_ - first_epoch_ < count_);
}

}  // namespace core::e2e::spqr
