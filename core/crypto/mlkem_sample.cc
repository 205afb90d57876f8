#include "core/crypto/mlkem_sample.h"

#include "core/base/result.h"
#include "core/crypto/keccak.h"
#include "core/crypto/words.h"

namespace core::crypto::mlkem {
namespace {

constexpr std::size_t kShake128Rate = kUniformBlock;
constexpr std::size_t kShake256Rate = 136;

// Four sponges over equal seeds that end in different bytes.
class FourSponges {
 public:
  ~FourSponges() {
    wipe({reinterpret_cast<std::uint8_t*>(states_.lanes.data()), sizeof(states_.lanes)});
  }

  // Absorbs seed || tails[i], a whole message of less than a block.
  void absorb(std::size_t rate, View<32> seed, std::span<const std::uint16_t> tails,
              std::size_t tail_size) {
    states_.lanes.fill(0);
    for (std::size_t s = 0; s < tails.size(); ++s) {
      for (std::size_t i = 0; i < 4; ++i) {
        states_.lanes[4 * i + s] = load_u64_le(View<8>(seed.data() + 8 * i, 8));
      }
      // The tail, then the suffix of SHAKE with the first bit of padding.
      states_.lanes[16 + s] = tails[s] | std::uint64_t{0x1f} << (8 * tail_size);
      states_.lanes[4 * (rate / 8 - 1) + s] ^= std::uint64_t{1} << 63;
    }
    count_ = tails.size();
  }

  // Makes the next block of all of them.
  void next_block() { keccak::permute4(states_, count_); }

  // The first N bytes of the block of sponge s.
  template <std::size_t N>
  void copy_block(std::size_t s, MutView<N> out) const {
    for (std::size_t i = 0; i < N; i += 8) {
      store_u64_le(states_.lanes[i / 2 + s], MutView<8>(out.data() + i, 8));
    }
  }

 private:
  keccak::FourStates states_;
  std::size_t count_ = 0;
};

}  // namespace

void sample_row(View<32> rho, Matrix which, std::size_t row, std::span<Poly> columns) {
  CHECK(columns.size() <= 4);
  // The seed of entry i, j ends in j, i.
  std::array<std::uint16_t, 4> tails;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    tails[i] = static_cast<std::uint16_t>(which == Matrix::kStraight ? row << 8 | i : i << 8 | row);
  }
  FourSponges sponges;
  sponges.absorb(kShake128Rate, rho, std::span(tails).first(columns.size()), 2);
  std::array<std::size_t, 4> done{};
  ByteArray<kUniformRoom> block{};
  for (bool all = false; !all;) {
    sponges.next_block();
    all = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sponges.copy_block(i, MutView<kUniformRoom>(block).first<kUniformBlock>());
      done[i] = take_uniform(block, done[i], columns[i]);
      all = all && done[i] == kN;
    }
  }
  for (Poly& column : columns) arrange(column);
}

void sample_noise(View<32> seed, std::size_t nonce, std::span<Poly> out) {
  CHECK(out.size() <= 4);
  std::array<std::uint16_t, 4> tails;
  for (std::size_t i = 0; i < out.size(); ++i) tails[i] = static_cast<std::uint16_t>(nonce + i);
  FourSponges sponges;
  sponges.absorb(kShake256Rate, seed, std::span(tails).first(out.size()), 1);
  sponges.next_block();
  Secret<kBinomialBits> bits;
  for (std::size_t s = 0; s < out.size(); ++s) {
    sponges.copy_block(s, bits.mut());
    take_binomial(bits.view(), out[s]);
  }
}

}  // namespace core::crypto::mlkem
