// How a SessionRecord is stored. Spec: docs/spec/end-to-end.md record.
#include "core/e2e/checksum.h"
#include "core/e2e/record.h"

namespace core::e2e {
namespace {

constexpr std::uint8_t kFormat = 2;
constexpr std::uint8_t kHasCurrent = 1, kIsPending = 2;

void write_pending(const PendingHandshake& pending, std::uint8_t version, Writer& out) {
  out.u8(pending.pre_key_id ? 1 : 0);
  out.u32_be(pending.pre_key_id.value_or(0));
  out.u32_be(pending.our_registration_id);
  out.u32_be(pending.signed_pre_key_id);
  out.u64_be(static_cast<std::uint64_t>(pending.created.ms));
  if (version != kPqxdhVersion) return;
  out.u32_be(pending.kem_pre_key_id);
  out.bytes(pending.kem_ciphertext);
}

Status read_pending(Reader& in, std::uint8_t version, PendingHandshake& pending) {
  const auto has_pre_key_id = in.u8();
  const auto pre_key_id = in.u32_be();
  if (has_pre_key_id > 1 || (has_pre_key_id == 0 && pre_key_id != 0)) return Error::kMalformed;
  pending.pre_key_id.reset();
  if (has_pre_key_id == 1) pending.pre_key_id = pre_key_id;
  pending.our_registration_id = in.u32_be();
  pending.signed_pre_key_id = in.u32_be();
  pending.created.ms = static_cast<std::int64_t>(in.u64_be());
  if (version == kPqxdhVersion) {
    pending.kem_pre_key_id = in.u32_be();
    const auto ciphertext = in.take(pending.kem_ciphertext.size());
    copy(ciphertext, pending.kem_ciphertext);
  }
  if (!in.ok()) return Error::kMalformed;
  return {};
}

void write_skipped(const SkippedKeys& skipped, Writer& out) {
  out.u16_be(static_cast<std::uint16_t>(skipped.count()));
  for (const auto& entry : skipped.entries()) {
    out.u16_be(entry.chain);
    out.u32_be(entry.counter);
    out.bytes(entry.seed.view());
  }
}

Status read_skipped(Reader& in, SkippedKeys& skipped) {
  const std::size_t count = in.u16_be();
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const auto chain = in.u16_be();
    const auto counter = in.u32_be();
    if (!skipped.restore(chain, counter, in.take<32>())) return Error::kMalformed;
  }
  if (!in.ok()) return Error::kMalformed;
  return {};
}

}  // namespace

void SessionRecord::write_body(Writer& out) const {
  out.u8(kFormat);
  out.u8(
      static_cast<std::uint8_t>((has_current_ ? kHasCurrent : 0) | (is_pending_ ? kIsPending : 0)));
  out.u8(static_cast<std::uint8_t>(count_));
  for (std::size_t i = 0; i < count_; ++i) session(i).write(out);
  if (is_pending_) write_pending(pending_, session(0).version(), out);
  write_skipped(skipped_.seeds, out);
  write_skipped(skipped_.spqr_keys, out);
}

Status SessionRecord::read_body(Reader& in) {
  const auto format = in.u8();
  const auto flags = in.u8();
  const std::size_t count = in.u8();
  if (format != kFormat) return Error::kBadVersion;
  if (!in.ok() || flags > (kHasCurrent | kIsPending) || flags == kIsPending) {
    return Error::kMalformed;
  }
  const bool has_current = (flags & kHasCurrent) != 0;
  if (count > kMaxArchivedSessions + (has_current ? 1 : 0)) return Error::kMalformed;
  if (has_current && count == 0) return Error::kMalformed;
  for (; count_ < count; ++count_) TRY(session(count_).read(in, skipped_));
  if (has_current && session(0).is_retired()) return Error::kMalformed;
  has_current_ = has_current;
  if ((flags & kIsPending) != 0) TRY(read_pending(in, session(0).version(), pending_));
  is_pending_ = (flags & kIsPending) != 0;
  TRY(read_skipped(in, skipped_.seeds));
  TRY(read_skipped(in, skipped_.spqr_keys));
  if (!in.finished()) return Error::kMalformed;
  return {};
}

Result<std::size_t> SessionRecord::serialize(MutBytes out) const {
  Writer writer(out);
  write_body(writer);
  return finish_with_checksum(writer, out);
}

Status SessionRecord::parse(Bytes in, SessionRecord& record) {
  record.clear();
  Reader reader(TRY(before_checksum(in)));
  const auto read = record.read_body(reader);
  if (!read) record.clear();
  return read;
}

}  // namespace core::e2e
