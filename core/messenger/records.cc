#include "core/messenger/records.h"

namespace core::messenger {
namespace {

void write_name(Writer& out, const DeviceName& name) {
  out.u8(static_cast<std::uint8_t>(name.bytes().size()));
  out.bytes(name.bytes());
}

// Empty, or a valid name. Errors: kMalformed.
Result<DeviceName> read_name(Reader& in) {
  const auto text = in.take(std::size_t{in.u8()});
  if (!in.ok()) return Error::kMalformed;
  if (text.empty()) return DeviceName();
  return DeviceName::parse(text);
}

void write_time(Writer& out, WallTime at) { out.u64_be(static_cast<std::uint64_t>(at.ms)); }
WallTime read_time(Reader& in) { return {static_cast<std::int64_t>(in.u64_be())}; }

template <class E>
Result<E> read_enum(Reader& in, E last) {
  const auto value = in.u8();
  if (!in.ok() || value > static_cast<std::uint8_t>(last)) return Error::kMalformed;
  return static_cast<E>(value);
}

}  // namespace

void DeviceRecord::write(Writer& out) const {
  write_name(out, name);
  out.bytes(identity_key.view());
  out.u32_be(registration_id);
}

Result<DeviceRecord> DeviceRecord::read(Reader& in) {
  DeviceRecord r;
  r.name = TRY(read_name(in));
  r.identity_key = Secret<32>(in.take<32>());
  r.registration_id = in.u32_be();
  return r;
}

void StateRecord::write(Writer& out) const {
  out.u64_be(through);
  out.u64_be(last_out);
  out.u64_be(last_in);
  out.u8(revoked ? 1 : 0);
}

Result<StateRecord> StateRecord::read(Reader& in) {
  StateRecord r;
  r.through = in.u64_be();
  r.last_out = in.u64_be();
  r.last_in = in.u64_be();
  r.revoked = in.u8() != 0;
  return r;
}

void KeyStateRecord::write(Writer& out) const {
  for (const auto id : {last_one_time, one_time_published, last_kem, kem_published, signed_id,
                        signed_published, resort_id, resort_published}) {
    out.u32_be(id);
  }
  out.u8(signed_slot);
  out.u8(resort_slot);
  out.u8(static_cast<std::uint8_t>((pending ? 1 : 0) | (drop_stock ? 2 : 0)));
  out.bytes(request_id);
  for (const auto id : {pending_one_time, pending_kem, pending_signed, pending_resort}) {
    out.u32_be(id);
  }
}

Result<KeyStateRecord> KeyStateRecord::read(Reader& in) {
  KeyStateRecord r;
  for (auto* id : {&r.last_one_time, &r.one_time_published, &r.last_kem, &r.kem_published,
                   &r.signed_id, &r.signed_published, &r.resort_id, &r.resort_published}) {
    *id = in.u32_be();
  }
  r.signed_slot = in.u8();
  r.resort_slot = in.u8();
  const auto flags = in.u8();
  r.pending = (flags & 1) != 0;
  r.drop_stock = (flags & 2) != 0;
  r.request_id = to_array(in.take<16>());
  for (auto* id : {&r.pending_one_time, &r.pending_kem, &r.pending_signed, &r.pending_resort}) {
    *id = in.u32_be();
  }
  if (r.signed_slot >= kSignedKept || r.resort_slot >= kLastResortKept) return Error::kMalformed;
  return r;
}

void ContactRecord::write(Writer& out) const {
  write_name(out, contact.name);
  out.u8(static_cast<std::uint8_t>(contact.state));
  out.u8(contact.has_key ? 1 : 0);
  out.bytes(contact.identity_key);
  out.bytes(contact.new_identity_key);
}

Result<ContactRecord> ContactRecord::read(Reader& in) {
  ContactRecord r;
  r.contact.name = TRY(read_name(in));
  r.contact.state = TRY(read_enum(in, ContactState::kKeyChanged));
  r.contact.has_key = in.u8() != 0;
  r.contact.identity_key = to_array(in.take<33>());
  r.contact.new_identity_key = to_array(in.take<33>());
  if (r.contact.name.empty()) return Error::kMalformed;
  return r;
}

void OutboxRecord::write(Writer& out) const {
  out.u64_be(id);
  out.u8(static_cast<std::uint8_t>(kind));
  out.u16_be(contact);
  out.u16_be(group);
  out.u64_be(pending);
  out.u8(static_cast<std::uint8_t>(state));
  out.u8(static_cast<std::uint8_t>(reason));
  out.u32_be(size);
  write_time(out, made);
  out.bytes(mail_id);
}

Result<OutboxRecord> OutboxRecord::read(Reader& in) {
  OutboxRecord r;
  r.id = in.u64_be();
  r.kind = TRY(read_enum(in, OutboxKind::kGroup));
  r.contact = in.u16_be();
  r.group = in.u16_be();
  r.pending = in.u64_be();
  r.state = TRY(read_enum(in, OutboxState::kFailed));
  r.reason = TRY(read_enum(in, api::Code::kInternal));
  r.size = in.u32_be();
  r.made = read_time(in);
  r.mail_id = to_array(in.take<api::kMailIdSize>());
  const bool to_group = r.kind == OutboxKind::kGroup;
  if (r.id == 0 || (to_group ? r.group >= kMaxGroups : r.contact >= kMaxContacts)) {
    return Error::kMalformed;
  }
  return r;
}

void InboxRecord::write(Writer& out) const {
  out.u64_be(id);
  out.u8(static_cast<std::uint8_t>(kind));
  write_name(out, from);
  out.u64_be(sequence);
  write_time(out, stored_at);
  write_time(out, received_at);
  out.bytes(group);
}

Result<InboxRecord> InboxRecord::read(Reader& in) {
  InboxRecord r;
  r.id = in.u64_be();
  r.kind = TRY(read_enum(in, InboxKind::kPutBack));
  r.from = TRY(read_name(in));
  r.sequence = in.u64_be();
  r.stored_at = read_time(in);
  r.received_at = read_time(in);
  r.group = to_array(in.take<kGroupIdSize>());
  if (r.id == 0) return Error::kMalformed;
  return r;
}

void OneTimeRecord::write(Writer& out) const {
  out.u32_be(id);
  out.bytes(key.view());
}

Result<OneTimeRecord> OneTimeRecord::read(Reader& in) {
  OneTimeRecord r;
  r.id = in.u32_be();
  r.key = Secret<32>(in.take<32>());
  return r;
}

void SignedRecord::write(Writer& out) const {
  out.u32_be(id);
  out.bytes(key.view());
  out.bytes(signature);
  write_time(out, made);
  write_time(out, replaced);
}

Result<SignedRecord> SignedRecord::read(Reader& in) {
  SignedRecord r;
  r.id = in.u32_be();
  r.key = Secret<32>(in.take<32>());
  r.signature = to_array(in.take<64>());
  r.made = read_time(in);
  r.replaced = read_time(in);
  return r;
}

void KemRecord::write(Writer& out) const {
  out.u32_be(id);
  out.bytes(seed.view());
  out.bytes(signature);
  write_time(out, made);
  write_time(out, replaced);
}

Result<KemRecord> KemRecord::read(Reader& in) {
  KemRecord r;
  r.id = in.u32_be();
  r.seed = Secret<64>(in.take<64>());
  r.signature = to_array(in.take<64>());
  r.made = read_time(in);
  r.replaced = read_time(in);
  return r;
}

}  // namespace core::messenger
