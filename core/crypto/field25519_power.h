// Powers in the field modulo 2^255 - 19, of any representation of its elements:
// one that has multiply() and square().
#ifndef CORE_CRYPTO_FIELD25519_POWER_H_
#define CORE_CRYPTO_FIELD25519_POWER_H_

#include "core/base/bytes.h"

namespace core::crypto::field_power {

// a squared `count` times. As square().
template <class Element>
constexpr Element square_times(Element a, int count) {
  for (int i = 0; i < count; ++i) a = square(a);
  return a;
}

// A power of one element: an earlier one squared some times, times another.
struct Step {
  std::uint8_t squared, times, by;
};

// Element 0 is a; the comments say the exponents.
inline constexpr Step kRootSteps[] = {
    {0, 3, 0},    //  1: 9
    {0, 1, 1},    //  2: 11
    {2, 1, 1},    //  3: 2^5 - 1
    {3, 5, 3},    //  4: 2^10 - 1
    {4, 10, 4},   //  5: 2^20 - 1
    {5, 20, 5},   //  6: 2^40 - 1
    {6, 10, 4},   //  7: 2^50 - 1
    {7, 50, 7},   //  8: 2^100 - 1
    {8, 100, 8},  //  9: 2^200 - 1
    {9, 50, 7},   // 10: 2^250 - 1
    {10, 2, 0},   // 11: 2^252 - 3
};

// a^(2^252 - 3), the power that square roots are made of; times a^2 to the
// eighth it is a^(p - 2). As multiply().
template <class Element>
constexpr Element root_power(const Element& a) {
  std::array<Element, std::size(kRootSteps) + 1> powers{a};
  for (std::size_t i = 0; i < std::size(kRootSteps); ++i) {
    const auto& [squared, times, by] = kRootSteps[i];
    powers[i + 1] = multiply(square_times(powers[squared], times), powers[by]);
  }
  return powers.back();
}

// 1 / a, and 0 for 0. As multiply().
template <class Element>
constexpr Element invert(const Element& a) {
  // p - 2 = 8 (2^252 - 3) + 3
  return multiply(square_times(root_power(a), 3), multiply(square(a), a));
}

}  // namespace core::crypto::field_power
#endif  // CORE_CRYPTO_FIELD25519_POWER_H_
