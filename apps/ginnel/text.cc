#include "apps/ginnel/text.h"

#include <openssl/evp.h>
#include <qrencode.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

namespace apps::ginnel {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: not UTF-8
};

// The character at the front of a text that is not empty.
Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  std::uint32_t code = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  const std::uint32_t smallest = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
  if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, size};
}

// Controls, and the marks that reorder text or break lines.
bool is_hidden(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
         (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb);
}

std::string formatted(const char* format, std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = decode(text);
    if (character.size == 0) return false;
    text.remove_prefix(character.size);
  }
  return true;
}

std::string printable(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const auto character = decode(text);
    if (character.size == 0) {
      out += formatted("\\x%02x", static_cast<std::uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (character.code == '\n') {
      out += '\n';
      out += indent;
    } else if (character.code == '\t') {
      out += "    ";
    } else if (is_hidden(character.code)) {
      out += formatted(character.code < 0x100 ? "\\x%02x" : "\\u%04x", character.code);
    } else {
      out += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return out;
}

std::string to_base64(core::Bytes bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<std::uint8_t*>(bytes.data()),
                                   reinterpret_cast<const std::uint8_t*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  // OpenSSL skips white space and takes "=" anywhere; here a text has one form.
  const core::Bytes decoded{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  if (to_base64(decoded) != text) return std::nullopt;
  return bytes;
}

std::string iso_time(core::WallTime time) {
  const std::time_t seconds = time.ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(time.ms % 1000));
  return text;
}

std::string local_clock(core::WallTime time) {
  const std::time_t seconds = time.ms / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%H:%M:%S", &parts);
  return text;
}

std::string qr_code(core::Bytes bytes) {
  struct Free {
    void operator()(QRcode* code) const { QRcode_free(code); }
  };
  const std::unique_ptr<QRcode, Free> code(
      QRcode_encodeData(static_cast<int>(bytes.size()), bytes.data(), 0, QR_ECLEVEL_L));
  if (!code) return {};
  constexpr int kQuiet = 2;
  const int width = code->width;
  const auto dark = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < width && y < width && (code->data[y * width + x] & 1) != 0;
  };
  std::string out;
  // Light modules are drawn: most terminals are dark, and scanners want the
  // code dark on light.
  for (int y = -kQuiet; y < width + kQuiet; y += 2) {
    for (int x = -kQuiet; x < width + kQuiet; ++x) {
      const bool top = !dark(x, y);
      const bool bottom = y + 1 < width + kQuiet && !dark(x, y + 1);
      out += top && bottom ? "\u2588" : top ? "\u2580" : bottom ? "\u2584" : " ";
    }
    out += '\n';
  }
  return out;
}

std::string digit_groups(std::string_view digits, std::string_view line_break) {
  std::string out;
  for (std::size_t at = 0; at < digits.size(); at += 5) {
    if (at != 0) out += at % 30 == 0 ? line_break : " ";
    out += digits.substr(at, 5);
  }
  return out;
}

}  // namespace apps::ginnel
