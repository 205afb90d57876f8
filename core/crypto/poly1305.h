// Poly1305 in 64-bit words: for short messages, for what is left of long ones,
// and for the powers of r that vectors need.
// Spec: [RFC8439] 2.5.
#ifndef CORE_CRYPTO_POLY1305_H_
#define CORE_CRYPTO_POLY1305_H_

#include <cstddef>
#include <cstdint>

// All functions are inlined always: files that are compiled for one kind of
// processor share no inline function with others.
namespace core::crypto::poly1305 {

__extension__ using Wide = unsigned __int128;

using Word [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;

// A number modulo p = 2^130 - 5: w0 + 2^64 w1 + 2^128 w2, w2 < 8 always and
// below 6 after a multiplication.
struct Number {
  std::uint64_t w0, w1, w2;
};

// The half of the key that is multiplied by. Four bits of each word but the
// first 32 are zero, so r1 is a multiple of 4 and 2^128 r1 = 5 r1 / 4.
struct Multiplier {
  std::uint64_t r0, r1, r1_5_4;
};

[[gnu::always_inline]] inline std::uint64_t load(const std::uint8_t* in) {
  std::uint64_t word;
  __builtin_memcpy(&word, in, sizeof(word));  // little-endian, as the processors this is for
  return word;
}

[[gnu::always_inline]] inline Multiplier multiplier(const std::uint8_t* key) {
  const std::uint64_t r0 = load(key) & 0x0ffffffc0fffffff;
  const std::uint64_t r1 = load(key + 8) & 0x0ffffffc0ffffffc;
  return {r0, r1, r1 + (r1 >> 2)};
}

// h *= r. In assembly, as compilers keep 128-bit sums in memory.
[[gnu::always_inline]] inline void multiply(Number& h, const Multiplier& r) {
  // The product is low + 2^64 (carry + middle) + 2^128 high and more to come.
  std::uint64_t low, carry, middle, high, x, y;
  __asm__(
      "mov %[r0], %%rdx\n\t"
      "mulx %[w0], %[low], %[carry]\n\t"
      "mulx %[w1], %[middle], %[high]\n\t"
      "mov %[w2], %[x]\n\t"
      "imul %%rdx, %[w2]\n\t"
      "imul %[r1_5_4], %[x]\n\t"
      "mov %[r1], %%rdx\n\t"
      "mulx %[w0], %[w0], %[y]\n\t"
      "mov %[r1_5_4], %%rdx\n\t"
      "add %[w0], %[middle]\n\t"
      "adc %[y], %[high]\n\t"
      "mulx %[w1], %[w0], %[w1]\n\t"
      "add %[x], %[middle]\n\t"
      "adc %[w2], %[high]\n\t"
      // What is above bit 130 counts five times. The carries into bit 128 are
      // still to come, and stay there.
      "mov %[high], %[w2]\n\t"
      "shr $2, %[high]\n\t"
      "and $3, %k[w2]\n\t"
      "lea (%[high], %[high], 4), %[x]\n\t"
      "add %[low], %[w0]\n\t"
      "adc %[carry], %[w1]\n\t"
      "add %[middle], %[w1]\n\t"
      "adc $0, %[w2]\n\t"
      "add %[x], %[w0]\n\t"
      "adc $0, %[w1]\n\t"
      "adc $0, %[w2]"
      : [w0] "+&r"(h.w0), [w1] "+&r"(h.w1), [w2] "+&r"(h.w2), [low] "=&r"(low),
        [carry] "=&r"(carry), [middle] "=&r"(middle), [high] "=&r"(high), [x] "=&r"(x), [y] "=&r"(y)
      : [r0] "rm"(r.r0), [r1] "rm"(r.r1), [r1_5_4] "rm"(r.r1_5_4)
      : "rdx", "cc");
}

// h = (h + m + 2^128) * r, m being the 16 bytes at `block`.
[[gnu::always_inline]] inline void absorb(Number& h, const Multiplier& r,
                                          const std::uint8_t* block) {
  __asm__(
      "add %[low], %[w0]\n\tadc %[high], %[w1]\n\tadc $1, %[w2]"
      : [w0] "+&r"(h.w0), [w1] "+&r"(h.w1), [w2] "+&r"(h.w2)
      : [low] "m"(*reinterpret_cast<const Word*>(block)), [high] "m"(*reinterpret_cast<const Word*>(
                                                              block + 8))
      : "cc");
  multiply(h, r);
}

// Writes (h mod p) + 2^64 pad1 + pad0, modulo 2^128. The pad is the key's second half.
[[gnu::always_inline]] inline void finish(const Number& h, std::uint64_t pad0, std::uint64_t pad1,
                                          std::uint8_t* tag) {
  // Below 2 p once the top is folded; then g = h + 5 has bit 130 iff h >= p.
  Wide t = Wide{h.w0} + 5 * (h.w2 >> 2);
  const auto f0 = static_cast<std::uint64_t>(t);
  t = Wide{h.w1} + static_cast<std::uint64_t>(t >> 64);
  const auto f1 = static_cast<std::uint64_t>(t);
  const std::uint64_t f2 = (h.w2 & 3) + static_cast<std::uint64_t>(t >> 64);
  t = Wide{f0} + 5;
  const auto g0 = static_cast<std::uint64_t>(t);
  t = Wide{f1} + static_cast<std::uint64_t>(t >> 64);
  const auto g1 = static_cast<std::uint64_t>(t);
  const std::uint64_t g2 = f2 + static_cast<std::uint64_t>(t >> 64);
  std::uint64_t mask = 0 - (g2 >> 2);
  __asm__("" : "+r"(mask));  // the compiler must not make a branch of it
  t = Wide{(f0 & ~mask) | (g0 & mask)} + pad0;
  const auto out0 = static_cast<std::uint64_t>(t);
  const std::uint64_t out1 =
      ((f1 & ~mask) | (g1 & mask)) + pad1 + static_cast<std::uint64_t>(t >> 64);
  __builtin_memcpy(tag, &out0, 8);
  __builtin_memcpy(tag + 8, &out1, 8);
}

}  // namespace core::crypto::poly1305
#endif  // CORE_CRYPTO_POLY1305_H_
