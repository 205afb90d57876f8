#include "apps/firmware/console.h"

namespace apps::firmware {
namespace {

constexpr std::uint8_t kBackspace = 0x08, kDelete = 0x7f;

// Cuts the first word off the front, and the spaces behind it.
std::string_view take_word(std::string_view& text) {
  const std::size_t size = std::min(text.find(' '), text.size());
  const std::string_view word(text.data(), size);
  text.remove_prefix(size);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return word;
}

const Command* find(std::string_view word) {
  const auto all = commands();
  std::size_t number = 0;
  const auto end = word.data() + word.size();
  if (std::from_chars(word.data(), end, number).ptr == end && number >= 1 && number <= all.size()) {
    return &all[number - 1];
  }
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.word == word; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

void Console::take(std::uint8_t byte) {
  if (byte == '\r' || byte == '\n') {
    if (for_people_) out_ << "\n";
    return take_line();
  }
  if (byte == kBackspace || byte == kDelete) {
    if (size_ == asked_at_) return;
    --size_;
    if (for_people_) out_ << "\b \b";
    return;
  }
  if (size_ == line_.size()) {
    too_long_ = true;
    return;
  }
  line_[size_++] = static_cast<char>(byte);
  if (for_people_ && byte >= 0x20) out_ << std::string_view(&line_[size_ - 1], 1);
}

void Console::take_line() {
  if (std::exchange(too_long_, false)) {
    answer("the line is too long");
    return begin_line();
  }
  if (asked_at_ != 0 && size_ == asked_at_) return begin_line();  // no answer: never mind
  std::string_view rest(line_.data(), size_);
  const std::string_view word = take_word(rest);
  if (word == "menu" || word == "help") {
    for_people_ = for_people_ || word == "menu";
    show_menu();
    answer({});
  } else if (word == "quiet") {
    for_people_ = false;
    answer({});
  } else if (const Command* command = find(word)) {
    return run(*command, rest);
  } else if (!word.empty()) {
    answer("there is no such command: `help` lists them");
  }
  begin_line();
}

void Console::run(const Command& command, std::string_view rest) {
  std::array<std::string_view, 2> given;
  for (std::size_t i = 0; i < given.size() && !command.arguments[i].empty(); ++i) {
    const bool last = i + 1 == given.size() || command.arguments[i + 1].empty();
    given[i] = last ? rest : take_word(rest);
    if (!given[i].empty()) continue;
    if (for_people_ && size_ < line_.size()) {
      // What is typed next stands behind what is there.
      line_[size_++] = ' ';
      asked_at_ = size_;
      out_ << command.arguments[i] << ": ";
      return;
    }
    answer("something is missing: `help` says what");
    return begin_line();
  }
  answer(command.run(context_, given));
  begin_line();
}

void Console::answer(std::string_view problem) {
  if (problem.empty()) {
    out_ << "ok\n";
  } else {
    out_ << "error: " << problem << "\n";
  }
}

void Console::begin_line() {
  core::wipe({reinterpret_cast<std::uint8_t*>(line_.data()), size_});  // it may be an invitation
  size_ = asked_at_ = 0;
  if (for_people_) out_ << "> ";
}

void Console::show_menu() {
  std::uint64_t number = 0;
  for (const Command& command : commands()) {
    out_ << ++number << " " << command.word;
    for (const auto argument : command.arguments) {
      if (!argument.empty()) out_ << " <" << argument << ">";
    }
    out_ << ": " << command.help << "\n";
  }
  out_ << "menu, quiet: for people, for programs\n";
}

void Console::step() {
  while (const auto event = context_.device.next_event()) tell(*event, out_);
  const auto* tunnel = context_.device.tunnel_counters();
  if (!tunnel_up_ && tunnel != nullptr && tunnel->responses_received != 0) {
    tunnel_up_ = true;
    out_ << "* tunnel up after " << static_cast<std::uint64_t>(context_.board.now().ms) << " ms\n";
  }
  const auto state = context_.device.state();
  const auto problem = context_.device.problem();
  if (state == state_ && problem == problem_) return;
  state_ = state;
  problem_ = problem;
  out_ << "* state " << word(state);
  if (problem != Problem::kNone) out_ << ": " << sentence(problem);
  out_ << "\n";
}

}  // namespace apps::firmware
