// BLAKE2s, keyed and not. Spec: [RFC7693] 3.
#ifndef CORE_CRYPTO_BLAKE2S_H_
#define CORE_CRYPTO_BLAKE2S_H_

#include "core/base/bytes.h"

namespace core::crypto {

// Incremental BLAKE2s. Wipes its state at the end.
class Blake2s {
 public:
  // An output of 1 to 32 bytes; a key of 0 to 32 bytes.
  explicit Blake2s(std::size_t output_size, Bytes key = {});
  ~Blake2s();
  Blake2s(const Blake2s&) = delete;
  Blake2s& operator=(const Blake2s&) = delete;

  void update(Bytes message);
  // REQUIRES: out.size() == output_size; called once.
  void finish(MutBytes out);

 private:
  void compress(const std::uint8_t* block, bool last);

  std::array<std::uint32_t, 8> h_;
  ByteArray<64> block_{};
  std::uint64_t count_ = 0;  // message bytes compressed so far
  std::size_t used_ = 0;     // bytes waiting in block_
  std::size_t output_size_;
};

// BLAKE2s of `message` into `out` (1 to 32 bytes) under `key` (0 to 32 bytes).
void blake2s(Bytes key, Bytes message, MutBytes out);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_BLAKE2S_H_
