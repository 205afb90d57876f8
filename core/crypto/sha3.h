// SHA-3 and SHAKE. Spec: [FIPS202] 6.
#ifndef CORE_CRYPTO_SHA3_H_
#define CORE_CRYPTO_SHA3_H_

#include "core/base/bytes.h"

namespace core::crypto {

ByteArray<32> sha3_256(Bytes message);
ByteArray<64> sha3_512(Bytes message);

// An extendable-output function that squeezes out any number of bytes in any
// number of pieces. Wipes its state at the end.
class Shake {
 public:
  enum class Strength : std::uint8_t { k128, k256 };

  explicit Shake(Strength strength);
  ~Shake();
  Shake(const Shake&) = delete;
  Shake& operator=(const Shake&) = delete;

  // REQUIRES: nothing has been squeezed yet.
  void absorb(Bytes message);
  void squeeze(MutBytes out);

 private:
  std::array<std::uint64_t, 25> state_{};
  std::size_t rate_;
  std::size_t at_ = 0;  // position in the block
  bool squeezing_ = false;
};

void shake128(Bytes message, MutBytes out);
void shake256(Bytes message, MutBytes out);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_SHA3_H_
