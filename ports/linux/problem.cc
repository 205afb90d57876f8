#include "ports/linux/problem.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace ports::linux_os {
namespace {

constexpr std::array<const char*, 8> kKindNames = {"internal", "input",   "not_enrolled", "network",
                                                   "refused",  "timeout", "store",        "busy"};

}  // namespace

const char* to_string(ProblemKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

core::Result<ProblemKind> problem_kind(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (name == kKindNames[i]) return static_cast<ProblemKind>(i);
  }
  return core::Error::kNotFound;
}

const char* error_word(core::Error error) {
  switch (error) {
    case core::Error::kMalformed: return "malformed";
    case core::Error::kBadVersion: return "unknown version";
    case core::Error::kBadTag: return "not authentic";
    case core::Error::kBadKey: return "unusable key";
    case core::Error::kReplay: return "seen before";
    case core::Error::kNotFound: return "not found";
    case core::Error::kUntrusted: return "key not trusted";
    case core::Error::kOutOfOrder: return "not expected now";
    case core::Error::kExpired: return "expired";
    case core::Error::kFull: return "no room";
    case core::Error::kRng: return "no randomness";
    case core::Error::kStore: return "store failed";
    case core::Error::kRefused: return "refused";
  }
  return "unknown";
}

Problem system_problem(ProblemKind kind, const std::string& text, std::string advice) {
  const int reason = errno;
  return {kind, text + ": " + std::strerror(reason), std::move(advice)};
}

}  // namespace ports::linux_os
