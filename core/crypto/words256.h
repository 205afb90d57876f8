// Sums and products of numbers of eight 32-bit words, for processors without
// wider ones. Constant time: there is no branch, and carries are words.
#ifndef CORE_CRYPTO_WORDS256_H_
#define CORE_CRYPTO_WORDS256_H_

#include <type_traits>
#include <utility>

#include "core/base/bytes.h"

namespace core::crypto::words256 {

// Least significant word first.
using Words = std::array<std::uint32_t, 8>;

// function(0) to function(7). Everything below is written out word by word, as
// half of the time of a loop would be the loop.
template <class Function>
[[gnu::always_inline]] constexpr void each_word(const Function& function) {
  [&]<std::size_t... kWords>(std::index_sequence<kWords...>) __attribute__((always_inline)) {
    (function(kWords), ...);
  }
  (std::make_index_sequence<8>());
}

// Keeps the compiler from knowing that a carry is 0 or 1, and from making a branch
// of that.
[[gnu::always_inline]] constexpr std::uint32_t hidden(std::uint32_t carry) {
  if (!std::is_constant_evaluated()) __asm__("" : "+r"(carry));
  return carry;
}

// A sum of products of words that belong at one place of the result.
struct Column {
  std::uint32_t low = 0, middle = 0, high = 0;

  // += a * b. The high half of a product is never all ones: it can take a carry.
  [[gnu::always_inline]] constexpr void add_product(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t product = std::uint64_t{a} * b;
    const auto product_low = static_cast<std::uint32_t>(product);
    auto product_high = static_cast<std::uint32_t>(product >> 32);
    low += product_low;
    product_high += low < product_low;
    middle += product_high;
    high += middle < product_high;
  }
  // The word of this place; what is left belongs to the next.
  [[gnu::always_inline]] constexpr std::uint32_t take() {
    const std::uint32_t out = low;
    low = middle;
    middle = high;
    high = 0;
    return out;
  }
};

// Adds a[i] * b[place - i] for the `kCount` words i from kFirst on. Loops over
// places and words are written out, whatever the compiler thinks of its size.
template <std::size_t kPlace, std::size_t kFirst, std::size_t kCount>
[[gnu::always_inline]] constexpr void add_products(const Words& a, const Words& b, Column& column) {
  [&]<std::size_t... kWords>(std::index_sequence<kWords...>) __attribute__((always_inline)) {
    (column.add_product(a[kFirst + kWords], b[kPlace - kFirst - kWords]), ...);
  }
  (std::make_index_sequence<kCount>());
}

constexpr std::size_t first_word(std::size_t place) { return place < 8 ? 0 : place - 7; }

// The word of `kPlace` of a * b, whose lower places are done.
template <std::size_t kPlace>
[[gnu::always_inline]] constexpr std::uint32_t multiply_column(const Words& a, const Words& b,
                                                               Column& column) {
  constexpr std::size_t kFirst = first_word(kPlace);
  add_products<kPlace, kFirst, kPlace - 2 * kFirst + 1>(a, b, column);
  return column.take();
}

// The words of a * a, from the lowest on: twice the products of different words,
// and the squares.
class Square {
 public:
  explicit constexpr Square(const Words& a) : a_(a) {}

  // The word of `kPlace`. REQUIRES: the last one was that of the place below.
  template <std::size_t kPlace>
  [[gnu::always_inline]] constexpr std::uint32_t take() {
    constexpr std::size_t kFirst = first_word(kPlace);
    add_products<kPlace, kFirst, (kPlace + 1) / 2 - kFirst>(a_, a_, column_);
    const std::uint32_t once = column_.take();
    const std::uint32_t twice = once << 1 | once_ >> 31;
    once_ = once;
    if constexpr (kPlace % 2 == 0) {
      square_ = std::uint64_t{a_[kPlace / 2]} * a_[kPlace / 2];
    } else {
      square_ >>= 32;
    }
    const std::uint64_t sum = std::uint64_t{twice} + static_cast<std::uint32_t>(square_) + carried_;
    carried_ = static_cast<std::uint32_t>(sum >> 32);
    return static_cast<std::uint32_t>(sum);
  }

 private:
  const Words& a_;
  Column column_;
  std::uint32_t once_ = 0;  // the word below, not doubled
  std::uint64_t square_ = 0;
  std::uint32_t carried_ = 0;
};

// Gives take(place, word) the sixteen words of a * b, from the lowest on.
template <class Take>
[[gnu::always_inline]] constexpr void multiply(const Words& a, const Words& b, Take& take) {
  Column column;
  [&]<std::size_t... kPlaces>(std::index_sequence<kPlaces...>) __attribute__((always_inline)) {
    (take(kPlaces, multiply_column<kPlaces>(a, b, column)), ...);
  }
  (std::make_index_sequence<15>());
  take(15, column.low);
}

// The same of a * a.
template <class Take>
[[gnu::always_inline]] constexpr void square(const Words& a, Take& take) {
  Square out(a);
  [&]<std::size_t... kPlaces>(std::index_sequence<kPlaces...>) __attribute__((always_inline)) {
    (take(kPlaces, out.take<kPlaces>()), ...);
  }
  (std::make_index_sequence<16>());
}

}  // namespace core::crypto::words256
#endif  // CORE_CRYPTO_WORDS256_H_
