#include "ports/linux/https.h"

#include <poll.h>

#include <algorithm>
#include <charconv>

namespace ports::linux_os {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

// Compares ASCII without regard to case.
bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool parse_number(std::string_view text, std::size_t& value) {
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end && !text.empty();
}

std::string request_head(const std::string& host, std::uint16_t port, const std::string& path,
                         std::size_t body_size) {
  const bool v6 = host.find(':') != std::string::npos;
  return "POST " + path + " HTTP/1.1\r\nHost: " + (v6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + "\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
         std::to_string(body_size) + "\r\nConnection: close\r\n\r\n";
}

}  // namespace

core::Status HttpReader::feed(core::Bytes bytes) {
  if (complete_) return bytes.empty() ? core::Status() : core::Error::kMalformed;
  if (in_body_) return take_body(bytes);
  const std::size_t searched = head_.size() < 3 ? 0 : head_.size() - 3;
  head_.append(bytes.begin(), bytes.end());
  const auto at = head_.find(kEndOfHead, searched);
  if (at == std::string::npos) {
    return head_.size() > kMaxHeadSize ? core::Status(core::Error::kFull) : core::Status();
  }
  if (at > kMaxHeadSize) return core::Error::kFull;
  const std::string all = std::move(head_);
  head_.clear();
  TRY(parse_head(std::string_view(all).substr(0, at)));
  const std::string_view rest = std::string_view(all).substr(at + kEndOfHead.size());
  if (answer_.status < 200) {  // an interim answer: the real one follows
    answer_ = {};
    return rest.empty() ? core::Status()
                        : feed({reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()});
  }
  in_body_ = true;
  return take_body({reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()});
}

core::Status HttpReader::parse_head(std::string_view head) {
  auto line_end = std::min(head.find("\r\n"), head.size());
  const auto status_line = head.substr(0, line_end);
  std::size_t status = 0;
  if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12 || status_line[8] != ' ' ||
      !parse_number(status_line.substr(9, 3), status) || status < 100 || status > 599 ||
      (status_line.size() > 12 && status_line[12] != ' ')) {
    return core::Error::kMalformed;
  }
  answer_.status = static_cast<int>(status);
  while (line_end < head.size()) {
    head.remove_prefix(line_end + 2);
    line_end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, line_end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return core::Error::kMalformed;
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (same_word(name, "transfer-encoding")) return core::Error::kMalformed;
    if (same_word(name, "content-length")) {
      std::size_t size = 0;
      if (!parse_number(value, size) || (has_size_ && size != size_)) {
        return core::Error::kMalformed;
      }
      if (size > kMaxBodySize) return core::Error::kFull;
      size_ = size;
      has_size_ = true;
    }
  }
  return {};
}

core::Status HttpReader::take_body(core::Bytes bytes) {
  auto& body = answer_.body;
  if (bytes.size() > (has_size_ ? size_ : kMaxBodySize) - body.size()) {
    return has_size_ ? core::Error::kMalformed : core::Error::kFull;
  }
  body.insert(body.end(), bytes.begin(), bytes.end());
  complete_ = has_size_ && body.size() == size_;
  return {};
}

core::Status HttpReader::end() {
  if (complete_) return {};
  if (!in_body_ || has_size_) return core::Error::kMalformed;
  complete_ = true;
  return {};
}

Outcome<HttpAnswer> https_post(const TlsContext& context, const std::string& host,
                               std::uint16_t port, const std::string& path, core::Bytes body,
                               std::int64_t timeout_ms) {
  const core::Instant give_up = monotonic_now() + timeout_ms;
  auto stream = TRY(TlsStream::connect(context, host, port, monotonic_now()));
  std::string request = request_head(host, port, path, body.size());
  request.append(body.begin(), body.end());
  core::Bytes left{reinterpret_cast<const std::uint8_t*>(request.data()), request.size()};
  HttpReader reader;
  std::vector<std::uint8_t> buffer(16 * 1024);

  while (true) {
    const core::Instant now = monotonic_now();
    if (now >= give_up) {
      return Problem{ProblemKind::kTimeout,
                     "The server at " + host + " port " + std::to_string(port) + " did not answer.",
                     "Check the network, and that the server is running there."};
    }
    if (!stream.open()) {
      TRY(stream.advance(now));
    } else {
      if (!left.empty()) left = left.subspan(TRY(stream.write(left)));
      const auto size = stream.read(buffer);
      core::Status status;
      if (size) {
        status = reader.feed(core::Bytes(buffer).first(*size));
      } else if (!reader.end()) {
        return size.error();
      }
      if (!status) {
        return Problem{ProblemKind::kNetwork,
                       "The server at " + host + " gave an answer that is not understood.",
                       "Check that the address and port are those of a ginnel server."};
      }
      if (reader.complete()) {
        stream.shut_down();
        return reader.take();
      }
      if (*size != 0) continue;
    }
    const core::Instant wake = std::min(give_up, stream.deadline());
    pollfd ready{stream.fd(), stream.events(!left.empty()), 0};
    poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(wake.ms - now.ms, 0, 60'000)));
  }
}

}  // namespace ports::linux_os
