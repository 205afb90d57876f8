// Tokens. An even first byte: the rest is a token's text. An odd one: the rest
// is a host, which must come back from a token in a form that stays the same.
#include "core/api/token.h"

namespace {

using core::api::Token;

struct Text {
  core::ByteArray<Token::kMaxTextSize> text{};
  std::size_t size = 0;
  core::Bytes bytes() const { return core::Bytes(text).first(size); }
};

Text format(const Token& token) {
  Text out;
  const auto size = token.format(out.text);
  CHECK(size.ok());
  out.size = *size;
  return out;
}

// What has been read is written and read again as the same.
void round_trip(const Token& token) {
  CHECK(token.host_size >= 1 && token.host_size <= Token::kMaxHostSize && token.port != 0);
  const auto text = format(token);
  const auto again = Token::parse(text.bytes());
  CHECK(again.ok());
  CHECK(core::equal_var(again->host(), token.host()) && again->port == token.port);
  CHECK(core::equal_var(format(*again).bytes(), text.bytes()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const core::Bytes rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    const auto token = Token::parse(rest);
    if (token) round_trip(*token);
    return 0;
  }
  if (rest.size() > Token::kMaxHostSize) return 0;
  Token token;
  core::copy(rest, token.host_text);
  token.host_size = static_cast<std::uint8_t>(rest.size());
  token.port = 443;
  core::ByteArray<Token::kMaxTextSize> out{};
  const auto written = token.format(out);
  if (!written) return 0;
  const auto read = Token::parse(core::Bytes(out).first(*written));
  CHECK(read.ok());
  round_trip(*read);
  return 0;
}
