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

  std::uint8_t u8() { return take<1>()[0]; }
  std::uint16_t u16_be() {
    const auto b = take<2>();
    return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
  }
  std::uint32_t u32_be() {
    const auto b = take<4>();
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  }
  std::uint64_t u64_be() {
    const std::uint64_t high = u32_be();
    return high << 32 | u32_be();
  }
  std::uint32_t u32_le() { return __builtin_bswap32(u32_be()); }

  template <std::size_t N>
  View<N> take() {
    static_assert(N <= sizeof(kZeros));
    if (!ok_ || in_.size() < N) {
      ok_ = false;
      return View<N>(kZeros.data(), N);
    }
    const auto out = in_.first<N>();
    in_ = in_.subspan(N);
    return out;
  }
  // The next `size` bytes, or an empty view if there are fewer.
  Bytes take(std::size_t size) {
    if (!ok_ || in_.size() < size) {
      ok_ = false;
      return {};
    }
    const auto out = in_.first(size);
    in_ = in_.subspan(size);
    return out;
  }
  // All that is left.
  Bytes rest() { return take(in_.size()); }

  std::size_t remaining() const { return ok_ ? in_.size() : 0; }
  // True iff no read has failed so far.
  bool ok() const { return ok_; }
  // True iff every read succeeded and no byte is left over.
  bool finished() const { return ok_ && in_.empty(); }

 private:
  static constexpr ByteArray<64> kZeros{};
  Bytes in_;
  bool ok_ = true;
};

}  // namespace core
#endif  // CORE_BASE_READER_H_
