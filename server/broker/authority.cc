#include "server/broker/authority.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/crypto/sha2.h"
#include "server/broker/files.h"

namespace server::broker {
namespace {

using core::Bytes;
using core::WallTime;
using Kind = Failure::Kind;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;

Failure openssl_failure(const std::string& what) {
  char text[256] = "no reason given";
  if (const auto code = ERR_get_error()) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return {Kind::kSystem, what + ": " + text};
}

Failure bad_input(std::string text) {
  ERR_clear_error();
  return {Kind::kBadInput, std::move(text)};
}

BioPtr memory_bio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string contents(BIO* bio) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio, &start);
  return size > 0 ? std::string(start, static_cast<std::size_t>(size)) : std::string();
}

KeyPtr read_key(std::string_view pem) {
  // An empty password: an encrypted key is refused instead of asked about.
  char none[] = "";
  KeyPtr key(PEM_read_bio_PrivateKey(memory_bio(pem).get(), nullptr, nullptr, none));
  ERR_clear_error();
  return key;
}

CertificatePtr read_certificate(std::string_view pem) {
  CertificatePtr certificate(PEM_read_bio_X509(memory_bio(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

std::string key_pem(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return contents(bio.get());
}

std::string certificate_pem_of(X509* certificate) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return contents(bio.get());
}

std::vector<std::uint8_t> der_of(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  std::vector<std::uint8_t> der(size > 0 ? static_cast<std::size_t>(size) : 0);
  std::uint8_t* at = der.data();
  if (size > 0) i2d_X509(certificate, &at);
  return der;
}

// True for a key on P-256, named, with a valid point.
bool is_p256(EVP_PKEY* key) {
  char group[64] = "", encoding[64] = "";
  const bool p256 = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                    EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) == 1 &&
                    std::strcmp(group, SN_X9_62_prime256v1) == 0 &&
                    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
                                                   sizeof(encoding), nullptr) == 1 &&
                    std::strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) == 0;
  if (!p256) return false;
  const std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>> check(
      EVP_PKEY_CTX_new(key, nullptr));
  return check && EVP_PKEY_public_check(check.get()) == 1;
}

bool is_address(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Letters, digits, '-' and '.', so that a name cannot add another entry to the
// list of alternative names that it stands in.
bool is_dns_name(const std::string& host) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  };
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), good);
}

