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

// a^(2^252 - 3), the power that square roots are made of; times a^2 to the
// eighth it is a^(p - 2). As multiply().
template <class Element>
constexpr Element root_power(const Element& a) {
  // Names say the exponent: ones_n is 2^n - 1.
  const Element a9 = multiply(square_times(a, 3), a);
  const Element a11 = multiply(a9, square(a));
  const Element ones_5 = multiply(square(a11), a9);
  const Element ones_10 = multiply(square_times(ones_5, 5), ones_5);
  const Element ones_20 = multiply(square_times(ones_10, 10), ones_10);
  const Element ones_40 = multiply(square_times(ones_20, 20), ones_20);
  const Element ones_50 = multiply(square_times(ones_40, 10), ones_10);
  const Element ones_100 = multiply(square_times(ones_50, 50), ones_50);
  const Element ones_200 = multiply(square_times(ones_100, 100), ones_100);
  const Element ones_250 = multiply(square_times(ones_200, 50), ones_50);
  return multiply(square_times(ones_250, 2), a);
}

// 1 / a, and 0 for 0. As multiply().
template <class Element>
constexpr Element invert(const Element& a) {
  // p - 2 = 8 (2^252 - 3) + 3
  return multiply(square_times(root_power(a), 3), multiply(square(a), a));
}

}  // namespace core::crypto::field_power
#endif  // CORE_CRYPTO_FIELD25519_POWER_H_
