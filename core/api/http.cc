#include "core/api/http.h"

#include "core/base/writer.h"

namespace core::api {
namespace {

constexpr auto kEndOfLine = label("\r\n");
constexpr auto kEndOfHead = label("\r\n\r\n");

void decimal(std::size_t number, Writer& out) {
  ByteArray<20> digits;
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<std::uint8_t>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  out.bytes(Bytes(digits).subspan(at));
}

// Digits and nothing else, at most 9 of them.
std::optional<std::size_t> number_in(Bytes text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  std::size_t number = 0;
  for (const std::uint8_t c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = 10 * number + (c - '0');
  }
  return number;
}

// Compares ASCII without regard to case.
bool is_word(Bytes text, Bytes lower_case) {
  const auto lower = [](std::uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [&](std::uint8_t a, std::uint8_t b) { return lower(a) == b; });
}

Bytes trim(Bytes text) {
  const auto blank = [](std::uint8_t c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text = text.subspan(1);
  while (!text.empty() && blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

// The text up to the mark; all of it if there is none.
Bytes before(Bytes text, Bytes mark) {
  const auto at = std::search(text.begin(), text.end(), mark.begin(), mark.end());
  return text.first(static_cast<std::size_t>(at - text.begin()));
}

struct Head {
  int status = 0;
  std::optional<std::size_t> size{};  // of the body
};

Status take_field(Bytes line, Head& head) {
  const Bytes name = before(line, label(":"));
  if (name.empty() || name.size() == line.size()) return Error::kMalformed;
  if (is_word(name, label("transfer-encoding"))) return Error::kMalformed;
  if (!is_word(name, label("content-length"))) return {};
  const auto size = number_in(trim(line.subspan(name.size() + 1)));
  if (!size || (head.size && *head.size != *size)) return Error::kMalformed;
  head.size = size;
  return {};
}

Result<Head> parse_head(Bytes text) {
  Bytes line = before(text, kEndOfLine);
  const auto version = label("HTTP/1.");
  if (line.size() < 12 || !equal_var(line.first(version.size()), version) || line[8] != ' ' ||
      (line.size() > 12 && line[12] != ' ')) {
    return Error::kMalformed;
  }
  const auto status = number_in(line.subspan(9, 3));
  if (!status || *status < 100 || *status > 599) return Error::kMalformed;
  Head head{.status = static_cast<int>(*status)};
  while (line.size() < text.size()) {
    text = text.subspan(line.size() + kEndOfLine.size());
    line = before(text, kEndOfLine);
    TRY(take_field(line, head));
  }
  return head;
}

}  // namespace

Result<std::size_t> write_post(Bytes path, Bytes host, std::uint16_t port, std::size_t body_size,
                               MutBytes out) {
  const bool is_ipv6 = std::find(host.begin(), host.end(), ':') != host.end();
  Writer head(out);
  head.bytes(label("POST "));
  head.bytes(path);
  head.bytes(label(" HTTP/1.1\r\nHost: "));
  if (is_ipv6) head.u8('[');
  head.bytes(host);
  if (is_ipv6) head.u8(']');
  head.u8(':');
  decimal(port, head);
  head.bytes(label("\r\nContent-Type: application/octet-stream\r\nContent-Length: "));
  decimal(body_size, head);
  head.bytes(label("\r\nConnection: close\r\n\r\n"));
  return head.finish();
}

Result<std::optional<HttpAnswer>> read_http_answer(Bytes received, Connection connection) {
  for (;;) {
    const Bytes text =
        before(received.first(std::min(received.size(), kMaxHttpHeadSize + 4)), kEndOfHead);
    if (text.size() > kMaxHttpHeadSize) return Error::kFull;
    if (text.size() == received.size()) {
      if (connection == Connection::kEnded) return Error::kMalformed;
      return std::optional<HttpAnswer>();
    }
    const Head head = TRY(parse_head(text));
    received = received.subspan(text.size() + kEndOfHead.size());
    if (head.status < 200) continue;  // an interim answer: the real one follows
    if (head.size ? received.size() > *head.size : false) return Error::kMalformed;
    const bool whole = head.size ? received.size() == *head.size : connection == Connection::kEnded;
    if (whole) return std::optional(HttpAnswer{head.status, received});
    if (connection == Connection::kEnded) return Error::kMalformed;
    return std::optional<HttpAnswer>();
  }
}

}  // namespace core::api
