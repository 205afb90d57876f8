// How a SessionRecord is stored. Spec: docs/spec/end-to-end.md record.
#include "core/e2e/checksum.h"
#include "core/e2e/record.h"

namespace core::e2e {
namespace {

constexpr std::uint8_t kFormat = 3;

}  // namespace

void PendingHandshake::exchange(std::uint8_t version, Codec& codec) {
  bool has_pre_key_id = pre_key_id.has_value();
  std::uint32_t id = pre_key_id.value_or(0);
  codec.flag(has_pre_key_id);
  if (has_pre_key_id) codec.number(id);
  pre_key_id = has_pre_key_id ? std::optional(id) : std::nullopt;
  auto ms = static_cast<std::uint64_t>(created.ms);
  codec.number(our_registration_id);
  codec.number(signed_pre_key_id);
  codec.number(ms);
  created.ms = static_cast<std::int64_t>(ms);
  if (version != kPqxdhVersion) return;
  codec.number(kem_pre_key_id);
  codec.bytes(kem_ciphertext);
}

void SessionRecord::exchange(Codec& codec) {
  auto count = static_cast<std::uint8_t>(count_);
  codec.flag(has_current_);
  codec.flag(is_pending_);
  codec.at_most(std::uint8_t{kMaxSessions}, count);
  count_ = count;
  codec.require((has_current_ || !is_pending_) && archived_count() <= kMaxArchivedSessions);
  for (std::size_t i = 0; i < count && codec.ok(); ++i) session(i).exchange(codec, skipped_);
  codec.require(!has_current_ || !current().is_retired());
  if (is_pending_) pending_.exchange(current().version(), codec);
  skipped_.seeds.exchange(codec);
  skipped_.spqr_keys.exchange(codec);
}

Result<std::size_t> SessionRecord::serialize(MutBytes out) const {
  Writer writer(out);
  writer.u8(kFormat);
  Codec codec(writer);
  const_cast<SessionRecord*>(this)->exchange(codec);  // changes nothing when it writes
  return finish_with_checksum(writer, out);
}

Status SessionRecord::parse(Bytes in, SessionRecord& record) {
  record.clear();
  Reader reader(TRY(before_checksum(in)));
  if (reader.u8() != kFormat) return Error::kBadVersion;
  Codec codec(reader);
  record.exchange(codec);
  if (codec.ok() && reader.finished()) return {};
  record.clear();
  return Error::kMalformed;
}

}  // namespace core::e2e
