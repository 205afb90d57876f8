// Result<T>: a value or an Error. The core's only way to fail.
#ifndef CORE_BASE_RESULT_H_
#define CORE_BASE_RESULT_H_

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace core {

// Why an operation failed. One list for the whole core, so that a caller's
// switch is exhaustive. Never carries text, addresses or key material.
enum class [[nodiscard]] Error : std::uint32_t{
    kMalformed = 1,  // bytes do not parse; the sender is broken or hostile
    kBadVersion,     // well formed, but of a version that is not spoken here
    kBadTag,         // authentication failed: a tag, a MAC, a signature or padding
    kBadKey,         // a public key that must not be used: low order, not canonical
    kReplay,         // seen before, or older than what is kept
    kNotFound,       // no such key, session, peer or record
    kUntrusted,      // the peer's identity key differs from the one known
    kOutOfOrder,     // a valid request in a state that does not expect it
    kExpired,        // key, session, token or certificate past its limit
    kFull,           // a fixed-size table or the caller's buffer has no room
    kRng,            // the random source failed
    kStore,          // the store failed to read or to commit
    kRefused,        // the other side said no
};

// Room for a value of a type that is copied as bytes. A Result of it is copied
// as bytes too: a small one travels in registers, and is zero without a value.
template <class T>
union PlainRoom {
  static constexpr bool kIsSmall =
      sizeof(T) <= 2 * sizeof(void*) && std::is_default_constructible_v<T>;

  constexpr PlainRoom() requires kIsSmall : value{} {}
  constexpr PlainRoom() requires(!kIsSmall) {}
  constexpr PlainRoom(const T& from) : value(from) {}
  constexpr const T& operator*() const { return value; }
  constexpr T& operator*() { return value; }

 private:
  T value;
};

// What asks a result is inline also where size counts: it is less than a call.
template <class T>
class [[nodiscard]] Result {
 public:
  constexpr Result(const T& value) : value_(value) {}
  constexpr Result(T&& value) : value_(std::move(value)) {}
  constexpr Result(Error error) : error_(error) {}

  [[gnu::always_inline]] constexpr bool ok() const {
    if constexpr (kIsPlain) {
      return error_ == Error{};
    } else {
      return value_.has_value();
    }
  }
  [[gnu::always_inline]] constexpr explicit operator bool() const { return ok(); }

  // REQUIRES: !ok()
  [[gnu::always_inline]] constexpr Error error() const {
    if (ok()) __builtin_trap();
    return error_;
  }
  // REQUIRES: ok()
  [[gnu::always_inline]] constexpr T& operator*() & { return *operator->(); }
  [[gnu::always_inline]] constexpr const T& operator*() const& { return *operator->(); }
  [[gnu::always_inline]] constexpr T&& operator*() && { return std::move(*operator->()); }
  [[gnu::always_inline]] constexpr T* operator->() {
    if (!ok()) __builtin_trap();
    return &*value_;
  }
  [[gnu::always_inline]] constexpr const T* operator->() const {
    if (!ok()) __builtin_trap();
    return &*value_;
  }

 private:
  static constexpr bool kIsPlain = std::is_trivially_copyable_v<T>;

  std::conditional_t<kIsPlain, PlainRoom<T>, std::optional<T>> value_;
  Error error_{};  // zero: none
};

template <>
class [[nodiscard]] Result<void> {
 public:
  constexpr Result() = default;
  constexpr Result(Error error) : error_(error) {}
  [[gnu::always_inline]] constexpr bool ok() const { return error_ == Error{}; }
  [[gnu::always_inline]] constexpr explicit operator bool() const { return ok(); }
  // REQUIRES: !ok()
  [[gnu::always_inline]] constexpr Error error() const {
    if (ok()) __builtin_trap();
    return error_;
  }
  constexpr void operator*() const {}

 private:
  Error error_{};  // zero: none
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
