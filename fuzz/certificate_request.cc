// A device's certificate request, as the authority reads it: it never signs
// for a key that is not P-256, and never for another name.
#include <openssl/x509.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "server/broker/authority.h"

namespace {

using server::broker::Authority;

struct Site {
  std::filesystem::path folder;
  Authority authority;
  core::DeviceName name;
};

Site& site() {
  static Site made = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "fuzz-ca-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    constexpr core::ByteArray<5> kName{'a', 'l', 'i', 'c', 'e'};
    return Site{folder, *Authority::open(folder, core::WallTime{1'800'000'000'000}),
                *core::DeviceName::parse(kName)};
  }();
  static const auto clean = [] {
    std::atexit([] { std::filesystem::remove_all(site().folder); });
    return true;
  }();
  (void)clean;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto made =
      site().authority.issue_device({data, size}, site().name, core::WallTime{1'800'000'000'000});
  if (!made) {
    if (made.error().kind == server::broker::Failure::Kind::kSystem) __builtin_trap();
    return 0;
  }
  const std::uint8_t* at = made->data();
  X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(made->size()));
  char name[65] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
  if (std::string(name) != "alice") __builtin_trap();
  X509_free(certificate);
  return 0;
}
