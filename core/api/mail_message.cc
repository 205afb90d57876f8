#include "core/api/mail_message.h"

#include <algorithm>

#include "core/api/fields.h"

namespace core::api {

template <class Out>
static void write_fields(Out& out, const MailView& m) {
  put(out, 1, m.to.bytes());
  put(out, 2, m.from.bytes());
  put(out, 3, m.mail_id);
  put(out, 4, m.type);
  put(out, 5, m.ciphertext);
  put(out, 6, m.sequence);
  put(out, 7, m.stored_at_ms);
  put(out, 8, m.ttl_s);
  auto also_to = m.also_to;
  while (const auto name = also_to.next()) out.bytes(9, name->bytes());
  put(out, 10, m.left_out);
}

template <class Out>
static void write_fields(Out& out, const AckRequest& m) {
  put(out, 1, m.through);
  put(out, 2, m.window);
  if (m.checkpoint) put_message(out, 3, *m.checkpoint);
  put(out, 4, m.max_push);
}

template <class Out>
static void write_fields(Out& out, const AckResponse& m) {
  put(out, 1, m.waiting);
}

Result<MailView> MailView::parse(Bytes in) {
  DeviceName to, from;
  Bytes mail_id, ciphertext;
  std::uint32_t type = 0, ttl_s = 0, left_out = 0;
  std::uint64_t sequence = 0, stored_at_ms = 0;
  Repeated<DeviceName> also_to;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.name(to); break;
      case 2: fields.name(from); break;
      case 3: fields.bytes(mail_id); break;
      case 4: fields.u32(type); break;
      case 5: fields.bytes(ciphertext); break;
      case 6: fields.u64(sequence); break;
      case 7: fields.u64(stored_at_ms); break;
      case 8: fields.u32(ttl_s); break;
      case 9: fields.element(also_to, kMaxRecipientsPerMail - 1); break;
      case 10: fields.u32(left_out); break;
    }
  }
  if (!fields.ok() || mail_id.size() != kMailIdSize) return Error::kMalformed;
  // One of the two is there.
  if (ciphertext.empty() == (left_out == 0)) return Error::kMalformed;
  if (std::max<std::size_t>(ciphertext.size(), left_out) > kMaxCiphertextSize) {
    return Error::kMalformed;
  }
  return MailView{to,           from,       mail_id.first<kMailIdSize>(),
                  type,         ciphertext, sequence,
                  stored_at_ms, ttl_s,      also_to,
                  left_out};
}

Status AlsoToWriter::add(const DeviceName& name) {
  if (count_ == kMaxRecipientsPerMail - 1) return Error::kFull;
  if (out_.room() < bytes_field_size(9, name.bytes().size())) return Error::kFull;
  out_.bytes(9, name.bytes());
  ++count_;
  return {};
}

Repeated<DeviceName> AlsoToWriter::names() const {
  return Repeated<DeviceName>(out_.written(), 9, count_);
}

std::size_t MailView::field_size() const { return bytes_field_size(1, encoded_size(*this)); }

Result<MailsView> MailsView::parse(Bytes in) {
  MailsView m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.element(m.mail, kMaxMailsPerRequest); break;
      case 2: fields.u64(m.after.emplace()); break;
      case 3: fields.message(m.checkpoint); break;
    }
  }
  if (!fields.ok() || m.mail.count() == 0) return Error::kMalformed;
  std::size_t recipients = 0;
  auto mails = m.mail;
  while (const auto mail = mails.next()) recipients += mail->recipients();
  if (recipients > kMaxRecipientsPerRequest) return Error::kMalformed;
  return m;
}

Status MailsWriter::add(const MailView& mail) {
  if (count_ == kMaxMailsPerRequest) return Error::kFull;
  if (recipients_ + mail.recipients() > kMaxRecipientsPerRequest) return Error::kFull;
  TRY(append_message(out_, 1, mail));
  ++count_;
  recipients_ += mail.recipients();
  return {};
}

Status MailsWriter::after(std::uint64_t sequence) {
  if (out_.room() < 1 + varint_size(sequence)) return Error::kFull;
  out_.varint(2, sequence);
  return {};
}

Status MailsWriter::checkpoint(const Checkpoint& checkpoint) {
  return append_message(out_, 3, checkpoint);
}

// The codes stand one after the other in one field ("packed"); a field for
// each is read too, as every reader of proto3 must.
Result<SendResponse> SendResponse::parse(Bytes in) {
  SendResponse m;
  FieldReader fields(in);
  const auto add = [&m](std::uint64_t value) {
    if (m.count == m.code.size() || value > UINT32_MAX) return false;
    m.code[m.count++] = to_code(value);
    return true;
  };
  while (const auto number = fields.next()) {
    if (number != 1) continue;
    const ProtobufField& field = fields.raw();
    if (field.type == WireType::kVarint) {
      if (!add(field.value)) return Error::kMalformed;
    } else if (field.type == WireType::kBytes) {
      Bytes codes = field.bytes;
      std::uint64_t value = 0;
      while (!codes.empty()) {
        if (!take_varint(codes, value) || !add(value)) return Error::kMalformed;
      }
    } else {
      return Error::kMalformed;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  return m;
}

// Every code is below 128 and so takes one byte.
Result<std::size_t> SendResponse::encode(MutBytes out) const {
  ByteArray<kMaxRecipientsPerRequest> codes{};
  if (count > codes.size()) return Error::kFull;
  for (std::size_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint8_t>(code[i]);
  ProtobufWriter writer(out);
  if (count > 0) writer.bytes(1, Bytes(codes).first(count));
  const auto size = writer.finish();
  if (!size) wipe(out);
  return size;
}

Result<AckRequest> AckRequest::parse(Bytes in) {
  AckRequest m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u64(m.through); break;
      case 2: fields.u32(m.window); break;
      case 3: fields.message(m.checkpoint); break;
      case 4: fields.u32(m.max_push); break;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  return m;
}

Result<AckResponse> AckResponse::parse(Bytes in) {
  AckResponse m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    if (number == 1) fields.u64(m.waiting);
  }
  if (!fields.ok()) return Error::kMalformed;
  return m;
}

Result<std::size_t> MailView::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> AckRequest::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> AckResponse::encode(MutBytes out) const { return encode_fields(*this, out); }

}  // namespace core::api
