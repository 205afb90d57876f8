#include "ports/linux/https.h"

#include <gtest/gtest.h>

#include "ports/linux/home.h"

namespace ports::linux_os {
namespace {

using core::Error;

core::Status feed(HttpReader& reader, const std::string& text) {
  return reader.feed(bytes_of(text));
}

TEST(HttpReader, TakesAnAnswerInPiecesOfAnySize) {
  const std::string text = "HTTP/1.1 404 Not Found\r\ncontent-LENGTH:  4 \r\nX: y\r\n\r\nbody";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    HttpReader reader;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      EXPECT_FALSE(reader.complete());
      ASSERT_TRUE(feed(reader, text.substr(at, piece)));
    }
    ASSERT_TRUE(reader.complete());
    const auto answer = reader.take();
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(text_of(answer.body), "body");
  }
}

TEST(HttpReader, DoesNotTakeATruncatedAnswerForAWholeOne) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
  for (std::size_t size = 0; size < text.size(); ++size) {
    HttpReader reader;
    ASSERT_TRUE(feed(reader, text.substr(0, size)));
    EXPECT_FALSE(reader.complete());
    EXPECT_EQ(reader.end().error(), Error::kMalformed) << size;
  }
}

TEST(HttpReader, SkipsInterimAnswers) {
  HttpReader reader;
  ASSERT_TRUE(
      feed(reader, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.take().status, 200);
}

TEST(HttpReader, RefusesWhatIsNotHttp) {
  for (const char* text :
       {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"}) {
    HttpReader reader;
    EXPECT_EQ(feed(reader, text).error(), Error::kMalformed) << text;
  }
}

TEST(HttpReader, HasLimits) {
  HttpReader endless_head;
  core::Status status;
  for (int i = 0; i < 100 && status; ++i) status = feed(endless_head, std::string(1000, 'h'));
  EXPECT_EQ(status.error(), Error::kFull);

  HttpReader announced;
  EXPECT_EQ(feed(announced, "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n").error(),
            Error::kFull);

  HttpReader endless_body;
  status = feed(endless_body, "HTTP/1.1 200 OK\r\n\r\n");
  for (int i = 0; i < 1100 && status; ++i) status = feed(endless_body, std::string(1000, 'b'));
  EXPECT_EQ(status.error(), Error::kFull);
}

TEST(HttpReader, RefusesBytesBehindTheEnd) {
  HttpReader reader;
  ASSERT_TRUE(feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(feed(reader, "x").error(), Error::kMalformed);
}

}  // namespace
}  // namespace ports::linux_os
