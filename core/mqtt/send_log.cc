#include "core/mqtt/send_log.h"

namespace core::mqtt {
namespace {

constexpr std::uint8_t kDupFlag = 0x08;

}  // namespace

std::size_t SendLog::room() const {
  std::size_t used = end_ - sent_;
  for (std::size_t i = 0; i < count_; ++i) {
    const Kept& k = kept_[i];
    if (k.offset < sent_) used += std::min(k.size, sent_ - k.offset);
  }
  return buffer_.size() - used;
}

void SendLog::compact() {
  std::size_t to = 0, i = 0;
  for (; i < count_ && kept_[i].offset + kept_[i].size <= sent_; ++i) {
    Kept& k = kept_[i];
    copy(buffer_.subspan(k.offset, k.size), buffer_.subspan(to));
    k.offset = to;
    to += k.size;
  }
  // The rest stays in one piece; it may start within a kept message.
  const std::size_t rest = i < count_ ? std::min(kept_[i].offset, sent_) : sent_;
  const std::size_t shift = rest - to;
  copy(buffer_.subspan(rest, end_ - rest), buffer_.subspan(to));
  for (; i < count_; ++i) kept_[i].offset -= shift;
  sent_ -= shift;
  end_ -= shift;
}

void SendLog::commit_kept(std::size_t size, PacketId id) {
  CHECK(count_ < kMaxInFlight);
  kept_[count_++] = {.offset = end_, .size = size, .order = next_order_++, .id = id};
  end_ += size;
}

void SendLog::output_sent(std::size_t size) {
  CHECK(size <= end_ - sent_);
  sent_ += size;
  if (count_ == 0 && sent_ == end_) sent_ = end_ = 0;
}

std::size_t SendLog::held_count() const {
  return static_cast<std::size_t>(
      std::count_if(kept_.begin(), kept_.begin() + count_, [](const Kept& k) { return k.held; }));
}

bool SendLog::is_kept(PacketId id) const {
  return std::any_of(kept_.begin(), kept_.begin() + count_,
                     [id](const Kept& k) { return k.id == id; });
}

bool SendLog::drop(PacketId id) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (kept_[i].id != id || kept_[i].held) continue;
    remove(i);
    return true;
  }
  return false;
}

void SendLog::clear() {
  sent_ = end_ = 0;
  count_ = 0;
}

void SendLog::hold_all() {
  for (std::size_t i = 0; i < count_; ++i) {
    Kept& k = kept_[i];
    if (!k.held && k.offset < sent_) k.attempted = true;
    k.held = true;
  }
  sent_ = end_;
}

std::optional<SendLog::Held> SendLog::oldest_held() const {
  const std::size_t i = oldest_held_index();
  if (i == count_) return std::nullopt;
  return Held{kept_[i].id, buffer_.subspan(kept_[i].offset, kept_[i].size)};
}

void SendLog::drop_oldest_held() {
  const std::size_t i = oldest_held_index();
  CHECK(i < count_);
  remove(i);
}

void SendLog::release_oldest_held(Duplicate duplicate) {
  const std::size_t i = oldest_held_index();
  CHECK(i < count_);
  Kept k = kept_[i];
  // What stands after it moves forward by its size: no more room is needed.
  std::rotate(buffer_.begin() + k.offset, buffer_.begin() + k.offset + k.size,
              buffer_.begin() + end_);
  sent_ -= k.size;
  remove(i);
  for (std::size_t later = i; later < count_; ++later) kept_[later].offset -= k.size;
  k.offset = end_ - k.size;
  k.held = false;
  std::uint8_t& first = buffer_[k.offset];
  first = static_cast<std::uint8_t>(first & ~kDupFlag);
  if (duplicate == Duplicate::kMark && k.attempted) first |= kDupFlag;
  kept_[count_++] = k;
}

std::size_t SendLog::oldest_held_index() const {
  std::size_t oldest = count_;
  for (std::size_t i = 0; i < count_; ++i) {
    if (kept_[i].held && (oldest == count_ || kept_[i].order < kept_[oldest].order)) oldest = i;
  }
  return oldest;
}

void SendLog::remove(std::size_t index) {
  std::move(kept_.begin() + index + 1, kept_.begin() + count_, kept_.begin() + index);
  --count_;
}

}  // namespace core::mqtt
