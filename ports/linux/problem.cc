#include "ports/linux/problem.h"

#include <cerrno>
#include <cstring>

namespace ports::linux_os {

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
