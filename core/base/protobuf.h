// Protocol Buffers wire format: a zero-copy reader and a writer. Messages are
// described in proto/ and docs/spec/; here is only the encoding.
// Spec: [PB] encoding.
#ifndef CORE_BASE_PROTOBUF_H_
#define CORE_BASE_PROTOBUF_H_

#include <optional>

#include "core/base/writer.h"

namespace core {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field of a message. `bytes` is a view into the message.
struct ProtobufField {
  std::uint32_t number = 0;
  WireType type{};
  std::uint64_t value = 0;  // kVarint, kFixed32, kFixed64
  Bytes bytes;              // kBytes
};

// Takes a varint off the front of `in`. False, and nothing changed, if there is
// none of at most 64 bits. Longer forms of a small number are read too.
bool take_varint(Bytes& in, std::uint64_t& out);
// Appends a varint, 1 to 10 bytes.
void put_varint(Writer& out, std::uint64_t value);

// Walks the fields of one message in the order they stand:
//   ProtobufReader in(message);
//   while (auto* f = in.next()) switch (f->number) { ... }
//   if (!in.ok()) return Error::kMalformed;
// Unknown fields are the caller's to ignore. Groups are refused.
class ProtobufReader {
 public:
  explicit ProtobufReader(Bytes message);

  // The next field, valid until the next call; nullptr at the end or after a
  // malformed byte.
  const ProtobufField* next();
  // False once a byte did not parse.
  bool ok() const { return ok_; }

 private:
  // Takes a number of `size` bytes, little-endian, off the front.
  bool take_fixed(std::size_t size, std::uint64_t& out);

  Bytes in_;
  bool ok_ = true;
  ProtobufField field_;
};

// Walks the fields of a message whose fields are known:
//   ProtobufFields in(message);
//   while (const auto number = in.next()) switch (number) { case 1: in.u32(id); break; ... }
//   if (!in.ok()) return Error::kMalformed;
// Each call takes the field that next() has found; of a repeated one the last
// counts. One of another type makes ok() false at the end, unknown ones do not.
class ProtobufFields {
 public:
  explicit ProtobufFields(Bytes message);

  // The number of the next field, or 0 at the end.
  std::uint32_t next();
  // True iff every byte has parsed and every field taken was as it must be.
  bool ok() const { return ok_ && reader_.ok(); }

  void u64(std::uint64_t& out);
  void u32(std::uint32_t& out);
  void u32(std::optional<std::uint32_t>& out) { u32(out.emplace()); }
  void bytes(Bytes& out);
  // The field as it stands, of whatever type.
  const ProtobufField& raw() const { return *field_; }

 protected:
  // True iff the field is of this type; else ok() will be false.
  bool is(WireType type);
  void refuse() { ok_ = false; }

 private:
  ProtobufReader reader_;
  const ProtobufField* field_ = nullptr;
  bool ok_ = true;
};

// Writes fields in the order of the calls. proto3 callers leave out defaults
// themselves; nothing is left out here.
class ProtobufWriter {
 public:
  explicit ProtobufWriter(MutBytes out) : out_(out) {}

  void varint(std::uint32_t number, std::uint64_t value);
  void bytes(std::uint32_t number, Bytes value);
  // Starts a bytes field of exactly `size` bytes that the caller fills; empty
  // if there is no room, which finish() tells too.
  MutBytes reserve(std::uint32_t number, std::size_t size);

  // Bytes that still fit.
  std::size_t room() const { return out_.room(); }
  // What has been written so far. Lives as long as the buffer.
  Bytes written() const { return out_.written(); }
  // Errors: kFull.
  Result<std::size_t> finish() const { return out_.finish(); }

 private:
  Writer out_;
};

// Bytes that a varint of `value` takes: 1 to 10.
std::size_t varint_size(std::uint64_t value);
// Bytes that a bytes field of `size` takes, tag and length included.
std::size_t bytes_field_size(std::uint32_t number, std::size_t size);

}  // namespace core
#endif  // CORE_BASE_PROTOBUF_H_
