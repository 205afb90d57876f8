// Which instructions this processor has beyond those that every x86-64 has:
// the one place that asks. Other processors have none of them.
#ifndef CORE_CRYPTO_CPU_H_
#define CORE_CRYPTO_CPU_H_

namespace core::crypto::cpu {

#ifdef __x86_64__
inline bool has_aes() { return __builtin_cpu_supports("aes"); }
inline bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }
inline bool has_avx512() { return has_avx2() && __builtin_cpu_supports("avx512vl"); }
inline bool has_avx512_ifma() { return has_avx512() && __builtin_cpu_supports("avx512ifma"); }
#endif

}  // namespace core::crypto::cpu
#endif  // CORE_CRYPTO_CPU_H_
