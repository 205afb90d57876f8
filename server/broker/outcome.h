// Results of operations on the machine the server runs on. Unlike the core's
// Result they carry a sentence for the operator.
#ifndef SERVER_BROKER_OUTCOME_H_
#define SERVER_BROKER_OUTCOME_H_

#include <string>
#include <utility>
#include <variant>

#include "core/base/result.h"

namespace server::broker {

// Why an operation failed. `text` is one sentence that says what to do where
// that is known; never key material.
struct Failure {
  enum class Kind : std::uint8_t {
    kSystem,        // a file, socket or process operation failed
    kInUse,         // the data folder or a port belongs to another process
    kNotInstalled,  // a program or a file of the installation is missing
    kBadInput,      // what was given does not parse or is refused by a rule
    kBadKey,        // a key of a kind or strength that is not accepted
  };
  Kind kind = Kind::kSystem;
  std::string text;
};

// A value or a Failure. Works with TRY.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : v_(std::in_place_index<1>, std::move(value)) {}
  Outcome(Failure failure) : v_(std::in_place_index<0>, std::move(failure)) {}

  bool ok() const { return v_.index() == 1; }
  explicit operator bool() const { return ok(); }
  // REQUIRES: !ok()
  const Failure& error() const { return std::get<0>(v_); }
  // REQUIRES: ok()
  T& operator*() & { return std::get<1>(v_); }
  const T& operator*() const& { return std::get<1>(v_); }
  T&& operator*() && { return std::get<1>(std::move(v_)); }
  T* operator->() { return &std::get<1>(v_); }
  const T* operator->() const { return &std::get<1>(v_); }

 private:
  std::variant<Failure, T> v_;
};

template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() = default;
  Outcome(Failure failure) : failure_(std::move(failure)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Failure& error() const { return failure_; }
  void operator*() const {}

 private:
  Failure failure_;
  bool ok_ = true;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_OUTCOME_H_
