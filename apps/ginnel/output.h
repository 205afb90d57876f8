// What the commands print: text for people, or one JSON object a line.
// Spec: docs/using.md.
#ifndef APPS_GINNEL_OUTPUT_H_
#define APPS_GINNEL_OUTPUT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ports/linux/problem.h"

namespace apps::ginnel {

// Exit codes, for scripts. Documented in docs/using.md and --help.
enum ExitCode : int {
  kExitOk = 0,
  kExitInternal = 1,
  kExitUsage = 2,        // wrong arguments or input
  kExitNotEnrolled = 3,  // no device in the home yet
  kExitNetwork = 4,      // server not reachable
  kExitRefused = 5,      // refused, or a key that is not trusted
  kExitTimeout = 6,      // not done in time
  kExitStore = 7,        // the home cannot be read or written
  kExitBusy = 8,         // another ginnel has the home
};
int exit_code(ports::linux_os::ProblemKind kind);

class Output {
 public:
  explicit Output(bool json = false) : json_(json) {}
  bool json() const { return json_; }

  // Prints an object on a line of its own; nothing without --json.
  // Errors: kInternal if standard output is closed or full.
  ports::linux_os::Done object(const nlohmann::ordered_json& object) const;
  // Prints text as it is; nothing with --json. Errors: as above.
  ports::linux_os::Done text(std::string_view text) const;
  // Prints bytes as they are, whatever the mode. Errors: as above.
  ports::linux_os::Done raw(std::string_view bytes) const;
  // A line for people on standard error; nothing with --json.
  void note(const std::string& line) const;
  // Prints a problem as befits the mode and returns its exit code.
  int problem(const ports::linux_os::Problem& problem) const;

 private:
  bool json_;
};

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_OUTPUT_H_
