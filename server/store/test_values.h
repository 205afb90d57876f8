// Values and folders for the tests of the server.
#ifndef SERVER_STORE_TEST_VALUES_H_
#define SERVER_STORE_TEST_VALUES_H_

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "server/store/store.h"

namespace server::store {

// A fresh folder, gone at the end.
class TestFolder {
 public:
  TestFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "ginnel-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

template <std::size_t N>
core::ByteArray<N> filled(std::uint8_t value) {
  core::ByteArray<N> out;
  out.fill(value);
  return out;
}

inline core::DeviceName name(const std::string& text) {
  return *core::DeviceName::parse(
      {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

inline Account test_account(const std::string& of, std::uint8_t key) {
  return {.id = 0,
          .name = name(of),
          .identity_key = filled<33>(key),
          .registration_id = 1000u + key,
          .enrolled_at = {500},
          .state = AccountState::kActive};
}

inline RepeatedKey test_signed(std::uint8_t id) {
  return {.id = id, .public_key = Blob(33, id), .signature = filled<64>(id)};
}
inline RepeatedKey test_last_resort(std::uint8_t id) {
  return {.id = id, .public_key = Blob(1569, id), .signature = filled<64>(id)};
}

}  // namespace server::store
#endif  // SERVER_STORE_TEST_VALUES_H_
