// Words and their bytes, little-endian or big-endian. Each compiles to one load
// or store where the processor has it.
#ifndef CORE_CRYPTO_WORDS_H_
#define CORE_CRYPTO_WORDS_H_

#include "core/base/bytes.h"

namespace core::crypto {

inline std::uint32_t load_u32_le(View<4> in) {
  return std::uint32_t{in[0]} | std::uint32_t{in[1]} << 8 | std::uint32_t{in[2]} << 16 |
         std::uint32_t{in[3]} << 24;
}

inline std::uint64_t load_u64_le(View<8> in) {
  return std::uint64_t{in[0]} | std::uint64_t{in[1]} << 8 | std::uint64_t{in[2]} << 16 |
         std::uint64_t{in[3]} << 24 | std::uint64_t{in[4]} << 32 | std::uint64_t{in[5]} << 40 |
         std::uint64_t{in[6]} << 48 | std::uint64_t{in[7]} << 56;
}

inline void store_u32_le(std::uint32_t word, MutView<4> out) {
  out[0] = static_cast<std::uint8_t>(word);
  out[1] = static_cast<std::uint8_t>(word >> 8);
  out[2] = static_cast<std::uint8_t>(word >> 16);
  out[3] = static_cast<std::uint8_t>(word >> 24);
}

inline void store_u64_le(std::uint64_t word, MutView<8> out) {
  store_u32_le(static_cast<std::uint32_t>(word), out.first<4>());
  store_u32_le(static_cast<std::uint32_t>(word >> 32), out.last<4>());
}

template <class Word>
Word load_be(View<sizeof(Word)> in) {
  Word out = 0;
  for (const std::uint8_t byte : in) out = static_cast<Word>(out << 8 | byte);
  return out;
}

template <class Word>
void store_be(Word word, MutView<sizeof(Word)> out) {
  for (std::size_t i = sizeof(Word); i-- > 0; word >>= 8) out[i] = static_cast<std::uint8_t>(word);
}

}  // namespace core::crypto
#endif  // CORE_CRYPTO_WORDS_H_
