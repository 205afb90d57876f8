#include "apps/ginnel/output.h"

#include <cstdio>

#include "apps/ginnel/text.h"

namespace apps::ginnel {

using ports::linux_os::Done;
using ports::linux_os::Problem;
using ports::linux_os::ProblemKind;

int exit_code(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kInternal: return kExitInternal;
    case ProblemKind::kInput: return kExitUsage;
    case ProblemKind::kNotEnrolled: return kExitNotEnrolled;
    case ProblemKind::kNetwork: return kExitNetwork;
    case ProblemKind::kRefused: return kExitRefused;
    case ProblemKind::kTimeout: return kExitTimeout;
    case ProblemKind::kStore: return kExitStore;
    case ProblemKind::kBusy: return kExitBusy;
  }
  return kExitInternal;
}

Done Output::raw(std::string_view bytes) const {
  // Whole and flushed: what is said to be shown has left this process.
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
      std::fflush(stdout) == 0) {
    return {};
  }
  return Problem{ProblemKind::kInternal, "The standard output cannot be written.", {}};
}

Done Output::text(std::string_view text) const { return json_ ? Done() : raw(text); }

Done Output::object(const nlohmann::ordered_json& object) const {
  if (!json_) return {};
  return raw(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void Output::note(const std::string& line) const {
  if (!json_) std::fprintf(stderr, "%s\n", line.c_str());
}

int Output::problem(const Problem& problem) const {
  const int code = exit_code(problem.kind);
  const auto kind = to_string(problem.kind);
  (void)object({{"event", "error"},
                {"kind", kind},
                {"text", problem.text},
                {"advice", problem.advice},
                {"exit_code", code}});
  if (problem.text.empty()) return code;
  note("ginnel: " + printable(problem.text, "  "));
  if (!problem.advice.empty()) note("        " + printable(problem.advice, "  "));
  return code;
}

}  // namespace apps::ginnel
