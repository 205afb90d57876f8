#include "server/service/prekeys.h"

#include "core/api/request.h"
#include "core/prekey/bundle.h"

namespace server::service {

using core::Error;
using core::api::KemPreKeyView;
using core::api::PublishRequestView;
using core::api::SignedPreKeyView;
using store::RepeatedKey;
using store::RepeatedKind;

namespace {

Answer malformed() { return refuse(Code::kMalformed, "the upload of keys does not parse"); }
Answer bad_signature() {
  return refuse(Code::kBadSignature, "a prekey is not signed by the identity key");
}
Answer conflict() { return refuse(Code::kKeyConflict, "an id of a prekey was used before"); }

bool signed_by(core::View<33> identity_key, const SignedPreKeyView& key) {
  const core::prekey::SignedPreKey checked{key.id, key.public_key, key.signature};
  return core::prekey::verify(identity_key, checked).ok();
}
bool signed_by(core::View<33> identity_key, const KemPreKeyView& key) {
  const core::prekey::KemPreKey checked{key.id, key.public_key, key.signature};
  return core::prekey::verify(identity_key, checked).ok();
}

RepeatedKey repeated(std::uint32_t id, Bytes public_key, core::View<64> signature) {
  return {id, {public_key.begin(), public_key.end()}, core::to_array(signature)};
}

SignedPreKeyView signed_view(const RepeatedKey& key) {
  return {key.id, core::View<33>(key.public_key), key.signature};
}
KemPreKeyView kem_view(const RepeatedKey& key) {
  return {key.id, core::View<1569>(key.public_key), key.signature};
}

// The repeated-use key of a kind, or nothing.
Result<std::optional<RepeatedKey>> current(store::Store& store, store::AccountId id,
                                           RepeatedKind kind) {
  auto key = store.get_repeated(id, kind);
  if (key) return std::optional(*std::move(key));
  if (key.error() == Error::kNotFound) return std::optional<RepeatedKey>();
  return key.error();
}

// True if this very key is the one in use: then there is nothing to do.
bool unchanged(const std::optional<RepeatedKey>& now, std::uint32_t id, Bytes public_key) {
  return now && now->id == id && core::equal_var(now->public_key, public_key);
}

}  // namespace

std::optional<Answer> PreKeys::fault_of_upload(core::View<33> identity_key, Bytes body) {
  const auto upload = PublishRequestView::parse(body);
  if (!upload) return malformed();
  if (upload->signed_pre_key && !signed_by(identity_key, *upload->signed_pre_key)) {
    return bad_signature();
  }
  if (upload->last_resort && !signed_by(identity_key, *upload->last_resort)) {
    return bad_signature();
  }
  std::uint32_t last = 0;
  auto one_time = upload->one_time;
  while (const auto key = one_time.next()) {
    if (key->id <= last || key->public_key[0] != core::prekey::kCurveKeyType) return malformed();
    last = key->id;
  }
  last = 0;
  auto one_time_kem = upload->one_time_kem;
  while (const auto key = one_time_kem.next()) {
    if (key->id <= last) return malformed();
    last = key->id;
    if (!signed_by(identity_key, *key)) return bad_signature();
  }
  return {};
}

Result<std::optional<Answer>> PreKeys::conflict_of_upload(const store::Account& owner, Bytes body,
                                                          const store::PreKeyState& state) {
  const auto upload = *PublishRequestView::parse(body);
  if (upload.signed_pre_key && upload.signed_pre_key->id <= state.highest_signed) {
    const auto now = TRY(current(store_, owner.id, RepeatedKind::kSigned));
    if (!unchanged(now, upload.signed_pre_key->id, upload.signed_pre_key->public_key)) {
      return std::optional(conflict());
    }
  }
  if (upload.last_resort && upload.last_resort->id <= state.highest_last_resort) {
    const auto now = TRY(current(store_, owner.id, RepeatedKind::kLastResort));
    if (!unchanged(now, upload.last_resort->id, upload.last_resort->public_key)) {
      return std::optional(conflict());
    }
  }
  auto one_time = upload.one_time;
  const auto first = one_time.next();
  if (first && first->id <= state.highest_one_time) return std::optional(conflict());
  auto one_time_kem = upload.one_time_kem;
  const auto first_kem = one_time_kem.next();
  if (first_kem && first_kem->id <= state.highest_one_time_kem) return std::optional(conflict());
  if (state.one_time_count + upload.one_time.count() > limits_.max_one_time ||
      state.one_time_kem_count + upload.one_time_kem.count() > limits_.max_one_time_kem) {
    return std::optional(refuse(Code::kFull, "the stock of one-time keys is full"));
  }
  return std::optional<Answer>();
}

Result<Answer> PreKeys::publish(const store::Account& owner, Bytes body) {
  const auto parsed = PublishRequestView::parse(body);
  if (!parsed) return malformed();
  const auto& upload = *parsed;
  auto state = TRY(store_.pre_key_state(owner.id));
  if (upload.drop_stock) state.one_time_count = state.one_time_kem_count = 0;
  if (auto no = TRY(conflict_of_upload(owner, body, state))) return *std::move(no);
  if (upload.drop_stock) TRY(store_.drop_one_time(owner.id));
  if (const auto& key = upload.signed_pre_key; key && key->id > state.highest_signed) {
    TRY(store_.put_repeated(owner.id, RepeatedKind::kSigned,
                            repeated(key->id, key->public_key, key->signature)));
  }
  if (const auto& key = upload.last_resort; key && key->id > state.highest_last_resort) {
    TRY(store_.put_repeated(owner.id, RepeatedKind::kLastResort,
                            repeated(key->id, key->public_key, key->signature)));
  }
  std::vector<store::OneTimeKey> one_time;
  auto rest = upload.one_time;
  while (const auto key = rest.next()) {
    one_time.push_back({key->id, core::to_array(key->public_key)});
  }
  TRY(store_.add_one_time(owner.id, one_time));
  std::vector<store::OneTimeKemKey> one_time_kem;
  auto rest_kem = upload.one_time_kem;
  while (const auto key = rest_kem.next()) {
    one_time_kem.push_back({key->id,
                            {key->public_key.begin(), key->public_key.end()},
                            core::to_array(key->signature)});
  }
  TRY(store_.add_one_time_kem(owner.id, one_time_kem));
  const core::api::PublishResponse response{
      .one_time_count = state.one_time_count + static_cast<std::uint32_t>(one_time.size()),
      .one_time_kem_count =
          state.one_time_kem_count + static_cast<std::uint32_t>(one_time_kem.size())};
  return Answer{.body = encoded(response, 16)};
}

Result<Answer> PreKeys::status(const store::Account& owner, Bytes, core::WallTime wall) {
  const auto state = TRY(store_.pre_key_state(owner.id));
  const auto signed_key = TRY(current(store_, owner.id, RepeatedKind::kSigned));
  const auto last_resort = TRY(current(store_, owner.id, RepeatedKind::kLastResort));
  const auto load = TRY(store_.mail_load(owner.id, owner.id));
  core::api::StatusResponseView response;
  response.one_time_count = state.one_time_count;
  response.one_time_kem_count = state.one_time_kem_count;
  response.signed_pre_key_id = signed_key ? signed_key->id : 0;
  response.last_resort_id = last_resort ? last_resort->id : 0;
  core::ByteArray<32> digest;
  if (signed_key && last_resort) {
    digest = core::api::repeated_use_digest(owner.identity_key, signed_view(*signed_key),
                                            kem_view(*last_resort));
    response.repeated_use_digest = digest;
  }
  response.mailbox_count = load.count;
  response.server_time_ms = static_cast<std::uint64_t>(wall.ms);
  const auto checkpoint = store_.checkpoint(owner.id);
  if (checkpoint) {
    response.checkpoint = core::api::Checkpoint{checkpoint->generation, checkpoint->seal};
  } else if (checkpoint.error() != Error::kNotFound) {
    return checkpoint.error();
  }
  return Answer{.body = encoded(response, 256)};
}

Result<BundleAnswer> PreKeys::bundle(const store::Account& asker, Bytes body, core::Instant now) {
  const auto refused = [](Code code, std::string_view text) {
    return BundleAnswer{.answer = refuse(code, text)};
  };
  const auto request = core::api::BundleRequestView::parse(body);
  if (!request || request->device.empty()) {
    return refused(Code::kMalformed, "the request for a bundle does not parse");
  }
  const auto found = store_.find_account(request->device);
  if (!found && found.error() == Error::kNotFound) {
    return refused(Code::kUnknownDevice, "no such device is enrolled");
  }
  const auto target = TRY(found);
  if (target.state == store::AccountState::kRevoked) {
    return refused(Code::kRevoked, "the device is revoked");
  }
  const auto signed_key = TRY(current(store_, target.id, RepeatedKind::kSigned));
  const auto last_resort = TRY(current(store_, target.id, RepeatedKind::kLastResort));
  if (!signed_key || !last_resort) {
    return refused(Code::kNoKeys, "the device has not published its keys yet");
  }
  BundleAnswer out;
  std::optional<store::OneTimeKey> one_time;
  std::optional<store::OneTimeKemKey> kem;
  auto state = TRY(store_.pre_key_state(target.id));
  const bool in_stock = state.one_time_count > 0 || state.one_time_kem_count > 0;
  // A device that asks for itself gets no one-time key.
  const bool wanted = in_stock && asker.id != target.id;
  out.limited = wanted && !quota_.take(asker.id, target.id, now);
  if (wanted && !out.limited) {
    if (state.one_time_count > 0) {
      one_time = TRY(store_.take_one_time(target.id));
      --state.one_time_count;
    }
    if (state.one_time_kem_count > 0) {
      kem = TRY(store_.take_one_time_kem(target.id));
      --state.one_time_kem_count;
    }
  }
  if (state.one_time_count < limits_.low_one_time ||
      state.one_time_kem_count < limits_.low_one_time_kem) {
    out.low = LowStock{target.id, target.name, state.one_time_count, state.one_time_kem_count};
  }
  core::api::BundleResponseView response{
      .registration_id = target.registration_id,
      .device_id = 1,
      .identity_key = target.identity_key,
      .one_time = {},
      .signed_pre_key = signed_view(*signed_key),
      .kem = kem ? KemPreKeyView{kem->id, core::View<1569>(kem->public_key), kem->signature}
                 : kem_view(*last_resort)};
  if (one_time) response.one_time = core::api::PreKeyView{one_time->id, one_time->public_key};
  out.answer.body = encoded(response, 2048);
  return out;
}

}  // namespace server::service
