// Views of bytes, and secrets that wipe themselves.
#ifndef CORE_BASE_BYTES_H_
#define CORE_BASE_BYTES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace core {

using Bytes = std::span<const std::uint8_t>;
using MutBytes = std::span<std::uint8_t>;
template <std::size_t N>
using View = std::span<const std::uint8_t, N>;
template <std::size_t N>
using MutView = std::span<std::uint8_t, N>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

// Compares public bytes. Variable time: never give it a secret. Inline also
// where size counts: of views of one size only the comparison is left.
[[gnu::always_inline]] inline bool equal_var(Bytes a, Bytes b) {
  return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
}

// Copies all of `from` to the front of `to`. REQUIRES: to.size() >= from.size()
inline void copy(Bytes from, MutBytes to) {
  if (to.size() < from.size()) __builtin_trap();
  if (!from.empty()) std::memmove(to.data(), from.data(), from.size());
}

// A copy of the N viewed bytes.
template <std::size_t N>
ByteArray<N> to_array(View<N> from) {
  ByteArray<N> out;
  std::copy(from.begin(), from.end(), out.begin());
  return out;
}

// The bytes of a string literal without its final zero, for labels.
template <std::size_t N>
constexpr ByteArray<N - 1> label(const char (&text)[N]) {
  ByteArray<N - 1> out{};
  for (std::size_t i = 0; i + 1 < N; ++i) out[i] = static_cast<std::uint8_t>(text[i]);
  return out;
}

// Overwrites `bytes` with zeros in a way the optimizer keeps.
inline void wipe(MutBytes bytes) {
  if (!bytes.empty()) std::memset(bytes.data(), 0, bytes.size());
  __asm__ volatile("" : : "r"(bytes.data()) : "memory");
}

// N secret bytes. Move-only; wiped on destruction and when moved from. Has no
// operator== and no way to print: compare with crypto::ct_equal().
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(View<N> from) : data_(to_array(from)) {}
  Secret(Secret&& other) noexcept : data_(other.data_) { wipe(other.data_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      data_ = other.data_;
      wipe(other.data_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(data_); }

  Secret clone() const { return Secret(view()); }
  View<N> view() const { return data_; }
  MutView<N> mut() { return data_; }

 private:
  ByteArray<N> data_{};
};

}  // namespace core
#endif  // CORE_BASE_BYTES_H_
