#include "ports/linux/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>

#include "ports/linux/home.h"
#include "ports/linux/https.h"
#include "ports/linux/test_tls_peer.h"

namespace ports::linux_os {
namespace {

using testing::HasSubstr;

const bool ignored_sigpipe = signal(SIGPIPE, SIG_IGN) != SIG_ERR;

class TlsTest : public testing::Test {
 protected:
  static constexpr const char* kHosts = "DNS:localhost,IP:127.0.0.1";

  TlsContext site(const TestCertificate& client) {
    auto context = TlsContext::for_site(authority_.certificate_text(), client.certificate_text(),
                                        client.key_text());
    EXPECT_TRUE(context) << context.error().text;
    return *std::move(context);
  }

  // Drives a stream until it is open and, with `and_read`, has read some text.
  Outcome<std::string> talk(const TlsContext& context, std::uint16_t port,
                            const std::string& host = "127.0.0.1", bool and_read = true) {
    auto stream = TRY(TlsStream::connect(context, host, port, monotonic_now()));
    std::array<std::uint8_t, 100> buffer;
    const core::Instant give_up = monotonic_now() + 10'000;
    while (monotonic_now() < give_up) {
      if (!stream.open()) TRY(stream.advance(monotonic_now()));
      if (stream.open()) {
        if (!and_read) return stream.cipher();
        const auto size = TRY(stream.read(buffer));
        if (size > 0) return text_of(core::Bytes(buffer).first(size));
      }
      pollfd ready{stream.fd(), stream.events(false), 0};
      poll(&ready, 1, 100);
    }
    return Problem{ProblemKind::kTimeout, "the test timed out", {}};
  }

  static void say_hello(ssl_st* ssl) { SSL_write(ssl, "hello", 5); }

  TestCertificate authority_ = make_test_certificate({.name = "CA", .is_authority = true}, nullptr);
  TestCertificate stranger_ = make_test_certificate({.name = "CA", .is_authority = true}, nullptr);
  TestCertificate server_ = make_test_certificate({.hosts = kHosts}, &authority_);
  TestCertificate client_ = make_test_certificate({.name = "alice"}, &authority_);
};

TEST_F(TlsTest, TalksToTheRightServerByAddressAndByName) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    TestTlsPeer peer({.certificate = &server_, .client_authority = &authority_}, say_hello);
    const auto text = talk(site(client_), peer.port(), host);
    ASSERT_TRUE(text) << text.error().text;
    EXPECT_EQ(*text, "hello");
  }
}

TEST_F(TlsTest, UsesTls13) {
  TestTlsPeer peer({.certificate = &server_}, say_hello);
  const auto cipher = talk(site(client_), peer.port(), "127.0.0.1", false);
  ASSERT_TRUE(cipher);
  EXPECT_THAT(*cipher, testing::StartsWith("TLS_"));
}

TEST_F(TlsTest, RefusesAServerOfAnotherAuthority) {
  const auto other = make_test_certificate({.hosts = kHosts}, &stranger_);
  TestTlsPeer peer({.certificate = &other, .also_sent = &stranger_}, say_hello);
  const auto text = talk(site(client_), peer.port());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ProblemKind::kRefused);
  EXPECT_THAT(text.error().text, HasSubstr("another authority"));
}

TEST_F(TlsTest, RefusesACertificateForAnotherHost) {
  const auto other = make_test_certificate({.hosts = "DNS:example.net,IP:192.0.2.1"}, &authority_);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    TestTlsPeer peer({.certificate = &other}, say_hello);
    const auto text = talk(site(client_), peer.port(), host);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, ProblemKind::kRefused);
    EXPECT_THAT(text.error().text, HasSubstr("another host"));
  }
}

TEST_F(TlsTest, RefusesCertificatesOutOfTheirTime) {
  const auto old = make_test_certificate({.hosts = kHosts, .ends_in_s = -60}, &authority_);
  TestTlsPeer old_peer({.certificate = &old}, say_hello);
  const auto expired = talk(site(client_), old_peer.port());
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().kind, ProblemKind::kRefused);
  EXPECT_THAT(expired.error().text, HasSubstr("expired"));

  const auto early = make_test_certificate({.hosts = kHosts, .starts_in_s = 600}, &authority_);
  TestTlsPeer early_peer({.certificate = &early}, say_hello);
  const auto not_yet = talk(site(client_), early_peer.port());
  ASSERT_FALSE(not_yet);
  EXPECT_THAT(not_yet.error().text, HasSubstr("not valid yet"));
  EXPECT_THAT(not_yet.error().advice, HasSubstr("clock"));
}

TEST_F(TlsTest, RefusesTls12) {
  TestTlsPeer peer({.certificate = &server_, .highest_version = TLS1_2_VERSION}, say_hello);
  const auto text = talk(site(client_), peer.port());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ProblemKind::kRefused);
  EXPECT_THAT(text.error().text, HasSubstr("TLS 1.3"));
}

// The refusal comes after the client's handshake is over: at its first read.
TEST_F(TlsTest, SaysThatTheServerRefusedOurCertificate) {
  const auto foreign = make_test_certificate({.name = "mallory"}, &stranger_);
  TestTlsPeer peer({.certificate = &server_, .client_authority = &authority_}, say_hello);
  const auto text = talk(site(foreign), peer.port());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ProblemKind::kRefused);
  EXPECT_THAT(text.error().text, HasSubstr("does not accept this device's certificate"));

  const auto old = make_test_certificate({.name = "alice", .ends_in_s = -60}, &authority_);
  TestTlsPeer second({.certificate = &server_, .client_authority = &authority_}, say_hello);
  const auto expired = talk(site(old), second.port());
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().kind, ProblemKind::kRefused);
  EXPECT_THAT(expired.error().text, HasSubstr("expired"));
}

