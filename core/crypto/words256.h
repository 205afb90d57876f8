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
  // += 2 * other
  [[gnu::always_inline]] constexpr void add_twice(const Column& other) {
    const std::uint32_t twice_low = other.low << 1;
    const std::uint32_t twice_middle = other.middle << 1 | other.low >> 31;
    low += twice_low;
    const std::uint32_t carried = low < twice_low;
    middle += carried;
    high += middle < carried;
    middle += twice_middle;
    high += (middle < twice_middle) + (other.high << 1 | other.middle >> 31);
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

// The same of a * a.
template <std::size_t kPlace>
[[gnu::always_inline]] constexpr std::uint32_t square_column(const Words& a, Column& column) {
  constexpr std::size_t kFirst = first_word(kPlace);
  Column half;
  add_products<kPlace, kFirst, (kPlace + 1) / 2 - kFirst>(a, a, half);
  column.add_twice(half);
  if (kPlace % 2 == 0) column.add_product(a[kPlace / 2], a[kPlace / 2]);
  return column.take();
}

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
  Column column;
  [&]<std::size_t... kPlaces>(std::index_sequence<kPlaces...>) __attribute__((always_inline)) {
    (take(kPlaces, square_column<kPlaces>(a, column)), ...);
  }
  (std::make_index_sequence<15>());
  take(15, column.low);
}

}  // namespace core::crypto::words256
#endif  // CORE_CRYPTO_WORDS256_H_
