#include "core/api/http.h"

#include <gtest/gtest.h>

#include <string>

namespace core::api {
namespace {

using Answer = Result<std::optional<HttpAnswer>>;

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

Answer read(const std::string& text, Connection connection = Connection::kOpen) {
  // A copy of its own, so that a sanitizer sees a read behind its end.
  static std::string copy;
  copy = text;
  copy.shrink_to_fit();
  return read_http_answer(bytes_of(copy), connection);
}

TEST(HttpAnswer, IsThereOnceAllOfItIs) {
  const std::string text = "HTTP/1.1 404 Not Found\r\ncontent-LENGTH:  4 \r\nX: y\r\n\r\nbody";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto answer = read(text.substr(0, size));
    ASSERT_TRUE(answer) << size;
    EXPECT_FALSE(*answer) << size;
    EXPECT_EQ(read(text.substr(0, size), Connection::kEnded).error(), Error::kMalformed) << size;
  }
  const auto answer = read(text);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->status, 404);
  EXPECT_EQ(text_of((*answer)->body), "body");
}

TEST(HttpAnswer, MayEndWithTheConnection) {
  const std::string text = "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nbody";
  EXPECT_FALSE(*read(text));
  const auto answer = read(text, Connection::kEnded);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(text_of((*answer)->body), "body");
}

TEST(HttpAnswer, FollowsInterimOnes) {
  const auto answer =
      read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->status, 200);
}

TEST(HttpAnswer, IsRefusedIfItIsNotHttp) {
  for (const char* text :
       {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"}) {
    EXPECT_EQ(read(text).error(), Error::kMalformed) << text;
  }
}

TEST(HttpAnswer, HasNoEndlessHead) {
  EXPECT_FALSE(*read(std::string(kMaxHttpHeadSize, 'h')));
  EXPECT_EQ(read(std::string(kMaxHttpHeadSize + 4, 'h')).error(), Error::kFull);
}

TEST(HttpPost, NamesHostAndSize) {
  ByteArray<512> out;
  const auto size = write_post(label("/enrol"), label("fd77::1"), 8443, 1234, out);
  ASSERT_TRUE(size);
  EXPECT_EQ(text_of(Bytes(out).first(*size)),
            "POST /enrol HTTP/1.1\r\nHost: [fd77::1]:8443\r\n"
            "Content-Type: application/octet-stream\r\nContent-Length: 1234\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(write_post(label("/"), label("gate"), 1, 0, MutBytes(out).first(60)).error(),
            Error::kFull);
}

}  // namespace
}  // namespace core::api
