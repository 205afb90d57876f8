#include "core/api/keys_message.h"

#include "core/api/fields.h"

namespace core::api {

template <class Out>
static void write_fields(Out& out, const PreKeyView& m) {
  put(out, 1, m.id);
  put(out, 2, m.public_key);
}

template <class Out>
static void write_fields(Out& out, const SignedPreKeyView& m) {
  put(out, 1, m.id);
  put(out, 2, m.public_key);
  put(out, 3, m.signature);
}

template <class Out>
static void write_fields(Out& out, const KemPreKeyView& m) {
  put(out, 1, m.id);
  put(out, 2, m.public_key);
  put(out, 3, m.signature);
}

template <class Out>
static void write_fields(Out& out, const PublishResponse& m) {
  put(out, 1, m.one_time_count);
  put(out, 2, m.one_time_kem_count);
}

template <class Out>
static void write_fields(Out& out, const StatusResponseView& m) {
  put(out, 1, m.one_time_count);
  put(out, 2, m.one_time_kem_count);
  put(out, 3, m.signed_pre_key_id);
  put(out, 4, m.last_resort_id);
  put(out, 5, m.repeated_use_digest);
  put(out, 6, m.mailbox_count);
  put(out, 7, m.server_time_ms);
  if (m.checkpoint) put_message(out, 8, *m.checkpoint);
}

template <class Out>
static void write_fields(Out& out, const BundleRequestView& m) {
  put(out, 1, m.device.bytes());
}

template <class Out>
static void write_fields(Out& out, const BundleResponseView& m) {
  put(out, 1, m.registration_id);
  put(out, 2, m.device_id);
  put(out, 3, m.identity_key);
  if (m.one_time) put_message(out, 4, *m.one_time);
  put_message(out, 5, m.signed_pre_key);
  put_message(out, 6, m.kem);
}

Result<PreKeyView> PreKeyView::parse(Bytes in) {
  std::uint32_t id = 0;
  Bytes public_key;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(id); break;
      case 2: fields.bytes(public_key); break;
    }
  }
  if (!fields.ok() || !is_key_id(id) || public_key.size() != 33) return Error::kMalformed;
  return PreKeyView{id, public_key.first<33>()};
}

// A SignedPreKey or a KemPreKey: they differ in the size of the key.
template <class T, std::size_t kKeySize>
static Result<T> parse_signed_key(Bytes in) {
  std::uint32_t id = 0;
  Bytes public_key, signature;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(id); break;
      case 2: fields.bytes(public_key); break;
      case 3: fields.bytes(signature); break;
    }
  }
  if (!fields.ok() || !is_key_id(id)) return Error::kMalformed;
  if (public_key.size() != kKeySize || signature.size() != 64) return Error::kMalformed;
  return T{id, public_key.first<kKeySize>(), signature.first<64>()};
}

Result<SignedPreKeyView> SignedPreKeyView::parse(Bytes in) {
  return parse_signed_key<SignedPreKeyView, 33>(in);
}

Result<KemPreKeyView> KemPreKeyView::parse(Bytes in) {
  return parse_signed_key<KemPreKeyView, 1569>(in);
}

Result<Checkpoint> Checkpoint::parse(Bytes in) {
  std::uint64_t generation = 0;
  Bytes seal;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u64(generation); break;
      case 2: fields.bytes(seal); break;
    }
  }
  if (!fields.ok() || seal.size() != kSealSize) return Error::kMalformed;
  if (generation == 0 || generation > kMaxGeneration) return Error::kMalformed;
  return Checkpoint{generation, to_array(seal.first<kSealSize>())};
}

Result<PublishRequestView> PublishRequestView::parse(Bytes in) {
  PublishRequestView m;
  std::uint64_t drop_stock = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.message(m.signed_pre_key); break;
      case 2: fields.message(m.last_resort); break;
      case 3: fields.element(m.one_time, kMaxOneTimePerRequest); break;
      case 4: fields.element(m.one_time_kem, kMaxKemPerRequest); break;
      case 5: fields.u64(drop_stock); break;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  m.drop_stock = drop_stock != 0;
  return m;
}

Status PublishRequestWriter::signed_pre_key(const SignedPreKeyView& key) {
  return append_message(out_, 1, key);
}

Status PublishRequestWriter::last_resort(const KemPreKeyView& key) {
  return append_message(out_, 2, key);
}

Status PublishRequestWriter::one_time(const PreKeyView& key) {
  if (one_time_count_ == kMaxOneTimePerRequest) return Error::kFull;
  TRY(append_message(out_, 3, key));
  ++one_time_count_;
  return {};
}

Status PublishRequestWriter::one_time_kem(const KemPreKeyView& key) {
  if (kem_count_ == kMaxKemPerRequest) return Error::kFull;
  TRY(append_message(out_, 4, key));
  ++kem_count_;
  return {};
}

Status PublishRequestWriter::drop_stock() {
  if (out_.room() < 2) return Error::kFull;
  out_.varint(5, 1);
  return {};
}

Result<PublishResponse> PublishResponse::parse(Bytes in) {
  PublishResponse m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(m.one_time_count); break;
      case 2: fields.u32(m.one_time_kem_count); break;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  return m;
}

Result<StatusResponseView> StatusResponseView::parse(Bytes in) {
  StatusResponseView m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(m.one_time_count); break;
      case 2: fields.u32(m.one_time_kem_count); break;
      case 3: fields.u32(m.signed_pre_key_id); break;
      case 4: fields.u32(m.last_resort_id); break;
      case 5: fields.bytes(m.repeated_use_digest); break;
      case 6: fields.u64(m.mailbox_count); break;
      case 7: fields.u64(m.server_time_ms); break;
      case 8: fields.message(m.checkpoint); break;
    }
  }
  const auto id_or_none = [](std::uint32_t id) { return id == 0 || is_key_id(id); };
  if (!fields.ok() || !id_or_none(m.signed_pre_key_id) || !id_or_none(m.last_resort_id)) {
    return Error::kMalformed;
  }
  if (!m.repeated_use_digest.empty() && m.repeated_use_digest.size() != 32) {
    return Error::kMalformed;
  }
  return m;
}

Result<BundleRequestView> BundleRequestView::parse(Bytes in) {
  BundleRequestView m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    if (number == 1) fields.name(m.device);
  }
  if (!fields.ok() || m.device.empty()) return Error::kMalformed;
  return m;
}

Result<BundleResponseView> BundleResponseView::parse(Bytes in) {
  std::uint32_t registration_id = 0, device_id = 0;
  Bytes identity_key;
  std::optional<PreKeyView> one_time;
  std::optional<SignedPreKeyView> signed_pre_key;
  std::optional<KemPreKeyView> kem;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(registration_id); break;
      case 2: fields.u32(device_id); break;
      case 3: fields.bytes(identity_key); break;
      case 4: fields.message(one_time); break;
      case 5: fields.message(signed_pre_key); break;
      case 6: fields.message(kem); break;
    }
  }
  if (!fields.ok() || identity_key.size() != 33 || !signed_pre_key || !kem) {
    return Error::kMalformed;
  }
  return BundleResponseView{registration_id, device_id,       identity_key.first<33>(),
                            one_time,        *signed_pre_key, *kem};
}

Result<std::size_t> Checkpoint::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> PreKeyView::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> SignedPreKeyView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> KemPreKeyView::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> PublishResponse::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> StatusResponseView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> BundleRequestView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> BundleResponseView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}

}  // namespace core::api
