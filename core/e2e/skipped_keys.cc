#include "core/e2e/skipped_keys.h"

namespace core::e2e {

ChainId SkippedKeys::open_chain() {
  ChainId free = 0;
  while (open_[free]) {
    ++free;
    CHECK(free < kMaxChains);
  }
  open_[free] = true;
  return free;
}

void SkippedKeys::close_chain(ChainId chain) {
  open_[chain] = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (keys_[i].chain == chain) continue;
    keys_[kept++] = keys_[i];
  }
  remove(kept, count_ - kept);
}

Status SkippedKeys::read(ChainKey& chain, std::optional<ChainId> id, std::uint32_t index,
                         ChainStep step, ReadKey& out) const {
  if (index < chain.index) {
    out.kept = id ? find(*id, index) : std::nullopt;
    if (!out.kept) return Error::kReplay;
    copy(seed(*out.kept), out.key.mut());
    return {};
  }
  if (index - chain.index > kMaxForwardJump || index == UINT32_MAX) return Error::kFull;
  // Of very many, only the last fit into the pool.
  while (index - chain.index > kMaxSkippedKeys) step(chain, {});
  out.missing.copy_from(chain);
  out.end = index;
  while (chain.index < index) step(chain, {});
  step(chain, out.key.mut());
  return {};
}

void SkippedKeys::settle(ReadKey& read, ChainId id, ChainStep step) {
  if (read.kept) erase(*read.kept);
  if (read.has_missing()) keep(id, std::move(read.missing), read.end, step);
}

void SkippedKeys::keep(ChainId id, ChainKey&& chain, std::uint32_t end, ChainStep step) {
  const std::size_t added = end - chain.index;
  CHECK(added <= kMaxSkippedKeys);
  if (added > kMaxSkippedKeys - count_) remove(0, added - (kMaxSkippedKeys - count_));
  while (chain.index < end) {
    Entry& entry = keys_[count_++];
    entry.counter = chain.index;
    entry.chain = id;
    step(chain, entry.seed);
  }
}

std::optional<std::size_t> SkippedKeys::find(ChainId chain, std::uint32_t counter) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (keys_[i].counter == counter && keys_[i].chain == chain) return i;
  }
  return std::nullopt;
}

void SkippedKeys::erase(std::size_t position) {
  CHECK(position < count_);
  remove(position, 1);
}

void SkippedKeys::clear() {
  remove(0, count_);
  open_.fill(false);
}

void SkippedKeys::exchange_name(Codec& codec, ChainId& chain) {
  codec.number(chain);
  if (!codec.reads()) return;
  const bool is_free = chain < kMaxChains && !open_[chain];
  codec.require(is_free);
  if (is_free) open_[chain] = true;
}

void SkippedKeys::Entry::exchange(Codec& codec) {
  codec.number(chain);
  codec.number(counter);
  codec.bytes(seed);
}

void SkippedKeys::exchange(Codec& codec) {
  auto count = static_cast<std::uint16_t>(count_);
  codec.number(count);
  codec.require(count <= kMaxSkippedKeys);
  if (!codec.ok()) return;
  count_ = count;
  for (std::size_t i = 0; i < count; ++i) {
    keys_[i].exchange(codec);
    codec.require(keys_[i].chain < kMaxChains && open_[keys_[i].chain]);
    if (!codec.ok()) return;
  }
}

void SkippedKeys::remove(std::size_t position, std::size_t count) {
  std::copy(keys_.begin() + position + count, keys_.begin() + count_, keys_.begin() + position);
  for (; count > 0; --count) wipe_object(keys_[--count_]);
}

}  // namespace core::e2e
