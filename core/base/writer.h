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

  void u8(std::uint8_t v);
  void u16_be(std::uint16_t v);
  void u32_be(std::uint32_t v);
  void u64_be(std::uint64_t v);
  void u32_le(std::uint32_t v) { u32_be(__builtin_bswap32(v)); }
  void bytes(Bytes b);
  // Room for `size` bytes that the caller fills; empty if there is none left.
  MutBytes reserve(std::size_t size);

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
  // The lowest `size` bytes of `v`.
  void big_endian(std::uint64_t v, std::size_t size);

  MutBytes out_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace core
#endif  // CORE_BASE_WRITER_H_
