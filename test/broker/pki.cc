#include "test/broker/pki.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace test {
namespace {

std::string take(BIO* bio) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio, &start);
  std::string text(start, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

Key p256_key() { return ec_key("P-256"); }
Key ec_key(const char* curve) { return Key(EVP_EC_gen(curve)); }
Key rsa_key(unsigned bits) { return Key(EVP_RSA_gen(bits)); }
Key ed25519_key() { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

Key explicit_p256_key() {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1);
  EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE);
  EVP_PKEY_keygen(context, &key);
  EVP_PKEY_CTX_free(context);
  return Key(key);
}

std::string pem_of(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return take(bio);
}

std::string certificate_pem(const std::vector<std::uint8_t>& der) {
  const std::uint8_t* at = der.data();
  X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  if (!certificate) throw std::runtime_error("not a certificate");
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  X509_free(certificate);
  return take(bio);
}

std::vector<std::uint8_t> csr(EVP_PKEY* key, std::string_view name, const EVP_MD* digest) {
  X509_REQ* request = X509_REQ_new();
  X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_REQ_set_pubkey(request, key);
  if (X509_REQ_sign(request, key, digest) <= 0) throw std::runtime_error("cannot sign a CSR");
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_X509_REQ(request, nullptr)));
  std::uint8_t* at = der.data();
  i2d_X509_REQ(request, &at);
  X509_REQ_free(request);
  return der;
}

core::DeviceName device_name(std::string_view text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return *core::DeviceName::parse(bytes);
}

core::WallTime wall_now() {
  using namespace std::chrono;
  return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ginnel-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make a folder");
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace test
