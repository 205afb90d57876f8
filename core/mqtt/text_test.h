// Text as bytes and back, for the tests of this folder.
#ifndef CORE_MQTT_TEXT_TEST_H_
#define CORE_MQTT_TEXT_TEST_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "test/vectors.h"

namespace core::mqtt {

inline Bytes bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string text(Bytes b) { return {b.begin(), b.end()}; }

// The bytes of a literal that has zeros in it.
template <std::size_t N>
std::string_view with_zeros(const char (&literal)[N]) {
  return {literal, N - 1};
}

}  // namespace core::mqtt
#endif  // CORE_MQTT_TEXT_TEST_H_
