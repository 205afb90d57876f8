// field25519.h for 32-bit processors: eight words, and every number below 2^256
// stands for itself modulo p. So there are no bounds to keep: each function takes
// and gives any element. Constant time unless a name says otherwise.
// Spec: [RFC7748] 4.1.
#ifndef CORE_CRYPTO_FIELD25519_32_H_
#define CORE_CRYPTO_FIELD25519_32_H_

#include "core/crypto/field25519_power.h"
#include "core/crypto/words256.h"

namespace core::crypto::field32 {

using field_power::invert;
using field_power::root_power;
using field_power::square_times;

using words256::each_word;

using Limb = std::uint32_t;

// The sum of limb[i] * 2^(32 i).
struct Element {
  std::array<std::uint32_t, 8> limb;
};

inline constexpr Element kZero{{0, 0, 0, 0, 0, 0, 0, 0}};
inline constexpr Element kOne{{1, 0, 0, 0, 0, 0, 0, 0}};
constexpr Element small(std::uint32_t a) { return {{a, 0, 0, 0, 0, 0, 0, 0}}; }

// a + addend; returns the carry.
[[gnu::always_inline]] constexpr std::uint32_t add_word(Element& a, std::uint32_t addend) {
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    a.limb[i] += addend;
    addend = a.limb[i] < addend;
  });
  return addend;
}

// 2^256 is 38 modulo p: what is above comes back as 38 times that.
inline constexpr std::uint32_t kFold = 38;

// a + factor * 2^256, for a factor below 2^20. Should that overflow, what is left
// is far below 2^32 and takes 38 more.
[[gnu::always_inline]] constexpr void fold(Element& a, std::uint32_t factor) {
  a.limb[0] += kFold * words256::hidden(add_word(a, kFold * factor));
}

[[gnu::noinline]] constexpr Element add(const Element& a, const Element& b) {
  Element out{};
  std::uint32_t carried = 0;
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    const std::uint32_t sum = a.limb[i] + carried;
    carried = sum < carried;
    out.limb[i] = sum + b.limb[i];
    carried += out.limb[i] < sum;
  });
  fold(out, carried);
  return out;
}

[[gnu::noinline]] constexpr Element subtract(const Element& a, const Element& b) {
  Element out{};
  std::uint32_t borrowed = 0;
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    const std::uint32_t difference = a.limb[i] - b.limb[i];
    const std::uint32_t borrows = a.limb[i] < b.limb[i];
    out.limb[i] = difference - borrowed;
    borrowed = borrows + (difference < borrowed);
  });
  // 2^256 too much, which is 38 too much; and once more.
  borrowed *= kFold;
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    const std::uint32_t before = out.limb[i];
    out.limb[i] -= borrowed;
    borrowed = before < borrowed;
  });
  out.limb[0] -= kFold * words256::hidden(borrowed);
  return out;
}

constexpr Element tight(const Element& a) { return a; }

// Takes the words of a product from the lowest on: the upper half comes back on
// the lower as it comes.
class Folded {
 public:
  [[gnu::always_inline]] constexpr void operator()(std::size_t place, std::uint32_t word) {
    if (place < 8) {
      out_.limb[place] = word;
      return;
    }
    const std::uint64_t sum = std::uint64_t{word} * kFold + out_.limb[place - 8] + carried_;
    out_.limb[place - 8] = static_cast<std::uint32_t>(sum);
    carried_ = static_cast<std::uint32_t>(sum >> 32);
    if (place == 15) fold(out_, carried_);
  }
  constexpr Element value() const { return out_; }

 private:
  Element out_{};
  std::uint32_t carried_ = 0;
};

[[gnu::noinline]] constexpr Element multiply(const Element& a, const Element& b) {
  Folded out;
  words256::multiply(a.limb, b.limb, out);
  return out.value();
}

[[gnu::noinline]] constexpr Element square(const Element& a) {
  Folded out;
  words256::square(a.limb, out);
  return out.value();
}

// a * small(factor), for a factor below 2^20.
[[gnu::noinline]] constexpr Element multiply_small(const Element& a, std::uint32_t factor) {
  Element out{};
  std::uint32_t carried = 0;
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    const std::uint64_t sum = std::uint64_t{a.limb[i]} * factor + carried;
    out.limb[i] = static_cast<std::uint32_t>(sum);
    carried = static_cast<std::uint32_t>(sum >> 32);
  });
  fold(out, carried);
  return out;
}

// to = from where `mask` is all ones; unchanged where it is 0.
[[gnu::noinline]] constexpr void choose(Limb mask, const Element& from, Element& to) {
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    to.limb[i] ^= mask & (to.limb[i] ^ from.limb[i]);
  });
}

// a, b = b, a where `mask` is all ones; unchanged where it is 0.
[[gnu::noinline]] constexpr void swap_if(Limb mask, Element& a, Element& b) {
  each_word([&](std::size_t i) __attribute__((always_inline)) {
    const std::uint32_t change = mask & (a.limb[i] ^ b.limb[i]);
    a.limb[i] ^= change;
    b.limb[i] ^= change;
  });
}

// Loads 255 bits, little-endian; bit 255 is ignored.
Element from_bytes(View<32> in);

// The number below p.
constexpr Element canonical(Element a) {
  const auto increase = [](Element& number, std::uint32_t addend) {
    for (std::uint32_t& word : number.limb) {
      word += addend;
      addend = word < addend;
    }
  };
  const auto take_top_bit = [](Element& number) {
    const std::uint32_t bit = number.limb[7] >> 31;
    number.limb[7] &= 0x7fffffff;
    return bit;
  };
  // With bit 255 folded in, the multiple of p that is left is 0 or 1: it is 1
  // iff adding 19 reaches bit 255.
  increase(a, 19 * take_top_bit(a));
  Element more = a;
  increase(more, 19);
  increase(a, 19 * take_top_bit(more));
  (void)take_top_bit(a);
  return a;
}

// The canonical encoding.
ByteArray<32> to_bytes(const Element& a);

}  // namespace core::crypto::field32
#endif  // CORE_CRYPTO_FIELD25519_32_H_
