#include "core/e2e/record.h"

namespace core::e2e {

Status SessionRecord::initiate(const Initiation& how, WallTime now, Rng& rng,
                               crypto::MlKemWork& work) {
  if (!equal_var(how.bundle.identity_key, how.theirs)) return Error::kUntrusted;
  TRY(prekey::verify(how.bundle));
  InitiatorRandom random;
  TRY(rng.fill(random.base_key.mut()));
  TRY(rng.fill(random.kem.mut()));
  TRY(rng.fill(random.ratchet_key.mut()));
  PendingHandshake pending;
  auto session = TRY(Session::initiate(how.identity, how.bundle, random, skipped_, pending, work));
  pending.our_registration_id = how.our_registration_id;
  pending.created = now;
  push_current(std::move(session));
  pending_ = pending;
  is_pending_ = true;
  return {};
}

Result<Sealed> SessionRecord::encrypt(const Parties& parties, Bytes plaintext, WallTime now,
                                      MutBytes out) {
  if (!has_current_ || (is_pending_ && now.ms - pending_.created.ms > kMaxUnansweredMs)) {
    wipe(out);
    return has_current_ ? Error::kExpired : Error::kNotFound;
  }
  const auto* pending = is_pending_ ? &pending_ : nullptr;
  const auto size = TRY(sessions_[0].encrypt(parties, pending, plaintext, out));
  return Sealed{pending ? MessageType::kPreKey : MessageType::kWhisper, size};
}

Result<std::size_t> SessionRecord::decrypt_whisper(const Parties& parties,
                                                   const SignalMessage& message, Rng& rng,
                                                   MutBytes plaintext) {
  wipe(plaintext);
  Error error = Error::kNotFound;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto size = sessions_[i].decrypt(parties, message, rng, skipped_, plaintext);
    if (size) {
      promote(i);
      return size;
    }
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

std::optional<std::size_t> SessionRecord::find_base_key(const PreKeyMessage& message) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (sessions_[i].version() == message.version &&
        equal_var(sessions_[i].base_key(), message.base_key.serialized()))
      return i;
  return std::nullopt;
}

bool SessionRecord::knows_base_key(const PreKeyMessage& message) const {
  return find_base_key(message).has_value();
}

Result<OpenedPreKey> SessionRecord::decrypt_prekey(const PreKeyInput& input, Rng& rng,
                                                   crypto::MlKemWork& work, MutBytes plaintext) {
  wipe(plaintext);
  const auto& message = input.message;
  if (!equal_var(message.identity_key.serialized(), input.parties.theirs)) return Error::kUntrusted;
  if (const auto known = find_base_key(message)) {
    const auto size =
        TRY(sessions_[*known].decrypt(input.parties, message.message, rng, skipped_, plaintext));
    promote(*known);
    return OpenedPreKey{.size = size};
  }
  if (input.keys == nullptr) return Error::kNotFound;
  auto session = TRY(Session::accept(input.identity, *input.keys, message, work));
  const auto size = TRY(session.decrypt(input.parties, message.message, rng, skipped_, plaintext));
  push_current(std::move(session));
  OpenedPreKey opened{.size = size, .new_session = true, .used_one_time = message.pre_key_id};
  if (message.version == kPqxdhVersion) opened.used_kem = message.kem_pre_key_id;
  return opened;
}

void SessionRecord::archive_current() {
  has_current_ = false;
  is_pending_ = false;
  if (count_ <= kMaxArchivedSessions) return;
  sessions_[--count_].close(skipped_);
  sessions_[count_] = Session();
}

void SessionRecord::push_current(Session session) {
  if (count_ == kMaxSessions) sessions_[--count_].close(skipped_);
  std::move_backward(sessions_.begin(), sessions_.begin() + count_, sessions_.begin() + count_ + 1);
  sessions_[0] = std::move(session);
  ++count_;
  has_current_ = true;
  is_pending_ = false;
}

void SessionRecord::promote(std::size_t position) {
  if (position > 0) {
    Session session = std::move(sessions_[position]);
    std::move_backward(sessions_.begin(), sessions_.begin() + position,
                       sessions_.begin() + position + 1);
    sessions_[0] = std::move(session);
  }
  has_current_ = true;
  is_pending_ = false;
}

void SessionRecord::clear() {
  for (std::size_t i = 0; i < count_; ++i) sessions_[i] = Session();
  count_ = 0;
  has_current_ = false;
  is_pending_ = false;
  skipped_.clear();
}

}  // namespace core::e2e
