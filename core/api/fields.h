// How messages read and write their fields. For .cc files only: those of this
// folder, and core/messenger/content.cc.
#ifndef CORE_API_FIELDS_H_
#define CORE_API_FIELDS_H_

#include "core/api/checkpoint.h"
#include "core/api/repeated.h"

namespace core::api {

// Walks a message's fields, with what the API's have beside numbers and bytes.
class FieldReader : public ProtobufFields {
 public:
  explicit FieldReader(Bytes message) : ProtobufFields(message), message_(message) {}

  // An absent name may also stand there as the empty text.
  void name(DeviceName& out) {
    if (!is(WireType::kBytes)) return;
    out = DeviceName();
    if (raw().bytes.empty()) return;
    const auto name = DeviceName::parse(raw().bytes);
    if (!name) return refuse();
    out = *name;
  }
  template <class T>
  void message(std::optional<T>& out) {
    if (!is(WireType::kBytes)) return;
    const auto value = T::parse(raw().bytes);
    if (!value) return refuse();
    out = *value;
  }
  // One more element of a repeated field of at most `max`.
  template <class T>
  void element(Repeated<T>& out, std::size_t max) {
    if (!is(WireType::kBytes)) return;
    if (out.count() >= max || !T::parse(raw().bytes)) refuse();
    out = Repeated<T>(message_, raw().number, out.count() + 1);
  }

 private:
  Bytes message_;
};

// A prekey's id: 1 to 2^31 - 1.
inline bool is_key_id(std::uint32_t id) { return id >= 1 && id <= 0x7fffffff; }

inline Code to_code(std::uint64_t value) {
  const auto last = static_cast<std::uint64_t>(Code::kInternal);
  return value > last ? Code::kInternal : static_cast<Code>(value);
}

// Stands in for a ProtobufWriter to learn a message's size.
class SizeCounter {
 public:
  void varint(std::uint32_t number, std::uint64_t value) {
    size_ += varint_size(std::uint64_t{number} << 3) + varint_size(value);
  }
  void bytes(std::uint32_t number, Bytes value) { size_ += bytes_field_size(number, value.size()); }
  void add(std::size_t size) { size_ += size; }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

// Fields are left out when they have proto3's default.
template <class Out>
void put(Out& out, std::uint32_t number, std::uint64_t value) {
  if (value != 0) out.varint(number, value);
}
template <class Out>
void put(Out& out, std::uint32_t number, Bytes value) {
  if (!value.empty()) out.bytes(number, value);
}

// Each message with an encode() has a write_fields(out, message), for a
// ProtobufWriter and a SizeCounter alike. The size that it writes:
template <class T>
std::size_t encoded_size(const T& message) {
  SizeCounter counter;
  write_fields(counter, message);
  return counter.size();
}

// Of the message that several others hold.
template <class Out>
void write_fields(Out& out, const Checkpoint& m) {
  put(out, 1, m.generation);
  put(out, 2, Bytes(m.seal));
}

// A field that is a message.
template <class T>
void put_message(SizeCounter& out, std::uint32_t number, const T& message) {
  out.add(bytes_field_size(number, encoded_size(message)));
}
template <class T>
void put_message(ProtobufWriter& out, std::uint32_t number, const T& message) {
  const std::size_t size = encoded_size(message);
  ProtobufWriter inner(out.reserve(number, size));
  write_fields(inner, message);
}

// The encode() of every message. Errors: kFull, and then `out` is all zeros.
template <class T>
Result<std::size_t> encode_fields(const T& message, MutBytes out) {
  ProtobufWriter writer(out);
  write_fields(writer, message);
  const auto size = writer.finish();
  if (!size) wipe(out);
  return size;
}

// Appends `message` as a field. Errors: kFull, and then nothing is written.
template <class T>
Status append_message(ProtobufWriter& out, std::uint32_t number, const T& message) {
  const std::size_t size = encoded_size(message);
  if (out.room() < bytes_field_size(number, size)) return Error::kFull;
  put_message(out, number, message);
  return {};
}

}  // namespace core::api
#endif  // CORE_API_FIELDS_H_
