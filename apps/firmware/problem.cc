#include "apps/firmware/problem.h"

namespace apps::firmware {

using core::Error;

std::string_view sentence(Problem problem) {
  switch (problem) {
    case Problem::kNone: return "";
    case Problem::kStore: return "the flash store failed";
    case Problem::kDamaged: return "the store does not hold what a device writes there";
    case Problem::kNoRandomness: return "there is no randomness to be had";
    case Problem::kNoMemory: return "there is not enough memory";
    case Problem::kEnrolled: return "this device is enrolled: reset it first";
    case Problem::kEnrolling: return "this device enrols just now";
    case Problem::kNotEnrolled: return "this device is not enrolled";
    case Problem::kNoToken: return "this is no invitation, or it is mistyped";
    case Problem::kLaterToken: return "the invitation was made by a later version";
    case Problem::kNoName: return "the server's name cannot be resolved";
    case Problem::kNoConnection: return "the server cannot be reached";
    case Problem::kNoAnswer: return "the server does not answer";
    case Problem::kUntrusted: return "it is not the server it should be";
    case Problem::kDates:
      return "the server's certificate is not valid now: its dates or this clock are wrong";
    case Problem::kNoTls13: return "the server does not speak TLS 1.3";
    case Problem::kUnknownInvite: return "the server does not know this invitation";
    case Problem::kUsedInvite: return "the invitation was used before, by another device";
    case Problem::kExpired: return "the invitation has expired";
    case Problem::kBusy: return "the server could not do it now; the invitation is still good";
    case Problem::kRefused: return "the server refused this device";
    case Problem::kNotUnderstood: return "what the server said is not understood";
    case Problem::kForged: return "the answer does not come from the server that invited";
    case Problem::kNoMail: return "the server does not let this device read its mail";
  }
  return "";
}

Problem problem_of_stream(Error error) {
  switch (error) {
    case Error::kUntrusted: return Problem::kUntrusted;
    case Error::kExpired: return Problem::kDates;
    case Error::kBadVersion: return Problem::kNoTls13;
    case Error::kFull: return Problem::kNoMemory;
    case Error::kRng: return Problem::kNoRandomness;
    case Error::kRefused: return Problem::kNoConnection;
    default: return Problem::kNotUnderstood;
  }
}

Problem problem_of_store(Error error) {
  switch (error) {
    case Error::kRng: return Problem::kNoRandomness;
    case Error::kMalformed:
    case Error::kBadVersion: return Problem::kDamaged;
    default: return Problem::kStore;
  }
}

}  // namespace apps::firmware
