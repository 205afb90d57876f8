// Appends fields to a buffer of the caller.
#ifndef CORE_BASE_WRITER_H_
#define CORE_BASE_WRITER_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core {

// A write that does not fit writes nothing, nor does any after it, and finish()
// fails: so code writes all fields and checks once.
class Writer {
 public:
  explicit Writer(MutBytes out) : out_(out) {}

  void u8(std::uint8_t v) { bytes({&v, 1}); }
  void u16_be(std::uint16_t v) { big_endian<2>(v); }
  void u32_be(std::uint32_t v) { big_endian<4>(v); }
  void u64_be(std::uint64_t v) { big_endian<8>(v); }
  void u32_le(std::uint32_t v) { u32_be(__builtin_bswap32(v)); }
  void bytes(Bytes b) {
    const MutBytes to = reserve(b.size());
    if (!to.empty()) copy(b, to);
  }
  // Room for `size` bytes that the caller fills; empty if there is none left.
  MutBytes reserve(std::size_t size) {
    if (!ok_ || out_.size() - size_ < size) {
      ok_ = false;
      return {};
    }
    const auto to = out_.subspan(size_, size);
    size_ += size;
    return to;
  }

  std::size_t size() const { return size_; }
  // Bytes that still fit; 0 after a write that did not.
  std::size_t room() const { return ok_ ? out_.size() - size_ : 0; }
  bool ok() const { return ok_; }
  // What has been written so far. Lives as long as the buffer.
  Bytes written() const { return out_.first(size_); }
  // The number of bytes written. Errors: kFull.
  Result<std::size_t> finish() const {
    if (!ok_) return Error::kFull;
    return size_;
  }

 private:
  template <std::size_t N>
  void big_endian(std::uint64_t v) {
    ByteArray<N> b;
    for (std::size_t i = 0; i < N; ++i) b[i] = static_cast<std::uint8_t>(v >> (8 * (N - 1 - i)));
    bytes(b);
  }

  MutBytes out_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace core
#endif  // CORE_BASE_WRITER_H_
