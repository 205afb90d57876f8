// Other programs: finding them, and running one to its end.
#ifndef PORTS_LINUX_PROGRAM_H_
#define PORTS_LINUX_PROGRAM_H_

#include <string>
#include <vector>

#include "ports/linux/problem.h"

namespace ports::linux_os {

// The path of a program: beside the one that runs, in a folder of its own
// beside that one's (a build tree), in PATH, or where system programs lie.
// Empty if it is nowhere.
std::string find_program(const std::string& name);

struct ProgramEnd {
  int status = 0;      // its exit code, or 128 and the signal
  std::string output;  // standard output and error, at most 64 KiB of them
};

// Runs a program (a path) until it and all that hold its output have ended.
// Errors: kInternal.
Outcome<ProgramEnd> run_program(const std::vector<std::string>& arguments);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_PROGRAM_H_
