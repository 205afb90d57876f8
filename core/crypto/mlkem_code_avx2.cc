// Compiled for AVX2. Each function is the portable one of mlkem_code.cc.
#include "core/crypto/mlkem_avx2.h"
#include "core/crypto/mlkem_avx2_runs.h"

namespace core::crypto::mlkem::avx2 {
namespace {

// 16 bytes at any place, in both halves or in each.
Vector load_twice(const std::uint8_t* in) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
}

Vector load_halves(const std::uint8_t* low, const std::uint8_t* high) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low))),
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
}

// Sixteen numbers of 12 bits, from bytes `skip` to skip + 11 of each half.
template <int kSkip>
Vector unpack_12(Vector bytes) {
  const auto at = [](int byte) { return static_cast<char>(byte + kSkip); };
  const __m128i order = _mm_setr_epi8(at(0), at(1), at(1), at(2), at(3), at(4), at(4), at(5), at(6),
                                      at(7), at(7), at(8), at(9), at(10), at(10), at(11));
  const Vector words = _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(order));
  return _mm256_blend_epi16(_mm256_and_si256(words, all(0xfff)), _mm256_srli_epi16(words, 4), 0xaa);
}

// round(2^bits / q * a) modulo 2^bits, halves up, of any reduced a.
template <int kBits>
Vector compress_run(Vector a) {
  a = _mm256_add_epi16(a, _mm256_and_si256(_mm256_srai_epi16(a, 15), all(kQ)));
  // floor(2^bits / q * a), or one less: 16 a / 2^16 of 2^(bits + 16) / q.
  constexpr int kReciprocal = (1 << (kBits + 16)) / kQ;
  const Vector estimate =
      _mm256_srli_epi16(_mm256_mulhi_epu16(_mm256_slli_epi16(a, 4), all(kReciprocal)), 4);
  // What the division leaves is below 2 q: 16 bits of it are enough.
  const Vector numerator = _mm256_add_epi16(_mm256_slli_epi16(a, kBits), all(kQ / 2));
  const Vector rest = _mm256_sub_epi16(numerator, _mm256_mullo_epi16(estimate, all(kQ)));
  const Vector more = _mm256_cmpgt_epi16(rest, all(kQ - 1));  // -1 where there is one more
  return _mm256_and_si256(_mm256_sub_epi16(estimate, more), all((1 << kBits) - 1));
}

// Eight numbers of kBits bits in each half become kBits bytes.
template <int kBits>
Vector pack_halves(Vector a) {
  // Twos in 32 bits, fours in 64, pushed together; then eights by bytes.
  const Vector twos = _mm256_madd_epi16(a, _mm256_set1_epi32(1 | 1 << (16 + kBits)));
  const Vector raised = _mm256_sllv_epi32(twos, _mm256_set1_epi64x(std::int64_t{32 - 2 * kBits}));
  const Vector fours = _mm256_srli_epi64(raised, 32 - 2 * kBits);
  // Where the second four begins: in this byte, at this bit.
  constexpr int kByte = 4 * kBits / 8, kBit = 4 * kBits % 8;
  const Vector placed = _mm256_sllv_epi64(fours, _mm256_setr_epi64x(0, kBit, 0, kBit));
  const auto first = [](int i) { return static_cast<char>(i < 6 ? i : -1); };
  const auto second = [](int i) {
    return static_cast<char>(i >= kByte && i < kByte + 6 ? i - kByte + 8 : -1);
  };
  const auto order = [](auto at) {
    return _mm256_broadcastsi128_si256(_mm_setr_epi8(at(0), at(1), at(2), at(3), at(4), at(5),
                                                     at(6), at(7), at(8), at(9), at(10), at(11),
                                                     at(12), at(13), at(14), at(15)));
  };
  return _mm256_or_si256(_mm256_shuffle_epi8(placed, order(first)),
                         _mm256_shuffle_epi8(placed, order(second)));
}

// The first kSize bytes of each half to `out`, one behind the other.
template <int kSize>
void store_halves(Vector a, std::uint8_t* out) {
  std::uint8_t bytes[32];
  _mm256_storeu_si256(reinterpret_cast<Vector*>(bytes), a);
  __builtin_memcpy(out, bytes, kSize);
  __builtin_memcpy(out + kSize, bytes + 16, kSize);
}

