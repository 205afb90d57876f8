// Reads fields off the front of a datagram.
#ifndef CORE_BASE_READER_H_
#define CORE_BASE_READER_H_

#include "core/base/bytes.h"

namespace core {

// After the first short read every further read yields zeros (or an empty
// view) and finished() is false, so parsing code reads all fields and checks
// once. Views returned live as long as the input.
class Reader {
 public:
  explicit Reader(Bytes in) : in_(in) {}

  std::uint8_t u8();
  std::uint16_t u16_be();
  std::uint32_t u32_be();
  std::uint64_t u64_be();
  std::uint32_t u32_le() { return __builtin_bswap32(u32_be()); }

  template <std::size_t N>
  View<N> take() {
    static_assert(N <= sizeof(kZeros));
    return View<N>(bytes(N), N);
  }
  // The next `size` bytes, or an empty view if there are fewer.
  Bytes take(std::size_t size);
  // All that is left.
  Bytes rest() { return take(in_.size()); }

  std::size_t remaining() const { return ok_ ? in_.size() : 0; }
  // True iff no read has failed so far.
  bool ok() const { return ok_; }
  // True iff every read succeeded and no byte is left over.
  bool finished() const { return ok_ && in_.empty(); }

 private:
  static constexpr ByteArray<64> kZeros{};
  // `size` bytes, or as many zeros. REQUIRES: size <= 64
  const std::uint8_t* bytes(std::size_t size);
  // A number of at most 4 bytes.
  std::uint32_t big_endian(std::size_t size);

  Bytes in_;
  bool ok_ = true;
};

}  // namespace core
#endif  // CORE_BASE_READER_H_
