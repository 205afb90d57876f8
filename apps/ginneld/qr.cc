#include "apps/ginneld/qr.h"

#include <qrencode.h>

#include <memory>

namespace ginneld {

std::string qr_lines(const std::string& text, QrStyle style) {
  constexpr int kQuiet = 4;  // squares on each side. Spec: [ISO18004] 6.3.8
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), QRcode_free);
  if (!code) return "";
  const auto dark = [&](int x, int y) {
    const bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return inside && (code->data[y * code->width + x] & 1);
  };
  std::string lines;
  for (int y = -kQuiet; y < code->width + kQuiet; y += 2) {
    if (style == QrStyle::kColours) lines += "\033[38;5;16m\033[48;5;231m";
    for (int x = -kQuiet; x < code->width + kQuiet; ++x) {
      // What is drawn: the dark squares in colours, the light ones otherwise.
      const bool drawn = style == QrStyle::kColours;
      const bool upper = dark(x, y) == drawn, lower = dark(x, y + 1) == drawn;
      lines += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    if (style == QrStyle::kColours) lines += "\033[0m";
    lines += "\n";
  }
  return lines;
}

}  // namespace ginneld
