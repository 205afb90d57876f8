// Which instructions this processor has beyond those that all of its kind have:
// the one place that asks. The code for them is built for x86-64 only.
#ifndef CORE_CRYPTO_CPU_H_
#define CORE_CRYPTO_CPU_H_

namespace core::crypto::cpu {

#ifdef __x86_64__

inline bool has_aes() { return __builtin_cpu_supports("aes"); }
// With BMI1 and BMI2, which every processor with AVX2 so far has had.
inline bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}
inline bool has_avx512() { return has_avx2() && __builtin_cpu_supports("avx512vl"); }
inline bool has_avx512_ifma() { return has_avx512() && __builtin_cpu_supports("avx512ifma"); }

#else

constexpr bool has_aes() { return false; }
constexpr bool has_avx2() { return false; }
constexpr bool has_avx512() { return false; }
constexpr bool has_avx512_ifma() { return false; }

#endif

}  // namespace core::crypto::cpu
#endif  // CORE_CRYPTO_CPU_H_
