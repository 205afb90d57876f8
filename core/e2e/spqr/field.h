// The field of the erasure code: GF(2^16) modulo x^16 + x^12 + x^3 + x + 1.
// Only public bytes and indices are computed with, in constant time all the same.
// Spec: docs/spec/end-to-end.md erasure code.
#ifndef CORE_E2E_SPQR_FIELD_H_
#define CORE_E2E_SPQR_FIELD_H_

#include <cstdint>

namespace core::e2e::spqr {

// x^16 is this.
inline constexpr std::uint16_t kReduction = 0x100b;

// Addition and subtraction are both XOR.
constexpr std::uint16_t multiply(std::uint16_t a, std::uint16_t b) {
  std::uint32_t product = 0;
  for (unsigned i = 0; i < 16; ++i) product ^= (0u - (b >> i & 1u)) & (std::uint32_t{a} << i);
  for (unsigned i = 15; i < 16; --i) {
    product ^= (0u - (product >> (16 + i) & 1u)) & ((0x10000u | kReduction) << i);
  }
  return static_cast<std::uint16_t>(product);
}

// 1 / a. REQUIRES: a != 0
constexpr std::uint16_t invert(std::uint16_t a) {
  std::uint16_t power = a, result = 1;  // a^(2^16 - 2)
  for (unsigned i = 1; i < 16; ++i) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}

static_assert(multiply(0x8000, 2) == kReduction);
static_assert(multiply(invert(0xabcd), 0xabcd) == 1);

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_FIELD_H_
