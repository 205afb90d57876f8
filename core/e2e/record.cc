#include "core/e2e/record.h"

namespace core::e2e {

SessionRecord::SessionRecord() {
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::uint8_t>(i);
}

Status SessionRecord::initiate(const Initiation& how, WallTime now, Rng& rng,
                               crypto::MlKemWork& work) {
  if (!equal_var(how.bundle.identity_key, how.theirs)) return Error::kUntrusted;
  TRY(prekey::verify(how.bundle));
  InitiatorRandom random;
  for (auto* const secret : {&random.base_key, &random.kem, &random.ratchet_key})
    TRY(rng.fill(secret->mut()));
  PendingHandshake pending;
  const auto made = session(count_).initiate(how.identity, how.bundle, how.spqr_minimum, random,
                                             skipped_.seeds, pending, work);
  if (!made) {
    session(count_).clear();
    return made;
  }
  pending.our_registration_id = how.our_registration_id;
  pending.created = now;
  push_current();
  pending_ = pending;
  is_pending_ = true;
  return {};
}

Result<Sealed> SessionRecord::encrypt(const Parties& parties, Bytes plaintext, WallTime now,
                                      Rng& rng, crypto::MlKemWork& work, MutBytes out) {
  if (!has_current_ || (is_pending_ && now.ms - pending_.created.ms > kMaxUnansweredMs)) {
    wipe(out);
    return has_current_ ? Error::kExpired : Error::kNotFound;
  }
  const auto* pending = is_pending_ ? &pending_ : nullptr;
  const auto size =
      session(count_).encrypt(session(0), parties, pending, plaintext, {rng, work, skipped_}, out);
  if (!size) {
    session(count_).clear();
    wipe(out);
    return size.error();
  }
  replace(0);
  return Sealed{pending ? MessageType::kPreKey : MessageType::kWhisper, *size};
}

Result<std::size_t> SessionRecord::decrypt(std::size_t position, const Parties& parties,
                                           const SignalMessage& message, const Means& means,
                                           MutBytes plaintext) {
  const auto size = session(count_).decrypt(session(position), parties, message, means, plaintext);
  if (!size) {
    session(count_).clear();
    wipe(plaintext);
  } else if (position == count_) {
    push_current();
  } else {
    replace(position);
    if (!session(position).is_retired()) make_current(position);
  }
  return size;
}

Result<std::size_t> SessionRecord::decrypt_whisper(const Parties& parties,
                                                   const SignalMessage& message, Rng& rng,
                                                   crypto::MlKemWork& work, MutBytes plaintext) {
  wipe(plaintext);
  Error error = Error::kNotFound;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto size = decrypt(i, parties, message, {rng, work, skipped_}, plaintext);
    if (size) return size;
    switch (size.error()) {
      case Error::kReplay:  // this session's message for sure: look no further
      case Error::kRng: return size.error();
      case Error::kBadVersion:
      case Error::kUntrusted: break;
      default:
        if (error == Error::kNotFound) error = size.error();
        break;
    }
  }
  return error;
}

std::size_t SessionRecord::find_base_key(const PreKeyMessage& message) const {
  std::size_t i = 0;
  while (i < count_ && (session(i).version() != message.version ||
                        !equal_var(session(i).base_key(), message.base_key.serialized())))
    ++i;
  return i;
}

bool SessionRecord::knows_base_key(const PreKeyMessage& message) const {
  return find_base_key(message) < count_;
}

Result<OpenedPreKey> SessionRecord::decrypt_prekey(const PreKeyInput& input, Rng& rng,
                                                   crypto::MlKemWork& work, MutBytes plaintext) {
  wipe(plaintext);
  const auto& message = input.message;
  if (!equal_var(message.identity_key.serialized(), input.parties.theirs)) return Error::kUntrusted;
  const std::size_t position = find_base_key(message);
  OpenedPreKey opened{.new_session = position == count_};
  if (opened.new_session) {
    if (input.keys == nullptr) return Error::kNotFound;
    TRY(session(position).accept(input.identity, *input.keys, message, input.spqr_minimum, work));
    opened.used_one_time = message.pre_key_id;
    if (message.version == kPqxdhVersion) opened.used_kem = message.kem_pre_key_id;
  }
  opened.size =
      TRY(decrypt(position, input.parties, message.message, {rng, work, skipped_}, plaintext));
  return opened;
}

void SessionRecord::archive_current() {
  has_current_ = false;
  is_pending_ = false;
  if (count_ <= kMaxArchivedSessions) return;
  session(--count_).close(skipped_);
}

void SessionRecord::retire_all() {
  archive_current();
  for (std::size_t i = 0; i < count_; ++i) session(i).retire();
}

void SessionRecord::push_current() {
  make_current(count_);
  if (count_ == kMaxSessions) {
    session(count_).close(skipped_);
  } else {
    ++count_;
  }
}

void SessionRecord::replace(std::size_t position) {
  std::swap(order_[position], order_[count_]);
  session(count_).clear();
}

void SessionRecord::make_current(std::size_t position) {
  for (; position > 0; --position) std::swap(order_[position], order_[position - 1]);
  has_current_ = true;
  is_pending_ = false;
}

void SessionRecord::clear() {
  for (std::size_t i = 0; i <= count_; ++i) session(i).clear();
  count_ = 0;
  has_current_ = false;
  is_pending_ = false;
  skipped_.clear();
}

}  // namespace core::e2e
