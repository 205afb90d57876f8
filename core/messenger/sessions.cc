#include "core/messenger/sessions.h"

namespace core::messenger {

Result<e2e::SessionRecord*> Sessions::open(std::size_t contact) {
  if (contact == contact_) return &work_.record;
  TRY(save());
  contact_ = kNone;
  const auto size = store_.get(RecordKey(Kind::kSession, contact).bytes, work_.value);
  if (size) {
    const MutBytes value = MutBytes(work_.value).first(*size);
    const auto parsed = e2e::SessionRecord::parse(value, work_.record);
    wipe(value);
    if (!parsed && parsed.error() == Error::kBadVersion) return parsed.error();
  } else if (size.error() == Error::kNotFound) {
    work_.record.clear();
  } else {
    return Error::kStore;
  }
  contact_ = contact;
  return &work_.record;
}

Status Sessions::save() {
  if (!dirty_) return {};
  const auto size = work_.record.serialize(work_.value);
  CHECK(size.ok());
  const MutBytes value = MutBytes(work_.value).first(*size);
  const auto put = store_.put(RecordKey(Kind::kSession, contact_).bytes, value);
  wipe(value);
  if (put) dirty_ = false;
  return put;
}

Status Sessions::erase(std::size_t contact) {
  if (contact_ == contact) forget();
  return store_.erase(RecordKey(Kind::kSession, contact).bytes);
}

void Sessions::forget() {
  work_.record.clear();
  contact_ = kNone;
  dirty_ = false;
}

}  // namespace core::messenger
