// Known answers for tests: hex text and the JSON files of test/vectors/.
#ifndef TEST_VECTORS_H_
#define TEST_VECTORS_H_

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace test {

// The bytes of lower-case hex text; spaces are left out. Throws on other text.
inline std::vector<std::uint8_t> hex(std::string_view text) {
  std::vector<std::uint8_t> out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) throw std::invalid_argument("not hex");
    const int value = digit ? c - '0' : c - 'a' + 10;
    if (high >= 0) out.push_back(static_cast<std::uint8_t>(16 * high + value));
    high = high >= 0 ? -1 : value;
  }
  if (high >= 0) throw std::invalid_argument("half a byte");
  return out;
}

inline std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

// The bytes of hex text in a vector file.
template <std::same_as<nlohmann::json> Json>
std::vector<std::uint8_t> hex(const Json& text) {
  return hex(std::string_view(text.template get_ref<const std::string&>()));
}

// N bytes from hex text or a vector file. Throws if it is not N bytes.
template <std::size_t N, class Text>
std::array<std::uint8_t, N> hex_array(const Text& text) {
  const auto bytes = hex(text);
  if (bytes.size() != N) throw std::invalid_argument("wrong size");
  std::array<std::uint8_t, N> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

// A file of test/vectors/, such as "signal/x25519.json".
inline nlohmann::json load_vectors(const std::string& name) {
  std::ifstream in("test/vectors/" + name);
  if (!in) throw std::runtime_error("cannot open test/vectors/" + name);
  return nlohmann::json::parse(in);
}

}  // namespace test
#endif  // TEST_VECTORS_H_
