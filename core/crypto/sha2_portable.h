// SHA-2 without a library, for boards that have none. Constant time.
// Spec: [FIPS180] 4.1, 5, 6.2, 6.4.
#ifndef CORE_CRYPTO_SHA2_PORTABLE_H_
#define CORE_CRYPTO_SHA2_PORTABLE_H_

#include "core/base/bytes.h"

namespace core::crypto {

// How SHA-256 and SHA-512 differ: their word, and by how many bits its functions
// rotate or, the last of a small sigma, shift.
struct Sha256Function {
  using Word = std::uint32_t;
  static constexpr std::size_t kRounds = 64;
  static constexpr int kBigSigma0[] = {2, 13, 22}, kBigSigma1[] = {6, 11, 25};
  static constexpr int kSmallSigma0[] = {7, 18, 3}, kSmallSigma1[] = {17, 19, 10};
};
struct Sha512Function {
  using Word = std::uint64_t;
  static constexpr std::size_t kRounds = 80;
  static constexpr int kBigSigma0[] = {28, 34, 39}, kBigSigma1[] = {14, 18, 41};
  static constexpr int kSmallSigma0[] = {1, 8, 7}, kSmallSigma1[] = {19, 61, 6};
};

// A hash of bytes that come in parts. Wipes itself at the end.
template <class Function>
class Sha2 {
 public:
  using Word = typename Function::Word;
  using State = std::array<Word, 8>;
  static constexpr std::size_t kBlock = 16 * sizeof(Word);
  static constexpr std::size_t kDigest = 8 * sizeof(Word);

  Sha2();
  ~Sha2() { wipe({reinterpret_cast<std::uint8_t*>(this), sizeof(*this)}); }
  Sha2(const Sha2&) = delete;
  Sha2& operator=(const Sha2&) = delete;

  void update(Bytes message);
  // Good for nothing but restart() after this.
  void finish(MutView<kDigest> digest);
  // What whole blocks left, and starts again behind them, `hashed` bytes.
  const State& state() const { return state_; }
  void restart(const State& state, std::size_t hashed) {
    state_ = state;
    size_ = hashed;
  }

 private:
  void compress();

  State state_;
  ByteArray<kBlock> block_{};
  std::size_t size_ = 0;  // of the message so far
};

using Sha256 = Sha2<Sha256Function>;
using Sha512 = Sha2<Sha512Function>;

}  // namespace core::crypto
#endif  // CORE_CRYPTO_SHA2_PORTABLE_H_
