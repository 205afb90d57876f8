#include "core/api/enrol_message.h"

#include "core/api/fields.h"

namespace core::api {

template <class Out>
static void write_fields(Out& out, const ContactsRequest& m) {
  put(out, 1, m.after.bytes());
  put(out, 2, m.max_contacts);
}

template <class Out>
static void write_fields(Out& out, const ContactView& m) {
  put(out, 1, m.name.bytes());
  put(out, 2, m.identity_key);
}

template <class Out>
static void write_fields(Out& out, const RenewRequestView& m) {
  put(out, 1, m.csr);
}

template <class Out>
static void write_fields(Out& out, const RenewResponseView& m) {
  put(out, 1, m.certificate);
}

template <class Out>
static void write_fields(Out& out, const Notice& m) {
  put(out, 1, static_cast<std::uint64_t>(m.kind));
  put(out, 2, m.one_time_count);
  put(out, 3, m.one_time_kem_count);
}

template <class Out>
static void write_fields(Out& out, const EnrolRequestView& m) {
  put(out, 1, m.identity_key);
  put(out, 2, m.registration_id);
  put(out, 3, m.csr);
  put(out, 4, m.proof);
  put(out, 5, m.tunnel_key);
  put(out, 6, m.max_contacts);
}

template <class Out>
static void write_fields(Out& out, const TunnelView& m) {
  put(out, 1, m.gateway_key);
  put(out, 2, m.preshared_key);
  put(out, 3, m.endpoint_host);
  put(out, 4, m.endpoint_port);
  put(out, 5, m.address);
  put(out, 6, m.prefix);
  put(out, 7, m.prefix_bits);
  put(out, 8, m.mtu);
  put(out, 9, m.keepalive_s);
}

template <class Out>
static void write_fields(Out& out, const EnrolResponseView& m) {
  put(out, 1, static_cast<std::uint64_t>(m.code));
  put(out, 2, m.text);
  put(out, 3, m.name.bytes());
  put(out, 4, m.certificate);
  put(out, 5, m.ca_certificate);
  put(out, 6, m.broker_host);
  put(out, 7, m.broker_port);
  if (m.tunnel) put_message(out, 9, *m.tunnel);
}

static bool is_csr(Bytes csr) { return !csr.empty() && csr.size() <= kMaxCsrSize; }
static bool is_host(Bytes host) { return !host.empty() && host.size() <= kMaxHostSize; }
static bool is_port(std::uint32_t port) { return port >= 1 && port <= UINT16_MAX; }
static bool is_certificate(Bytes der) { return !der.empty() && der.size() <= kMaxCertificateSize; }

Result<ContactsRequest> ContactsRequest::parse(Bytes in) {
  ContactsRequest m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    if (number == 1) fields.name(m.after);
    if (number == 2) fields.u32(m.max_contacts);
  }
  if (!fields.ok()) return Error::kMalformed;
  return m;
}

Result<ContactView> ContactView::parse(Bytes in) {
  DeviceName name;
  Bytes identity_key;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.name(name); break;
      case 2: fields.bytes(identity_key); break;
    }
  }
  if (!fields.ok() || name.empty() || identity_key.size() != 33) return Error::kMalformed;
  return ContactView{name, identity_key.first<33>()};
}

Result<ContactsResponseView> ContactsResponseView::parse(Bytes in) {
  ContactsResponseView m;
  std::uint64_t more = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.element(m.contact, kMaxContactsPerPage); break;
      case 2: fields.u64(more); break;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  m.more = more != 0;
  return m;
}

Status append_contact(ProtobufWriter& out, std::uint32_t field, const ContactView& contact) {
  return append_message(out, field, contact);
}

Result<RenewRequestView> RenewRequestView::parse(Bytes in) {
  RenewRequestView m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    if (number == 1) fields.bytes(m.csr);
  }
  if (!fields.ok() || !is_csr(m.csr)) return Error::kMalformed;
  return m;
}

Result<RenewResponseView> RenewResponseView::parse(Bytes in) {
  RenewResponseView m;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    if (number == 1) fields.bytes(m.certificate);
  }
  if (!fields.ok() || !is_certificate(m.certificate)) return Error::kMalformed;
  return m;
}

