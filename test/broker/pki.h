// Keys and certificate requests for tests, good and bad.
#ifndef TEST_BROKER_PKI_H_
#define TEST_BROKER_PKI_H_

#include <openssl/evp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/name.h"
#include "core/base/time.h"

namespace test {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Key p256_key();
Key ec_key(const char* curve);
Key rsa_key(unsigned bits);
Key ed25519_key();
// A P-256 key that spells out its curve's parameters.
Key explicit_p256_key();

std::string pem_of(EVP_PKEY* key);
std::string certificate_pem(const std::vector<std::uint8_t>& der);

// A certificate request, DER, for common name `name`; `digest` may be null
// where the key's algorithm has its own.
std::vector<std::uint8_t> csr(EVP_PKEY* key, std::string_view name,
                              const EVP_MD* digest = EVP_sha256());

core::DeviceName device_name(std::string_view text);
core::WallTime wall_now();

// A folder of its own, removed with everything in it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace test
#endif  // TEST_BROKER_PKI_H_
