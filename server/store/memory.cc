#include "server/store/memory.h"

#include <algorithm>
#include <iterator>

namespace server::store {

using core::Error;

namespace {

std::string text(const core::DeviceName& name) {
  return {name.bytes().begin(), name.bytes().end()};
}

}  // namespace

MemoryStore::Row* MemoryStore::row(AccountId id) {
  const auto found = state_.rows.find(id);
  return found == state_.rows.end() ? nullptr : &found->second;
}

Status MemoryStore::begin() {
  CHECK(!before_);
  before_ = state_;
  return {};
}

Status MemoryStore::commit() {
  CHECK(before_);
  before_.reset();
  return {};
}

void MemoryStore::rollback() {
  if (before_) state_ = *std::move(before_);
  before_.reset();
}

Result<Account> MemoryStore::find_account(const core::DeviceName& name) {
  const auto found = state_.names.find(text(name));
  if (found == state_.names.end()) return Error::kNotFound;
  return row(found->second)->account;
}

Result<AccountId> MemoryStore::add_account(const Account& account) {
  if (state_.names.contains(text(account.name)) || state_.keys.contains(account.identity_key)) {
    return Error::kReplay;
  }
  const auto id = static_cast<AccountId>(state_.rows.size() + 1);
  Row& added = state_.rows[id];
  added.account = account;
  added.account.id = id;
  added.account.state = AccountState::kActive;
  state_.names[text(account.name)] = id;
  state_.keys[account.identity_key] = id;
  return id;
}

Status MemoryStore::renew_account(const Account& account) {
  const auto found = state_.names.find(text(account.name));
  if (found == state_.names.end()) return Error::kNotFound;
  Row& renewed = *row(found->second);
  if (renewed.account.state != AccountState::kRevoked) return Error::kOutOfOrder;
  if (state_.keys.contains(account.identity_key)) return Error::kReplay;
  const auto id = renewed.account.id;
  renewed.account = account;
  renewed.account.id = id;
  renewed.account.state = AccountState::kActive;
  renewed.highest = {};
  renewed.checkpoint = {};
  state_.keys[account.identity_key] = id;
  return {};
}

Status MemoryStore::revoke_account(AccountId id) {
  Row* revoked = row(id);
  if (!revoked) return Error::kNotFound;
  revoked->account.state = AccountState::kRevoked;
  revoked->repeated.clear();
  revoked->one_time.clear();
  revoked->one_time_kem.clear();
  revoked->mails.clear();
  revoked->answers.clear();
  std::erase_if(state_.tunnel, [&](const auto& entry) { return entry.second.account == id; });
  return {};
}

Result<core::DeviceName> MemoryStore::key_owner(core::View<33> identity_key) {
  const auto found = state_.keys.find(core::to_array(identity_key));
  if (found == state_.keys.end()) return Error::kNotFound;
  return row(found->second)->account.name;
}

Result<std::vector<Account>> MemoryStore::list_accounts(const core::DeviceName& after,
                                                        std::size_t limit) {
  std::vector<Account> out;
  for (auto it = state_.names.upper_bound(text(after)); it != state_.names.end(); ++it) {
    if (out.size() == limit) break;
    out.push_back(row(it->second)->account);
  }
  return out;
}

Status MemoryStore::put_tunnel_peer(const TunnelPeer& peer) {
  if (!row(peer.account)) return Error::kNotFound;
  const auto found = state_.tunnel.find(peer.host);
  if (found != state_.tunnel.end() && found->second.account != peer.account) return Error::kReplay;
  std::erase_if(state_.tunnel,
                [&](const auto& entry) { return entry.second.account == peer.account; });
  state_.tunnel[peer.host] = peer;
  return {};
}

Result<TunnelPeer> MemoryStore::find_tunnel_peer(AccountId id) {
  for (const auto& [host, peer] : state_.tunnel) {
    if (peer.account == id) return peer;
  }
  return Error::kNotFound;
}

Result<std::vector<TunnelPeer>> MemoryStore::list_tunnel_peers() {
  std::vector<TunnelPeer> out;
  for (const auto& [host, peer] : state_.tunnel) out.push_back(peer);
  return out;
}

Status MemoryStore::add_invite(const Invite& invite) {
  if (!state_.invites.emplace(invite.id, invite).second) return Error::kReplay;
  return {};
}

Result<Invite> MemoryStore::find_invite(core::View<8> id) {
  const auto found = state_.invites.find(core::to_array(id));
  if (found == state_.invites.end()) return Error::kNotFound;
  return found->second;
}

Status MemoryStore::use_invite(core::View<8> id, core::WallTime used_at,
                               core::View<32> request_digest, core::Bytes response) {
  const auto found = state_.invites.find(core::to_array(id));
  if (found == state_.invites.end()) return Error::kNotFound;
  if (found->second.used_at) return Error::kReplay;
  found->second.used_at = used_at;
  found->second.request_digest = core::to_array(request_digest);
  found->second.response.assign(response.begin(), response.end());
  return {};
}

Result<PreKeyState> MemoryStore::pre_key_state(AccountId id) {
  const Row* of = row(id);
  if (!of) return Error::kNotFound;
  PreKeyState out = of->highest;
  out.one_time_count = static_cast<std::uint32_t>(of->one_time.size());
  out.one_time_kem_count = static_cast<std::uint32_t>(of->one_time_kem.size());
  return out;
}

Status MemoryStore::put_repeated(AccountId id, RepeatedKind kind, const RepeatedKey& key) {
  Row* of = row(id);
  if (!of) return Error::kNotFound;
  auto& highest =
      kind == RepeatedKind::kSigned ? of->highest.highest_signed : of->highest.highest_last_resort;
  if (key.id <= highest) return Error::kReplay;
  highest = key.id;
  of->repeated[kind] = key;
  return {};
}

Result<RepeatedKey> MemoryStore::get_repeated(AccountId id, RepeatedKind kind) {
  const Row* of = row(id);
  if (!of) return Error::kNotFound;
  const auto found = of->repeated.find(kind);
  if (found == of->repeated.end()) return Error::kNotFound;
  return found->second;
}

Status MemoryStore::add_one_time(AccountId id, std::span<const OneTimeKey> keys) {
  Row* of = row(id);
  if (!of) return Error::kNotFound;
  if (keys.empty()) return {};
  if (keys.front().id <= of->highest.highest_one_time) return Error::kReplay;
  of->highest.highest_one_time = keys.back().id;
  for (const auto& key : keys) of->one_time[key.id] = key;
  return {};
}

Status MemoryStore::add_one_time_kem(AccountId id, std::span<const OneTimeKemKey> keys) {
  Row* of = row(id);
  if (!of) return Error::kNotFound;
  if (keys.empty()) return {};
  if (keys.front().id <= of->highest.highest_one_time_kem) return Error::kReplay;
  of->highest.highest_one_time_kem = keys.back().id;
  for (const auto& key : keys) of->one_time_kem[key.id] = key;
  return {};
}

Result<OneTimeKey> MemoryStore::take_one_time(AccountId id) {
  Row* of = row(id);
  if (!of || of->one_time.empty()) return Error::kNotFound;
  return of->one_time.extract(of->one_time.begin()).mapped();
}

Result<OneTimeKemKey> MemoryStore::take_one_time_kem(AccountId id) {
  Row* of = row(id);
  if (!of || of->one_time_kem.empty()) return Error::kNotFound;
  return of->one_time_kem.extract(of->one_time_kem.begin()).mapped();
}

Status MemoryStore::drop_one_time(AccountId id) {
  Row* of = row(id);
  if (!of) return Error::kNotFound;
  of->one_time.clear();
  of->one_time_kem.clear();
  return {};
}

Status MemoryStore::note_checkpoint(AccountId id, const Checkpoint& checkpoint) {
  Row* of = row(id);
  if (!of) return Error::kNotFound;
  if (checkpoint.generation > of->checkpoint.generation) of->checkpoint = checkpoint;
  return {};
}

Result<Checkpoint> MemoryStore::checkpoint(AccountId id) {
  const Row* of = row(id);
  if (!of || of->checkpoint.generation == 0) return Error::kNotFound;
  return of->checkpoint;
}

Result<std::uint64_t> MemoryStore::append_mail(const NewMail& mail) {
  Row* to = row(mail.recipient);
  if (!to || !row(mail.sender)) return Error::kNotFound;
  if (!state_.mail_ids.emplace(MailKey{mail.sender, mail.recipient, mail.mail_id}, mail.stored_at)
           .second) {
    return Error::kReplay;
  }
  const auto sequence = ++to->last_sequence;
  to->mails[sequence] = {.sender = mail.sender,
                         .mail_id = mail.mail_id,
                         .type = mail.type,
                         .ciphertext = {mail.ciphertext.begin(), mail.ciphertext.end()},
                         .stored_at = mail.stored_at,
                         .expires_at = mail.expires_at};
  return sequence;
}

Result<bool> MemoryStore::mail_known(AccountId sender, AccountId recipient,
                                     core::View<16> mail_id) {
  return state_.mail_ids.contains({sender, recipient, core::to_array(mail_id)});
}

Result<MailLoad> MemoryStore::mail_load(AccountId recipient, AccountId sender) {
  const Row* to = row(recipient);
  if (!to) return Error::kNotFound;
  MailLoad out;
  for (const auto& [sequence, mail] : to->mails) {
    ++out.count;
    out.bytes += mail.ciphertext.size();
    if (mail.sender != sender) continue;
    ++out.sender_count;
    out.sender_bytes += mail.ciphertext.size();
  }
  return out;
}

Result<std::vector<StoredMail>> MemoryStore::read_mail(AccountId recipient, std::uint64_t after,
                                                       std::size_t count, std::size_t bytes,
                                                       core::WallTime now) {
  const Row* to = row(recipient);
  if (!to) return Error::kNotFound;
  std::vector<StoredMail> out;
  std::size_t size = 0;
  for (auto it = to->mails.upper_bound(after); it != to->mails.end(); ++it) {
    const Mail& mail = it->second;
    if (mail.expires_at <= now) continue;
    size += mail.ciphertext.size();
    if (out.size() == count || (!out.empty() && size > bytes)) break;
    out.push_back({.sequence = it->first,
                   .sender = row(mail.sender)->account.name,
                   .mail_id = mail.mail_id,
                   .type = mail.type,
                   .ciphertext = mail.ciphertext,
                   .stored_at = mail.stored_at});
  }
  return out;
}

Result<std::uint64_t> MemoryStore::acknowledge(AccountId recipient, std::uint64_t through) {
  Row* to = row(recipient);
  if (!to) return Error::kNotFound;
  to->mails.erase(to->mails.begin(), to->mails.upper_bound(through));
  to->last_sequence = std::max(to->last_sequence, through);
  return to->mails.size();
}

Status MemoryStore::add_answer(AccountId id, core::View<16> request_id, core::View<32> digest,
                               core::Bytes response, core::WallTime now) {
  Row* of = row(id);
  if (!of) return Error::kNotFound;
  Answer answer{
      {core::to_array(digest), {response.begin(), response.end()}}, now, ++state_.answers_ever};
  if (!of->answers.emplace(core::to_array(request_id), std::move(answer)).second) {
    return Error::kReplay;
  }
  return {};
}

Result<StoredAnswer> MemoryStore::find_answer(AccountId id, core::View<16> request_id) {
  const Row* of = row(id);
  if (!of) return Error::kNotFound;
  const auto found = of->answers.find(core::to_array(request_id));
  if (found == of->answers.end()) return Error::kNotFound;
  return found->second.stored;
}

namespace {

// Erases up to `limit` elements for which `gone` holds.
template <class Map, class Predicate>
std::size_t erase_some(Map& map, std::size_t limit, Predicate gone) {
  std::size_t erased = 0;
  for (auto it = map.begin(); it != map.end() && erased < limit;) {
    const bool erase = gone(it->second);
    it = erase ? map.erase(it) : std::next(it);
    if (erase) ++erased;
  }
  return erased;
}

}  // namespace

Result<std::size_t> MemoryStore::expire_mail(core::WallTime now, std::size_t limit) {
  std::size_t erased = 0;
  for (auto& [id, of] : state_.rows) {
    erased += erase_some(of.mails, limit - erased,
                         [&](const Mail& mail) { return mail.expires_at <= now; });
  }
  return erased;
}

Result<std::size_t> MemoryStore::forget_mail_ids(core::WallTime stored_before, std::size_t limit) {
  return erase_some(state_.mail_ids, limit, [&](core::WallTime at) { return at < stored_before; });
}

Result<std::size_t> MemoryStore::forget_answers(core::WallTime stored_before, std::size_t limit) {
  std::size_t erased = 0;
  for (auto& [id, of] : state_.rows) {
    erased += erase_some(of.answers, limit - erased,
                         [&](const Answer& answer) { return answer.stored_at < stored_before; });
  }
  return erased;
}

Result<std::size_t> MemoryStore::trim_answers(std::size_t keep, std::size_t limit) {
  std::size_t erased = 0;
  for (auto& [id, of] : state_.rows) {
    for (; of.answers.size() > keep && erased < limit; ++erased) {
      of.answers.erase(std::min_element(
          of.answers.begin(), of.answers.end(),
          [](const auto& a, const auto& b) { return a.second.number < b.second.number; }));
    }
  }
  return erased;
}

Result<std::size_t> MemoryStore::forget_invites(core::WallTime expired_before, std::size_t limit) {
  return erase_some(state_.invites, limit,
                    [&](const Invite& invite) { return invite.expires_at < expired_before; });
}

Result<Totals> MemoryStore::totals() {
  Totals out;
  for (const auto& [id, of] : state_.rows) {
    ++(of.account.state == AccountState::kActive ? out.devices : out.revoked);
    out.mails += of.mails.size();
    for (const auto& [sequence, mail] : of.mails) out.mail_bytes += mail.ciphertext.size();
    out.one_time_keys += of.one_time.size();
    out.one_time_kem_keys += of.one_time_kem.size();
    out.answers += of.answers.size();
  }
  for (const auto& [id, invite] : state_.invites) out.invites += invite.used_at ? 0 : 1;
  return out;
}

}  // namespace server::store
