// What a rule says to a request, before it is put into a Response.
#ifndef SERVER_SERVICE_ANSWER_H_
#define SERVER_SERVICE_ANSWER_H_

#include <string_view>
#include <vector>

#include "core/api/message.h"
#include "core/base/time.h"
#include "server/store/store.h"

namespace server::service {

using core::Bytes;
using core::Result;
using core::Status;
using core::api::Code;
using store::Blob;

// `text` lives for ever: a literal.
struct Answer {
  Code code = Code::kOk;
  std::string_view text{};
  Blob body{};
};

inline Answer refuse(Code code, std::string_view text) { return {.code = code, .text = text}; }

// The encoded message. REQUIRES: it needs no more than `room` bytes.
template <class Message>
Blob encoded(const Message& message, std::size_t room) {
  Blob out(room);
  const auto size = message.encode(out);
  CHECK(size.ok());
  out.resize(*size);
  return out;
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace server::service
#endif  // SERVER_SERVICE_ANSWER_H_