TEST_F(TlsTest, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  { port = TestTlsPeer({.certificate = &server_}, nullptr).port(); }
  const auto text = talk(site(client_), port);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ProblemKind::kNetwork);
  EXPECT_THAT(text.error().text, HasSubstr("refused"));
}

TEST_F(TlsTest, SaysThatANameDoesNotResolve) {
  const auto text = talk(site(client_), 1, "no-such-host.invalid");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ProblemKind::kNetwork);
  EXPECT_THAT(text.error().text, HasSubstr("cannot be resolved"));
}

TEST_F(TlsTest, SaysThatTheOtherSideSpeaksNoTls) {
  TestTlsPeer peer({.plain = true}, nullptr);
  const auto text = talk(site(client_), peer.port());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ProblemKind::kNetwork);
}

TEST_F(TlsTest, RefusesAKeyThatDoesNotFitTheCertificate) {
  EXPECT_FALSE(TlsContext::for_site(authority_.certificate_text(), client_.certificate_text(),
                                    server_.key_text()));
  EXPECT_FALSE(TlsContext::for_site("", client_.certificate_text(), client_.key_text()));
  EXPECT_FALSE(TlsContext::for_site(authority_.certificate_text(), "nonsense", client_.key_text()));
}

// Enrolment knows the authority by its fingerprint only.
TEST_F(TlsTest, FindsThePinnedAuthorityInTheChain) {
  TestTlsPeer peer({.certificate = &server_, .also_sent = &authority_}, say_hello);
  const auto context = TlsContext::for_enrolment(authority_.fingerprint());
  const auto text = talk(*context, peer.port());
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_EQ(*text, "hello");
}

TEST_F(TlsTest, RefusesAChainWithoutThePinnedAuthority) {
  const auto context = TlsContext::for_enrolment(authority_.fingerprint());
  const auto foreign = make_test_certificate({.hosts = kHosts}, &stranger_);
  // A stranger, the right server that does not show its authority, and a
  // stranger that shows the right authority behind a certificate of its own.
  const TestTlsPeer::Options cases[] = {{.certificate = &foreign, .also_sent = &stranger_},
                                        {.certificate = &server_},
                                        {.certificate = &foreign, .also_sent = &authority_}};
  for (const auto& options : cases) {
    TestTlsPeer peer(options, say_hello);
    const auto text = talk(*context, peer.port());
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, ProblemKind::kRefused);
    EXPECT_THAT(text.error().text, HasSubstr("another authority"));
  }
}

TEST_F(TlsTest, ChecksTheHostUnderAPinnedAuthorityToo) {
  const auto other = make_test_certificate({.hosts = "DNS:example.net"}, &authority_);
  const auto context = TlsContext::for_enrolment(authority_.fingerprint());
  TestTlsPeer peer({.certificate = &other, .also_sent = &authority_}, say_hello);
  const auto text = talk(*context, peer.port());
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().text, HasSubstr("another host"));
}

// ---- one POST ---------------------------------------------------------------

class HttpsTest : public TlsTest {
 protected:
  Outcome<HttpAnswer> post(const std::string& answer, std::string& request,
                           std::size_t body_size = 5) {
    TestTlsPeer peer({.certificate = &server_, .also_sent = &authority_}, [&](ssl_st* ssl) {
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos ||
             request.size() - request.find("\r\n\r\n") - 4 < body_size) {
        const int size = SSL_read(ssl, buffer, sizeof buffer);
        if (size <= 0) return;
        request.append(buffer, static_cast<std::size_t>(size));
      }
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    });
    const auto context = TRY(TlsContext::for_enrolment(authority_.fingerprint()));
    const std::string body(body_size, 'b');
    return https_post(context, "127.0.0.1", peer.port(), "/enrol", bytes_of(body), 5000);
  }
};

TEST_F(HttpsTest, SendsARequestAndReadsTheAnswer) {
  std::string request;
  const auto answer = post("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes", request, 40'000);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(text_of(answer->body), "yes");
  EXPECT_THAT(request, testing::StartsWith("POST /enrol HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 40000\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nHost: 127.0.0.1:"));
}

TEST_F(HttpsTest, ReadsABodyThatEndsWithTheConnection) {
  std::string request;
  const auto answer = post("HTTP/1.1 410 Gone\r\n\r\ntoo late", request);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 410);
  EXPECT_EQ(text_of(answer->body), "too late");
}

TEST_F(HttpsTest, RefusesAnAnswerThatIsNotWholeOrNotHttp) {
  for (const char* text :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "220 smtp\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    std::string request;
    const auto answer = post(text, request);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().kind, ProblemKind::kNetwork);
  }
}

TEST_F(HttpsTest, GivesUpAfterItsTime) {
  TestTlsPeer peer({.certificate = &server_, .also_sent = &authority_},
                   [](ssl_st*) { usleep(400'000); });
  const auto context = TlsContext::for_enrolment(authority_.fingerprint());
  const auto answer = https_post(*context, "127.0.0.1", peer.port(), "/", {}, 150);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ProblemKind::kTimeout);
}

}  // namespace
}  // namespace ports::linux_os
