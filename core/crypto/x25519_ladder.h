// The Montgomery ladder, for processors on which nothing faster is at hand.
#ifndef CORE_CRYPTO_X25519_LADDER_H_
#define CORE_CRYPTO_X25519_LADDER_H_

#include "core/base/bytes.h"

namespace core::crypto {

// The product of a clamped scalar and the point with the given u, as x / z.
// `Element` is that of a field25519. Constant time. Spec: [RFC7748] 5.
template <class Element>
void x25519_ladder(View<32> scalar, const Element& u, Element& x, Element& z) {
  using Limb = typename decltype(Element::limb)::value_type;
  Element x2{{1}}, z2{}, x3 = u, z3{{1}};
  std::uint32_t swapped = 0;
  for (std::size_t bit = 255; bit-- > 0;) {
    const std::uint32_t is_set = (scalar[bit / 8] >> (bit % 8)) & 1u;
    Limb mask = Limb{0} - (swapped ^ is_set);
    __asm__("" : "+r"(mask));  // the compiler must not make a branch of it
    swapped = is_set;
    swap_if(mask, x2, x3);
    swap_if(mask, z2, z3);

    const Element a = add(x2, z2), b = subtract(x2, z2);
    const Element da = multiply(subtract(x3, z3), a), cb = multiply(add(x3, z3), b);
    const Element aa = square(a), bb = square(b);
    const Element e = subtract(aa, bb);
    x3 = square(add(da, cb));
    z3 = multiply(u, square(subtract(da, cb)));
    x2 = multiply(aa, bb);
    z2 = multiply(e, add(aa, multiply_small(e, 121665)));
  }
  Limb mask = Limb{0} - swapped;
  __asm__("" : "+r"(mask));
  swap_if(mask, x2, x3);
  swap_if(mask, z2, z3);
  x = x2;
  z = z2;
}

}  // namespace core::crypto
#endif  // CORE_CRYPTO_X25519_LADDER_H_
