// A host as people write it, and as few bytes as it fits in. For token.cc.
// Spec: docs/spec/enrolment.md token.
#ifndef CORE_API_HOST_H_
#define CORE_API_HOST_H_

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace core::api {

inline constexpr std::size_t kMaxHostTextSize = 64;

// Writes an IPv4 address as 0xf4 and 4 bytes, an IPv6 address as 0xf6 and 16
// bytes, a DNS name as its size (1 to 64) and its text in lower case.
// Errors: kMalformed, if it is none of these or too long.
Status write_host(Bytes text, Writer& out);

// Reads what write_host() wrote and writes the text: addresses in their usual
// form (IPv6 as in [RFC5952] 4). Errors: kMalformed.
Status read_host(Reader& in, Writer& text);

}  // namespace core::api
#endif  // CORE_API_HOST_H_
