// What went wrong, for people: a sentence, what to do next, and a kind that a
// program can act on.
#ifndef PORTS_LINUX_PROBLEM_H_
#define PORTS_LINUX_PROBLEM_H_

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/result.h"

namespace ports::linux_os {

enum class ProblemKind : std::uint8_t {
  kInternal,     // our fault, or the machine's: no memory, no descriptors
  kInput,        // what the user gave cannot be used
  kNotEnrolled,  // this home holds no device yet
  kNetwork,      // the server or broker cannot be reached
  kRefused,      // reached, and it said no; or it is not who it should be
  kTimeout,      // not done in the time given
  kStore,        // the disk, the store or a file's permissions
  kBusy,         // another process owns the home
};

// "network", "not_enrolled", ...: stable names for programs.
const char* to_string(ProblemKind kind);
// Errors: kNotFound.
core::Result<ProblemKind> problem_kind(std::string_view name);

// Neither text ever holds a secret.
struct Problem {
  ProblemKind kind = ProblemKind::kInternal;
  std::string text;    // one sentence: what happened
  std::string advice;  // one sentence: what to do; may be empty
};

// A T or a Problem; works with TRY like core::Result.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : v_(std::in_place_index<1>, std::move(value)) {}
  Outcome(Problem problem) : v_(std::in_place_index<0>, std::move(problem)) {}

  bool ok() const { return v_.index() == 1; }
  explicit operator bool() const { return ok(); }
  // REQUIRES: !ok()
  const Problem& error() const {
    CHECK(!ok());
    return *std::get_if<0>(&v_);
  }
  // REQUIRES: ok()
  T& operator*() & { return value(); }
  const T& operator*() const& { return const_cast<Outcome*>(this)->value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &const_cast<Outcome*>(this)->value(); }

 private:
  T& value() {
    CHECK(ok());
    return *std::get_if<1>(&v_);
  }
  std::variant<Problem, T> v_;
};

template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() = default;
  Outcome(Problem problem) : problem_(std::move(problem)), ok_(false) {}
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  // REQUIRES: !ok()
  const Problem& error() const {
    CHECK(!ok_);
    return problem_;
  }
  void operator*() const {}

 private:
  Problem problem_;
  bool ok_ = true;
};

using Done = Outcome<void>;

// The core's error as a word, for messages about things that should not be.
const char* error_word(core::Error error);

// A problem with the system's reason for errno appended to `text`.
Problem system_problem(ProblemKind kind, const std::string& text, std::string advice = {});

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_PROBLEM_H_
