// One or more of every message, for the tests of this folder: as our encoder
// writes it and as the text that protoc prints for it.
#ifndef CORE_API_MESSAGE_TEST_SPECIMENS_H_
#define CORE_API_MESSAGE_TEST_SPECIMENS_H_

#include <functional>
#include <string>
#include <vector>

#include "core/api/message.h"

namespace core::api {

struct Specimen {
  std::string type;  // the message's name in ginnel.proto
  std::string text;  // in protobuf's text format
  bool is_full;      // every field is there
  // Encodes it.
  std::function<Result<std::size_t>(MutBytes out)> encode;
  // Parses a message of this type and prints it.
  std::function<Result<std::string>(Bytes in)> print;
  // Parses a message of this type.
  std::function<Status(Bytes in)> parse;

  // What encode() writes.
  std::vector<std::uint8_t> encoded() const;
};

std::vector<Specimen> specimens();

// The fields of a message, in order, each as its bytes on the wire.
struct RawField {
  std::uint32_t number;
  WireType type;
  std::vector<std::uint8_t> bytes;
};
std::vector<RawField> split(Bytes message);
std::vector<std::uint8_t> join(const std::vector<RawField>& fields);

// One field on the wire.
RawField varint_field(std::uint32_t number, std::uint64_t value);
RawField bytes_field(std::uint32_t number, const std::vector<std::uint8_t>& value);
RawField fixed_field(std::uint32_t number, WireType type);

}  // namespace core::api
#endif  // CORE_API_MESSAGE_TEST_SPECIMENS_H_