template <int kBits>
void compress_to(const std::int16_t* plain, std::uint8_t* out) {
  for (int i = 0; i < 16; ++i, out += 2 * kBits) {
    store_halves<kBits>(pack_halves<kBits>(compress_run<kBits>(load_run(plain, i))), out);
  }
}

// Eight numbers of kBits bits, each in 32.
template <int kBits>
Vector unpack_eight(const std::uint8_t* in) {
  std::uint8_t bytes[16];
  __builtin_memcpy(bytes, in, kBits);
  const auto at = [](int number, int byte) {
    return static_cast<char>(number * kBits / 8 + byte < kBits ? number * kBits / 8 + byte : -1);
  };
  const auto four = [at](int n) {
    return _mm_setr_epi8(at(n, 0), at(n, 1), at(n, 2), -1, at(n + 1, 0), at(n + 1, 1), at(n + 1, 2),
                         -1, at(n + 2, 0), at(n + 2, 1), at(n + 2, 2), -1, at(n + 3, 0),
                         at(n + 3, 1), at(n + 3, 2), -1);
  };
  const Vector order = _mm256_inserti128_si256(_mm256_castsi128_si256(four(0)), four(4), 1);
  const Vector words = _mm256_shuffle_epi8(load_twice(bytes), order);
  const auto shift = [](int number) { return number * kBits % 8; };
  const Vector shifts = _mm256_setr_epi32(shift(0), shift(1), shift(2), shift(3), shift(4),
                                          shift(5), shift(6), shift(7));
  return _mm256_and_si256(_mm256_srlv_epi32(words, shifts), _mm256_set1_epi32((1 << kBits) - 1));
}

template <int kBits>
void decompress_from(const std::uint8_t* in, std::int16_t* plain) {
  for (int i = 0; i < 16; ++i, in += 2 * kBits) {
    const Vector packed =
        _mm256_packs_epi32(unpack_eight<kBits>(in), unpack_eight<kBits>(in + kBits));
    const Vector numbers = _mm256_permute4x64_epi64(packed, 0xd8);
    // (q number + 2^(bits - 1)) >> bits: the product of 2^15 fractions, rounded.
    store_run(plain, i, _mm256_mulhrs_epi16(_mm256_slli_epi16(numbers, 15 - kBits), all(kQ)));
  }
}

// For each set of places among eight: the bytes that brings those coefficients
// to the front.
struct Orders {
  std::uint8_t at[256][16];
};

constexpr Orders kOrders = [] {
  Orders out{};
  for (int set = 0; set < 256; ++set) {
    int next = 0;
    for (int place = 0; place < 8; ++place) {
      if ((set >> place & 1) == 0) continue;
      out.at[set][next++] = static_cast<std::uint8_t>(2 * place);
      out.at[set][next++] = static_cast<std::uint8_t>(2 * place + 1);
    }
  }
  return out;
}();

// Writes the coefficients that `set` says; returns behind them.
std::int16_t* write_chosen(__m128i eight, int set, std::int16_t* out) {
  const __m128i order = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kOrders.at[set]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(eight, order));
  return out + __builtin_popcount(static_cast<unsigned>(set));
}

}  // namespace

void encode(const std::int16_t* transformed, std::uint8_t* out) {
  Vector x[16];
  load_all(transformed, x);
  transpose(x);
  const Vector order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  for (int i = 0; i < 16; ++i, out += 24) {
    const Vector twos = _mm256_madd_epi16(x[i], _mm256_set1_epi32(1 | 1 << 28));
    store_halves<12>(_mm256_shuffle_epi8(twos, order), out);
  }
}

bool decode(const std::uint8_t* in, std::int16_t* transformed) {
  Vector x[16];
  Vector large = _mm256_setzero_si256();
  for (int i = 0; i < 16; ++i, in += 24) {
    // 16 bytes from the first on, and 16 up to the last.
    const Vector bytes = load_halves(in, in + 8);
    const Vector low = unpack_12<0>(bytes), high = unpack_12<4>(bytes);
    x[i] = _mm256_blend_epi32(low, high, 0xf0);
    large = _mm256_or_si256(large, _mm256_cmpgt_epi16(x[i], all(kQ - 1)));
  }
  transpose(x);
  for (int i = 0; i < 16; ++i) store_run(transformed, i, x[i]);
  return _mm256_testz_si256(large, large) != 0;
}

void compress(const std::int16_t* plain, std::size_t bits, std::uint8_t* out) {
  switch (bits) {
    case 4: return compress_to<4>(plain, out);
    case 5: return compress_to<5>(plain, out);
    case 10: return compress_to<10>(plain, out);
    default: return compress_to<11>(plain, out);
  }
}

