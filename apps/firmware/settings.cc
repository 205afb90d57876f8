#include "apps/firmware/settings.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace apps::firmware {
namespace {

using core::Bytes;
using core::Error;
using core::Reader;
using core::Result;
using core::Secret;
using core::Status;
using core::Writer;
using core::messenger::Store;

constexpr auto kEnrolling = core::label("enrolling");
constexpr auto kSettings = core::label("settings");
constexpr auto kSiteCertificate = core::label("site certificate");
constexpr auto kOurCertificate = core::label("certificate");
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxSize = 1024;  // of a record, certificates aside
static_assert(kMaxSize > 8 + core::DeviceName::kMaxSize + 2 * (core::api::kMaxHostSize + 2) +
                             4 * 32 + 2 * 16 + 16);
static_assert(kMaxSize > 16 + 3 * 32 + EnrolKeys::kMaxCsrSize);

void write_text(Bytes text, Writer& out) {
  out.u16_be(static_cast<std::uint16_t>(text.size()));
  out.bytes(text);
}
Bytes read_text(Reader& in) { return in.take(std::size_t{in.u16_be()}); }

Status put(Store& store, Bytes key, const Writer& record) {
  if (!record.ok()) return Error::kFull;
  return store.put(key, record.written());
}

void write_tunnel(const TunnelSettings& tunnel, Writer& out) {
  out.bytes(tunnel.private_key.view());
  out.bytes(tunnel.preshared_key.view());
  out.bytes(tunnel.gateway_key);
  write_text(tunnel.endpoint_host.bytes(), out);
  out.u16_be(tunnel.endpoint_port);
  out.bytes(tunnel.address);
  out.bytes(tunnel.prefix);
  out.u8(tunnel.prefix_bits);
  out.u16_be(tunnel.mtu);
  out.u16_be(tunnel.keepalive_s);
}

Result<TunnelSettings> read_tunnel(Reader& in) {
  TunnelSettings tunnel;
  tunnel.private_key = Secret<32>(in.take<32>());
  tunnel.preshared_key = Secret<32>(in.take<32>());
  tunnel.gateway_key = core::to_array(in.take<32>());
  TRY(tunnel.endpoint_host.set(read_text(in)));
  tunnel.endpoint_port = in.u16_be();
  tunnel.address = core::to_array(in.take<16>());
  tunnel.prefix = core::to_array(in.take<16>());
  tunnel.prefix_bits = in.u8();
  tunnel.mtu = in.u16_be();
  tunnel.keepalive_s = in.u16_be();
  return tunnel;
}

}  // namespace

Result<EnrolKeys> EnrolKeys::load(Store& store) {
  Secret<kMaxSize> value;
  const auto size = TRY(store.get(kEnrolling, value.mut()));
  Reader in(Bytes(value.view()).first(size));
  EnrolKeys keys;
  const auto version = in.u8();
  keys.identity = Secret<32>(in.take<32>());
  keys.tunnel = Secret<32>(in.take<32>());
  keys.tls = Secret<32>(in.take<32>());
  keys.registration_id = in.u32_be();
  const Bytes csr = in.rest();
  if (!in.finished() || version != kVersion || csr.size() > keys.csr.size()) {
    return Error::kMalformed;
  }
  core::copy(csr, keys.csr);
  keys.csr_size = csr.size();
  return keys;
}

Status EnrolKeys::save(Store& store) const {
  Secret<kMaxSize> value;
  Writer out(value.mut());
  out.u8(kVersion);
  out.bytes(identity.view());
  out.bytes(tunnel.view());
  out.bytes(tls.view());
  out.u32_be(registration_id);
  out.bytes(Bytes(csr).first(csr_size));
  return put(store, kEnrolling, out);
}

Status EnrolKeys::erase(Store& store) { return store.erase(kEnrolling); }

Result<Settings> Settings::load(Store& store) {
  Secret<kMaxSize> value;
  const auto size = TRY(store.get(kSettings, value.mut()));
  Reader in(Bytes(value.view()).first(size));
  Settings settings;
  const auto version = in.u8();
  settings.name = TRY(core::DeviceName::parse(read_text(in)));
  TRY(settings.broker_host.set(read_text(in)));
  settings.broker_port = in.u16_be();
  settings.tls_key = Secret<32>(in.take<32>());
  if (in.u8() != 0) settings.tunnel = TRY(read_tunnel(in));
  if (!in.finished() || version != kVersion) return Error::kMalformed;
  return settings;
}

Status Settings::save(Store& store) const {
  Secret<kMaxSize> value;
  Writer out(value.mut());
  out.u8(kVersion);
  write_text(name.bytes(), out);
  write_text(broker_host.bytes(), out);
  out.u16_be(broker_port);
  out.bytes(tls_key.view());
  out.u8(tunnel ? 1 : 0);
  if (tunnel) write_tunnel(*tunnel, out);
  return put(store, kSettings, out);
}

Status put_certificate(Store& store, Certificate which, Bytes der) {
  return which == Certificate::kSite ? store.put(kSiteCertificate, der)
                                     : store.put(kOurCertificate, der);
}

Result<std::size_t> get_certificate(Store& store, Certificate which, core::MutBytes out) {
  return which == Certificate::kSite ? store.get(kSiteCertificate, out)
                                     : store.get(kOurCertificate, out);
}

}  // namespace apps::firmware
