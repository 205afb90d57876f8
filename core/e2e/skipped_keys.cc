#include "core/e2e/skipped_keys.h"

namespace core::e2e {

ChainId SkippedKeys::open_chain() {
  const auto free = std::find(open_.begin(), open_.end(), false);
  CHECK(free != open_.end());
  *free = true;
  return static_cast<ChainId>(free - open_.begin());
}

void SkippedKeys::close_chain(ChainId chain) {
  open_[chain] = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (keys_[i].chain == chain) continue;
    if (kept != i) keys_[kept] = std::move(keys_[i]);
    ++kept;
  }
  shrink(kept);
}

std::optional<std::size_t> SkippedKeys::find(ChainId chain, std::uint32_t counter) const {
  const auto used = entries();
  const auto found = std::find_if(used.begin(), used.end(), [&](const Entry& entry) {
    return entry.counter == counter && entry.chain == chain;
  });
  if (found == used.end()) return std::nullopt;
  return static_cast<std::size_t>(found - used.begin());
}

void SkippedKeys::erase(std::size_t position) {
  CHECK(position < count_);
  std::move(keys_.begin() + position + 1, keys_.begin() + count_, keys_.begin() + position);
  shrink(count_ - 1);
}

void SkippedKeys::clear() {
  shrink(0);
  open_.fill(false);
}

bool SkippedKeys::restore_chain(ChainId chain) {
  if (chain >= kMaxChains || open_[chain]) return false;
  open_[chain] = true;
  return true;
}

bool SkippedKeys::restore(ChainId chain, std::uint32_t counter, View<32> seed) {
  if (count_ == kMaxSkippedKeys || chain >= kMaxChains || !open_[chain]) return false;
  copy(seed, keys_[count_].seed.mut());
  keys_[count_].counter = counter;
  keys_[count_].chain = chain;
  ++count_;
  return true;
}

void SkippedKeys::make_room(std::size_t added) {
  CHECK(added <= kMaxSkippedKeys);
  if (count_ + added <= kMaxSkippedKeys) return;
  const std::size_t dropped = count_ + added - kMaxSkippedKeys;
  std::move(keys_.begin() + dropped, keys_.begin() + count_, keys_.begin());
  shrink(count_ - dropped);
}

void SkippedKeys::shrink(std::size_t count) {
  for (std::size_t i = count; i < count_; ++i) keys_[i] = Entry{};
  count_ = count;
}

}  // namespace core::e2e
