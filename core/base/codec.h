// One list of fields for both ways: to store them, and to read them back.
#ifndef CORE_BASE_CODEC_H_
#define CORE_BASE_CODEC_H_

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace core {

// Writes each field it is shown, or fills it with what was written. After the
// first failure every field is zeros, and ok() is false.
//   void exchange(Codec& codec) { codec.number(index_); codec.bytes(key_); }
class Codec {
 public:
  explicit Codec(Writer& out) : out_(&out) {}
  explicit Codec(Reader& in) : in_(&in) {}

  bool reads() const { return in_ != nullptr; }
  void bytes(MutBytes field);
  // Big-endian.
  void number(std::uint8_t& field);
  void number(std::uint16_t& field);
  void number(std::uint32_t& field);
  void number(std::uint64_t& field);
  // One byte, not above `most`: a small number, or an enumeration.
  template <class T>
  void at_most(T most, T& field) {
    static_assert(sizeof(T) == 1);
    field = static_cast<T>(
        byte_at_most(static_cast<std::uint8_t>(most), static_cast<std::uint8_t>(field)));
  }
  // One byte, 0 or 1.
  void flag(bool& field);
  // What holds of all that was written. REQUIRES: it holds when writing.
  void require(bool holds);
  bool ok() const { return ok_ && (in_ == nullptr || in_->ok()); }

 private:
  std::uint64_t big_endian(std::uint64_t value, std::size_t size);
  std::uint8_t byte_at_most(std::uint8_t most, std::uint8_t value);

  Reader* in_ = nullptr;
  Writer* out_ = nullptr;
  bool ok_ = true;
};

}  // namespace core
#endif  // CORE_BASE_CODEC_H_
