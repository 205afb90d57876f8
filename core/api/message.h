// The messages between devices and the server, as views and encoders. Here are
// the outermost ones and the rules of all.
//
// parse() never copies: every view lives as long as the bytes it was parsed
// from. It checks all sizes that proto/ginnel/v1/ginnel.proto states, takes
// the fields in any order, ignores unknown ones, and lets the last of a
// repeated singular field win (of a message too: nothing is merged). A known
// field of another wire type is malformed, and so is a uint32 above 32 bits.
// encode() writes the fields in ascending number and leaves out absent ones;
// it does not check what parse() would refuse.
// Errors of all parse(): kMalformed. Errors of all encode(): kFull, and then
// the output is all zeros.
// Spec: [API] requests, proto/ginnel/v1/ginnel.proto.
#ifndef CORE_API_MESSAGE_H_
#define CORE_API_MESSAGE_H_

#include "core/api/enrol_message.h"
#include "core/api/keys_message.h"
#include "core/api/mail_message.h"

namespace core::api {

inline constexpr std::size_t kRequestIdSize = 16;

// The methods, the last level of an `up` topic.
enum class Method : std::uint8_t { kPublish, kStatus, kBundle, kSend, kAck, kContacts, kRenew };
inline constexpr std::size_t kMethodCount = 7;

struct RequestView {
  View<kRequestIdSize> request_id;
  Bytes body{};
  Bytes signature{};  // 64 bytes, or empty
  static Result<RequestView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

struct ResponseView {
  View<kRequestIdSize> request_id;
  Code code{};
  Bytes text{};
  Bytes body{};
  static Result<ResponseView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::api
#endif  // CORE_API_MESSAGE_H_
