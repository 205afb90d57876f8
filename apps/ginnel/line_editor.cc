#include "apps/ginnel/line_editor.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace apps::ginnel {
namespace {

constexpr char kBackspace = 0x08, kDelete = 0x7f, kEscape = 0x1b;
constexpr char kCtrlD = 0x04, kCtrlU = 0x15;
constexpr const char* kClearLine = "\r\x1b[K";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

LineEditor::LineEditor(std::string prompt) : prompt_(std::move(prompt)) {
  terminal_ =
      isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && tcgetattr(STDIN_FILENO, &before_) == 0;
  if (!terminal_) return;
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  restore_ = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

LineEditor::LineEditor(std::string prompt, int columns)
    : prompt_(std::move(prompt)), terminal_(columns > 0), columns_(columns) {}

LineEditor::~LineEditor() {
  if (restore_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

std::vector<std::string> LineEditor::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  for (const char c : bytes) {
    const bool end = c == '\n' || (terminal_ && c == '\r') || line_.size() >= kMaxLineSize;
    if (end) lines.push_back(std::exchange(line_, {}));
    if (c != '\n' && !(terminal_ && c == '\r')) take(c);
  }
  return lines;
}

void LineEditor::take(char c) {
  if (!terminal_) {
    line_ += c;
    return;
  }
  // Arrow keys and the like are swallowed: ESC [ parameters letter.
  if (escape_ == Escape::kStart) {
    escape_ = c == '[' || c == 'O' ? Escape::kSequence : Escape::kNone;
  } else if (escape_ == Escape::kSequence) {
    if (c >= 0x40 && c <= 0x7e) escape_ = Escape::kNone;
  } else if (c == kEscape) {
    escape_ = Escape::kStart;
  } else if (c == kBackspace || c == kDelete) {
    delete_character();
  } else if (c == kCtrlU) {
    line_.clear();
  } else if (c == kCtrlD) {
    ended_ = ended_ || line_.empty();
  } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') {
    line_ += c;
  }
}

void LineEditor::delete_character() {
  while (!line_.empty() && continues_character(line_.back())) line_.pop_back();
  if (!line_.empty()) line_.pop_back();
}

std::string LineEditor::redraw() const {
  if (!terminal_) return {};
  int columns = columns_;
  if (columns == 0) {
    winsize size{};
    columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }
  // Only the end of a long line is shown, so that it stays on one row.
  const std::size_t room =
      static_cast<std::size_t>(std::max(1, columns - static_cast<int>(prompt_.size()) - 1));
  std::size_t start = line_.size(), shown = 0;
  while (start > 0 && shown < room) {
    --start;
    while (start > 0 && continues_character(line_[start])) --start;
    ++shown;
  }
  return kClearLine + prompt_ + line_.substr(start);
}

std::string LineEditor::above(std::string_view text) const {
  if (!terminal_) return std::string(text);
  return kClearLine + std::string(text) + redraw();
}

}  // namespace apps::ginnel