void decompress(const std::uint8_t* in, std::size_t bits, std::int16_t* plain) {
  switch (bits) {
    case 4: return decompress_from<4>(in, plain);
    case 5: return decompress_from<5>(in, plain);
    case 10: return decompress_from<10>(in, plain);
    default: return decompress_from<11>(in, plain);
  }
}

void from_message(const std::uint8_t* message, std::int16_t* plain) {
  const Vector bit = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096,
                                       8192, 16384, -32768);
  for (int i = 0; i < 16; ++i) {
    const Vector bits = _mm256_and_si256(all(message[2 * i] | message[2 * i + 1] << 8), bit);
    store_run(plain, i, _mm256_and_si256(_mm256_cmpeq_epi16(bits, bit), all((kQ + 1) / 2)));
  }
}

void to_message(const std::int16_t* plain, std::uint8_t* message) {
  for (int i = 0; i < 16; i += 2, message += 4) {
    const Vector low = compress_run<1>(load_run(plain, i));
    const Vector high = compress_run<1>(load_run(plain, i + 1));
    const Vector bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    const int bits = _mm256_movemask_epi8(_mm256_slli_epi16(bytes, 7));
    __builtin_memcpy(message, &bits, sizeof(bits));
  }
}

std::size_t take_uniform(const std::uint8_t* block, std::size_t next, std::int16_t* plain) {
  std::int16_t* to = plain + next;
  std::int16_t* const end = plain + kN;
  for (int i = 0; i < 7 && to < end; ++i, block += 24) {
    const Vector numbers = unpack_12<0>(load_halves(block, block + 12));
    const Vector small = _mm256_cmpgt_epi16(all(kQ), numbers);
    const int sets = _mm256_movemask_epi8(_mm256_packs_epi16(small, small));
    // Eight are written, however many count: near the end, elsewhere.
    std::int16_t last[16];
    const bool near = end - to < 16;
    std::int16_t* const from = near ? last : to;
    std::int16_t* behind = write_chosen(_mm256_castsi256_si128(numbers), sets & 0xff, from);
    behind = write_chosen(_mm256_extracti128_si256(numbers, 1), sets >> 16 & 0xff, behind);
    if (near) {
      for (std::int16_t* a = last; a < behind && to < end; ++a) *to++ = *a;
    } else {
      to = behind;
    }
  }
  return static_cast<std::size_t>(to - plain);
}

void arrange(std::int16_t* poly) {
  Vector x[16];
  load_all(poly, x);
  transpose(x);
  for (int i = 0; i < 16; ++i) store_run(poly, i, x[i]);
}

void take_binomial(const std::uint8_t* bits, std::int16_t* plain) {
  const Vector fives = _mm256_set1_epi8(0x55), threes = _mm256_set1_epi8(0x33);
  const Vector ones = _mm256_set1_epi8(0x0f), two = _mm256_set1_epi8(2);
  for (int i = 0; i < 4; ++i) {
    const Vector a = _mm256_loadu_si256(reinterpret_cast<const Vector*>(bits) + i);
    const Vector sums = _mm256_add_epi8(_mm256_and_si256(a, fives),
                                        _mm256_and_si256(_mm256_srli_epi16(a, 1), fives));
    // x - y + 2 in each half of a byte: no borrow.
    const Vector x = _mm256_add_epi8(_mm256_and_si256(sums, threes), _mm256_set1_epi8(0x22));
    const Vector d = _mm256_sub_epi8(x, _mm256_and_si256(_mm256_srli_epi16(sums, 2), threes));
    const Vector even = _mm256_sub_epi8(_mm256_and_si256(d, ones), two);
    const Vector odd = _mm256_sub_epi8(_mm256_and_si256(_mm256_srli_epi16(d, 4), ones), two);
    const Vector low = _mm256_unpacklo_epi8(even, odd), high = _mm256_unpackhi_epi8(even, odd);
    store_run(plain, 4 * i, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(low)));
    store_run(plain, 4 * i + 1, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(high)));
    store_run(plain, 4 * i + 2, _mm256_cvtepi8_epi16(_mm256_extracti128_si256(low, 1)));
    store_run(plain, 4 * i + 3, _mm256_cvtepi8_epi16(_mm256_extracti128_si256(high, 1)));
  }
}

}  // namespace core::crypto::mlkem::avx2
