// One line of input at the bottom of a terminal, with output scrolling above
// it; or plain lines when there is no terminal.
#ifndef APPS_GINNEL_LINE_EDITOR_H_
#define APPS_GINNEL_LINE_EDITOR_H_

#include <termios.h>

#include <string>
#include <string_view>
#include <vector>

namespace apps::ginnel {

class LineEditor {
 public:
  // A line that grows past this ends there.
  static constexpr std::size_t kMaxLineSize = 60'000;

  // `prompt`: ASCII. Switches the terminal's own editing off if there is one.
  explicit LineEditor(std::string prompt);
  // For tests: behaves as on a terminal of `columns`, or as without one for 0,
  // and touches none.
  LineEditor(std::string prompt, int columns);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  // Takes bytes that were typed and returns the lines that are complete.
  std::vector<std::string> feed(std::string_view bytes);
  // Ctrl-D on an empty line was typed.
  bool ended() const { return ended_; }
  // What is left of the last line when the input ends without a new line.
  std::string rest() { return std::move(line_); }

  // What to print so that `text` stands above the line that is being typed.
  std::string above(std::string_view text) const;
  // What to print so that the line that is being typed is seen.
  std::string redraw() const;

 private:
  void take(char c);
  void delete_character();

  std::string prompt_;
  bool terminal_ = false;
  bool restore_ = false;
  int columns_ = 0;  // 0: asked of the terminal
  termios before_{};
  std::string line_;
  bool ended_ = false;
  enum class Escape : char { kNone, kStart, kSequence } escape_ = Escape::kNone;
};

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_LINE_EDITOR_H_
