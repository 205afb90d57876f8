// Result<T>: a value or an Error. The core's only way to fail.
#ifndef CORE_BASE_RESULT_H_
#define CORE_BASE_RESULT_H_

#include <cstdint>
#include <utility>
#include <variant>

namespace core {

// Why an operation failed. One list for the whole core, so that a caller's
// switch is exhaustive. Never carries text, addresses or key material.
enum class [[nodiscard]] Error : std::uint8_t{
    kMalformed,   // bytes do not parse; the sender is broken or hostile
    kBadVersion,  // well formed, but of a version that is not spoken here
    kBadTag,      // authentication failed: a tag, a MAC, a signature or padding
    kBadKey,      // a public key that must not be used: low order, not canonical
    kReplay,      // seen before, or older than what is kept
    kNotFound,    // no such key, session, peer or record
    kUntrusted,   // the peer's identity key differs from the one known
    kOutOfOrder,  // a valid request in a state that does not expect it
    kExpired,     // key, session, token or certificate past its limit
    kFull,        // a fixed-size table or the caller's buffer has no room
    kRng,         // the random source failed
    kStore,       // the store failed to read or to commit
    kRefused,     // the other side said no
};

template <class T>
class [[nodiscard]] Result {
 public:
  constexpr Result(T value) : v_(std::in_place_index<1>, std::move(value)) {}
  constexpr Result(Error error) : v_(std::in_place_index<0>, error) {}

  constexpr bool ok() const { return v_.index() == 1; }
  constexpr explicit operator bool() const { return ok(); }

  // REQUIRES: !ok()
  constexpr Error error() const {
    if (ok()) __builtin_trap();
    return *std::get_if<0>(&v_);
  }
  // REQUIRES: ok()
  constexpr T& operator*() & { return *checked(std::get_if<1>(&v_)); }
  constexpr const T& operator*() const& { return *checked(std::get_if<1>(&v_)); }
  constexpr T&& operator*() && { return std::move(*checked(std::get_if<1>(&v_))); }
  constexpr T* operator->() { return checked(std::get_if<1>(&v_)); }
  constexpr const T* operator->() const { return checked(std::get_if<1>(&v_)); }

 private:
  // get_if() gives nullptr where the other alternative stands.
  template <class P>
  static constexpr P checked(P value) {
    if (value == nullptr) __builtin_trap();
    return value;
  }
  std::variant<Error, T> v_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  constexpr Result() = default;
  constexpr Result(Error error) : ok_(false), error_(error) {}
  constexpr bool ok() const { return ok_; }
  constexpr explicit operator bool() const { return ok_; }
  // REQUIRES: !ok()
  constexpr Error error() const {
    if (ok_) __builtin_trap();
    return error_;
  }
  constexpr void operator*() const {}

 private:
  bool ok_ = true;
  Error error_{};
};

using Status = Result<void>;

}  // namespace core

// Evaluates to the value of a Result, or returns its error from the enclosing
// function. Use only as a whole statement or a whole initializer.
#define TRY(expr)                                 \
  __extension__({                                 \
    auto try_result_ = (expr);                    \
    if (!try_result_) return try_result_.error(); \
    *std::move(try_result_);                      \
  })

// Traps on our own bugs; never used on input.
#define CHECK(condition)                \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (false)

#endif  // CORE_BASE_RESULT_H_