// What one certificate says besides its key.
struct Profile {
  std::string common_name;
  const char* basic_constraints = "critical,CA:FALSE";
  const char* key_usage = "critical,digitalSignature";
  std::string extended_key_usage = {};  // empty: none
  std::string alternative_names = {};   // empty: none
  int days = 0;
};

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
  std::array<std::uint8_t, 16> random;
  if (RAND_bytes(random.data(), random.size()) != 1) return false;
  random[0] = static_cast<std::uint8_t>((random[0] & 0x7f) | 0x40);  // positive, 16 bytes
  const NumberPtr number(BN_bin2bn(random.data(), random.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// Times are kept in whole seconds; the end is never after the issuer's.
bool set_validity(X509* certificate, X509* issuer, WallTime now, int days) {
  const auto start = static_cast<time_t>((now.ms - kBackdateMs) / 1000);
  const auto end = static_cast<time_t>(now.ms / 1000) + time_t{days} * 24 * 3600;
  if (!ASN1_TIME_set(X509_getm_notBefore(certificate), start)) return false;
  if (!ASN1_TIME_set(X509_getm_notAfter(certificate), end)) return false;
  if (issuer != certificate &&
      ASN1_TIME_compare(X509_get0_notAfter(issuer), X509_get0_notAfter(certificate)) < 0) {
    return X509_set1_notAfter(certificate, X509_get0_notAfter(issuer)) == 1;
  }
  return true;
}

// A certificate for `key`, signed by `issuer`; by itself if `issuer` is null.
CertificatePtr make_certificate(EVP_PKEY* key, const Profile& profile, X509* issuer,
                                EVP_PKEY* issuer_key, WallTime now) {
  CertificatePtr made(X509_new());
  X509* const c = made.get();
  if (!c) return nullptr;
  X509* const by = issuer ? issuer : c;
  X509_NAME* const name = X509_get_subject_name(c);
  const auto* text = reinterpret_cast<const unsigned char*>(profile.common_name.data());
  bool ok = X509_set_version(c, X509_VERSION_3) == 1 && set_random_serial(c) &&
            X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text,
                                       static_cast<int>(profile.common_name.size()), -1, 0) == 1 &&
            X509_set_issuer_name(c, X509_get_subject_name(by)) == 1 &&
            set_validity(c, by, now, profile.days) && X509_set_pubkey(c, key) == 1 &&
            add_extension(c, by, NID_basic_constraints, profile.basic_constraints) &&
            add_extension(c, by, NID_key_usage, profile.key_usage) &&
            add_extension(c, by, NID_subject_key_identifier, "hash") &&
            add_extension(c, by, NID_authority_key_identifier, "keyid:always");
  if (!profile.extended_key_usage.empty()) {
    ok = ok && add_extension(c, by, NID_ext_key_usage, profile.extended_key_usage.c_str());
  }
  if (!profile.alternative_names.empty()) {
    ok = ok && add_extension(c, by, NID_subject_alt_name, profile.alternative_names.c_str());
  }
  if (!ok || X509_sign(c, issuer_key, EVP_sha256()) <= 0) return nullptr;
  return made;
}

std::string random_hex() {
  std::array<std::uint8_t, 4> random{};
  RAND_bytes(random.data(), random.size());
  std::string text;
  for (const auto byte : random) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

struct Authority::Keys {
  KeyPtr key;
  CertificatePtr certificate;
  std::vector<std::uint8_t> der;
  std::string pem;
};

Authority::Authority(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Outcome<Authority> Authority::open(const std::filesystem::path& folder, WallTime now) {
  auto keys = std::make_unique<Keys>();
  const auto path = folder / "ca.pem";
  if (const auto pem = TRY(read_file(path))) {
    keys->key = read_key(*pem);
    keys->certificate = read_certificate(*pem);
    if (!keys->key || !keys->certificate || !is_p256(keys->key.get()) ||
        X509_check_private_key(keys->certificate.get(), keys->key.get()) != 1) {
      return bad_input(path.string() +
                       " does not hold a P-256 key and its certificate; put the"
                       " file back from a backup: a new one would lock out every device");
    }
  } else {
    keys->key.reset(EVP_EC_gen("P-256"));
    const Profile root{.common_name = "Ginnel CA " + random_hex(),
                       .basic_constraints = "critical,CA:TRUE,pathlen:0",
                       .key_usage = "critical,keyCertSign,cRLSign",
                       .days = kRootDays};
    if (keys->key) {
      keys->certificate = make_certificate(keys->key.get(), root, nullptr, keys->key.get(), now);
    }
    if (!keys->certificate) return openssl_failure("cannot make the certificate authority");
    TRY(write_file(path, key_pem(keys->key.get()) + certificate_pem_of(keys->certificate.get()),
                   0600));
  }
  keys->der = der_of(keys->certificate.get());
  keys->pem = certificate_pem_of(keys->certificate.get());
  const auto public_path = folder / "ca.crt";
  if (TRY(read_file(public_path)) != keys->pem) TRY(write_file(public_path, keys->pem, 0644));
  return Authority(std::move(keys));
}

Bytes Authority::certificate_der() const { return keys_->der; }
const std::string& Authority::certificate_pem() const { return keys_->pem; }
core::ByteArray<32> Authority::fingerprint() const { return core::crypto::sha256(keys_->der); }

Outcome<std::vector<std::uint8_t>> Authority::issue_device(Bytes csr, const core::DeviceName& name,
                                                           WallTime now, int days) const {
  if (csr.empty() || csr.size() > kMaxCsrSize || name.empty()) {
    return bad_input("the certificate request is empty or too large");
  }
  const std::uint8_t* at = csr.data();
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(csr.size())));
  if (!request || at != csr.data() + csr.size()) {
    return bad_input("the certificate request does not parse");
  }
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (!key || !is_p256(key)) {
    ERR_clear_error();
    return Failure{Kind::kBadKey, "the certificate request's key is not ECDSA on P-256"};
  }
  const int algorithm = X509_REQ_get_signature_nid(request.get());
  if ((algorithm != NID_ecdsa_with_SHA256 && algorithm != NID_ecdsa_with_SHA384 &&
       algorithm != NID_ecdsa_with_SHA512) ||
      X509_REQ_verify(request.get(), key) != 1) {
    return bad_input("the certificate request's signature does not verify");
  }
  const auto text = name.bytes();
  const Profile profile{.common_name = std::string(text.begin(), text.end()),
                        .extended_key_usage = "clientAuth",
                        .days = days};
  const auto made = make_certificate(key, profile, keys_->certificate.get(), keys_->key.get(), now);
  if (!made) return openssl_failure("cannot make a device's certificate");
  return der_of(made.get());
}

Outcome<std::string> Authority::issue_server(std::span<const std::string> hosts, WallTime now,
                                             int days) const {
  std::string names;
  for (const auto& host : hosts) {
    if (!is_address(host) && !is_dns_name(host)) {
      return bad_input("\"" + host + "\" is neither a host name nor an IP address");
    }
    names += (names.empty() ? "" : ",") + std::string(is_address(host) ? "IP:" : "DNS:") + host;
  }
  const KeyPtr key(EVP_EC_gen("P-256"));
  const Profile profile{.common_name = "ginneld",
                        .extended_key_usage = "serverAuth",
                        .alternative_names = names,
                        .days = days};
  const auto made =
      key ? make_certificate(key.get(), profile, keys_->certificate.get(), keys_->key.get(), now)
          : nullptr;
  if (!made) return openssl_failure("cannot make the server's certificate");
  // The authority's certificate goes along: an enrolling device knows no more
  // of it than its fingerprint.
  return key_pem(key.get()) + certificate_pem_of(made.get()) + certificate_pem();
}

Outcome<std::string> Authority::issue_client(const std::string& user, WallTime now,
                                             int days) const {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const Profile profile{.common_name = user, .extended_key_usage = "clientAuth", .days = days};
  const auto made =
      key ? make_certificate(key.get(), profile, keys_->certificate.get(), keys_->key.get(), now)
          : nullptr;
  if (!made) return openssl_failure("cannot make the broker link's certificate");
  return key_pem(key.get()) + certificate_pem_of(made.get());
}

bool must_renew(const std::string& pem, const Authority& authority,
                std::span<const std::string> hosts, WallTime now) {
  const auto certificate = read_certificate(pem);
  const auto key = read_key(pem);
  const auto root = read_certificate(authority.certificate_pem());
  const bool whole = certificate && key && root &&
                     X509_check_private_key(certificate.get(), key.get()) == 1 &&
                     X509_verify(certificate.get(), X509_get0_pubkey(root.get())) == 1;
  ERR_clear_error();
  if (!whole) return true;
  for (const auto& host : hosts) {
    const int found =
        is_address(host) ? X509_check_ip_asc(certificate.get(), host.c_str(), 0)
                         : X509_check_host(certificate.get(), host.data(), host.size(), 0, nullptr);
    if (found != 1) return true;
  }
  tm start{}, end{};
  if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate.get()), &start) != 1 ||
      ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return true;
  }
  const std::int64_t from = timegm(&start), to = timegm(&end), at = now.ms / 1000;
  return at < from || (to - at) * 3 < to - from;
}

Outcome<bool> ensure_server_certificates(const Authority& authority,
                                         const std::filesystem::path& folder,
                                         std::span<const std::string> hosts, WallTime now) {
  bool written = false;
  const auto server = TRY(read_file(folder / "server.pem"));
  if (!server || must_renew(*server, authority, hosts, now)) {
    const auto pem = TRY(authority.issue_server(hosts, now));
    TRY(write_file(folder / "server.pem", pem, 0600));
    written = true;
  }
  const auto client = TRY(read_file(folder / "ginneld.pem"));
  if (!client || must_renew(*client, authority, {}, now)) {
    const auto pem = TRY(authority.issue_client(kServerUser, now));
    TRY(write_file(folder / "ginneld.pem", pem, 0600));
    written = true;
  }
  return written;
}

}  // namespace server::broker
