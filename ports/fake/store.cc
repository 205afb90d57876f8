#include "ports/fake/store.h"

namespace ports::fake {
namespace {

using core::Bytes;
using core::Error;

FakeStore::Blob blob(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

bool FakeStore::fails() {
  ++calls_;
  return off_ || (fail_in_ != 0 && --fail_in_ == 0);
}

bool FakeStore::cut_now(bool commit) {
  ++writes_;
  if (cut_ == Cut::kAfter && !commit) return false;
  if (cut_in_ == 0 || --cut_in_ != 0) return false;
  off_ = true;
  return true;
}

void FakeStore::cut_power_at(std::uint64_t n, Cut cut) {
  cut_in_ = n;
  cut_ = cut;
}

void FakeStore::power_on() {
  off_ = false;
  cut_in_ = 0;
  open_ = false;
  pending_.clear();
}

core::Status FakeStore::begin() {
  if (fails()) return Error::kStore;
  CHECK(!open_);
  open_ = true;
  return {};
}

core::Result<std::size_t> FakeStore::get(Bytes key, core::MutBytes value) {
  if (fails()) return Error::kStore;
  CHECK(!key.empty() && key.size() <= kMaxKeySize);
  const Blob* found = nullptr;
  if (const auto at = pending_.find(blob(key)); at != pending_.end()) {
    if (!at->second) return Error::kNotFound;
    found = &*at->second;
  } else if (const auto committed = contents_.find(blob(key)); committed != contents_.end()) {
    found = &committed->second;
  }
  if (found == nullptr) return Error::kNotFound;
  if (found->size() > value.size()) return Error::kFull;
  core::copy(*found, value);
  return found->size();
}

core::Status FakeStore::put(Bytes key, Bytes value) {
  if (fails() || cut_now(false)) return Error::kStore;
  CHECK(open_ && !key.empty() && key.size() <= kMaxKeySize);
  CHECK(value.size() <= core::messenger::kMaxValueSize);
  if (room_ == Room::kNone) return Error::kFull;
  pending_[blob(key)] = blob(value);
  return {};
}

core::Status FakeStore::erase(Bytes key) {
  if (fails() || cut_now(false)) return Error::kStore;
  CHECK(open_ && !key.empty() && key.size() <= kMaxKeySize);
  pending_[blob(key)] = std::nullopt;
  return {};
}

core::Status FakeStore::commit() {
  CHECK(open_ || off_);
  open_ = false;
  const bool failed = fails();
  const bool cut = cut_now(true);
  if (failed || (cut && cut_ == Cut::kBefore)) {
    pending_.clear();
    return Error::kStore;
  }
  for (auto& [key, value] : pending_) {
    if (value) {
      contents_[key] = std::move(*value);
    } else {
      contents_.erase(key);
    }
  }
  pending_.clear();
  ++commits_;
  if (copies_ != nullptr) copies_->push_back(contents_);
  if (cut) return Error::kStore;
  return {};
}

void FakeStore::rollback() {
  open_ = false;
  pending_.clear();
}

std::size_t FakeStore::size() const {
  std::size_t total = 0;
  for (const auto& [key, value] : contents_) total += key.size() + value.size();
  return total;
}

}  // namespace ports::fake