Result<Notice> Notice::parse(Bytes in) {
  Notice m;
  std::uint32_t kind = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(kind); break;
      case 2: fields.u32(m.one_time_count); break;
      case 3: fields.u32(m.one_time_kem_count); break;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  const bool known = kind <= static_cast<std::uint32_t>(Kind::kRevoked);
  m.kind = known ? static_cast<Kind>(kind) : Kind::kNone;
  return m;
}

Result<EnrolRequestView> EnrolRequestView::parse(Bytes in) {
  Bytes identity_key, csr, proof, tunnel_key;
  std::uint32_t registration_id = 0, max_contacts = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(identity_key); break;
      case 2: fields.u32(registration_id); break;
      case 3: fields.bytes(csr); break;
      case 4: fields.bytes(proof); break;
      case 5: fields.bytes(tunnel_key); break;
      case 6: fields.u32(max_contacts); break;
    }
  }
  if (!fields.ok() || identity_key.size() != 33 || proof.size() != 64) return Error::kMalformed;
  if (registration_id < 1 || registration_id > kMaxRegistrationId) return Error::kMalformed;
  if (!is_csr(csr)) return Error::kMalformed;
  if (!tunnel_key.empty() && tunnel_key.size() != 32) return Error::kMalformed;
  return EnrolRequestView{identity_key.first<33>(), registration_id, csr,
                          proof.first<64>(),        tunnel_key,      max_contacts};
}

Result<TunnelView> TunnelView::parse(Bytes in) {
  Bytes gateway_key, preshared_key, host, address, prefix;
  std::uint32_t port = 0, bits = 0, mtu = 0, keepalive_s = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(gateway_key); break;
      case 2: fields.bytes(preshared_key); break;
      case 3: fields.bytes(host); break;
      case 4: fields.u32(port); break;
      case 5: fields.bytes(address); break;
      case 6: fields.bytes(prefix); break;
      case 7: fields.u32(bits); break;
      case 8: fields.u32(mtu); break;
      case 9: fields.u32(keepalive_s); break;
    }
  }
  if (!fields.ok() || gateway_key.size() != 32 || preshared_key.size() != 32) {
    return Error::kMalformed;
  }
  if (!is_host(host) || !is_port(port)) return Error::kMalformed;
  if (address.size() != 16 || prefix.size() != 16) return Error::kMalformed;
  if (bits < 1 || bits > 128 || keepalive_s > UINT16_MAX) return Error::kMalformed;
  if (mtu < kMinTunnelMtu || mtu > kMaxTunnelMtu) return Error::kMalformed;
  return TunnelView{.gateway_key = gateway_key.first<32>(),
                    .preshared_key = preshared_key.first<32>(),
                    .endpoint_host = host,
                    .endpoint_port = static_cast<std::uint16_t>(port),
                    .address = address.first<16>(),
                    .prefix = prefix.first<16>(),
                    .prefix_bits = static_cast<std::uint8_t>(bits),
                    .mtu = static_cast<std::uint16_t>(mtu),
                    .keepalive_s = static_cast<std::uint16_t>(keepalive_s)};
}

Result<EnrolResponseView> EnrolResponseView::parse(Bytes in) {
  EnrolResponseView m;
  std::uint32_t code = 0, port = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(code); break;
      case 2: fields.bytes(m.text); break;
      case 3: fields.name(m.name); break;
      case 4: fields.bytes(m.certificate); break;
      case 5: fields.bytes(m.ca_certificate); break;
      case 6: fields.bytes(m.broker_host); break;
      case 7: fields.u32(port); break;
      case 8: fields.element(m.contact, kMaxContactsPerPage); break;
      case 9: fields.message(m.tunnel); break;
    }
  }
  if (!fields.ok() || m.text.size() > kMaxTextSize) return Error::kMalformed;
  m.code = to_code(code);
  if (m.code != Code::kOk) return EnrolResponseView{.code = m.code, .text = m.text};
  if (m.name.empty() || !is_certificate(m.certificate) || !is_certificate(m.ca_certificate)) {
    return Error::kMalformed;
  }
  if (!is_host(m.broker_host) || !is_port(port)) return Error::kMalformed;
  m.broker_port = static_cast<std::uint16_t>(port);
  return m;
}

Result<std::size_t> ContactsRequest::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> ContactView::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> RenewRequestView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> RenewResponseView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> Notice::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> EnrolRequestView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}
Result<std::size_t> TunnelView::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> EnrolResponseView::encode(MutBytes out) const {
  return encode_fields(*this, out);
}

}  // namespace core::api
