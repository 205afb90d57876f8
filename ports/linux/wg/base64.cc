#include "ports/linux/wg/base64.h"

namespace ports::linux_os::wg {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kTextSize = 44;

}  // namespace

std::string key_to_base64_var(core::View<32> public_key) {
  std::string out;
  for (std::size_t i = 0; i < 33; i += 3) {
    const auto byte = [&](std::size_t at) { return at < 32 ? unsigned{public_key[at]} : 0u; };
    const unsigned bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[bits >> shift & 63];
  }
  out.back() = '=';
  return out;
}

core::Result<core::ByteArray<32>> key_from_base64_var(std::string_view text) {
  if (text.size() != kTextSize || text.back() != '=') return core::Error::kMalformed;
  core::ByteArray<33> out{};
  for (std::size_t i = 0; i < kTextSize; i += 4) {
    unsigned bits = 0;
    for (std::size_t k = i; k < i + 4; ++k) {
      const auto digit = k + 1 == kTextSize ? 0 : kAlphabet.find(text[k]);
      if (digit == std::string_view::npos) return core::Error::kMalformed;
      bits = bits << 6 | static_cast<unsigned>(digit);
    }
    for (std::size_t k = 0; k < 3; ++k) {
      out[i / 4 * 3 + k] = static_cast<std::uint8_t>(bits >> (16 - 8 * k));
    }
  }
  if (out[32] != 0) return core::Error::kMalformed;
  return core::to_array(core::View<33>(out).first<32>());
}

}  // namespace ports::linux_os::wg
