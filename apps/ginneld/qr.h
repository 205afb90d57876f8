// QR codes in a terminal.
#ifndef APPS_GINNELD_QR_H_
#define APPS_GINNELD_QR_H_

#include <string>

namespace ginneld {

// How the dark and the light squares are made.
enum class QrStyle {
  kColours,  // black on white by escape sequences, for a terminal of any colours
  kBlocks,   // light squares as blocks, for light text on a dark ground
};

// `text` as lines of half blocks in UTF-8, with the quiet zone that scanners
// need. Empty if the text does not fit a QR code.
std::string qr_lines(const std::string& text, QrStyle style);

}  // namespace ginneld
#endif  // APPS_GINNELD_QR_H_
