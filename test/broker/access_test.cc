// Who gets into the broker: TLS 1.3 and a valid certificate of the site's own
// authority, or nothing.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/broker/sockets.h"
#include "test/broker/broker_under_test.h"
#include "test/broker/tls_handshake.h"

namespace test {
namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

class BrokerAccess : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = broker_.mosquitto.start();
    ASSERT_TRUE(started.ok()) << started.error().text << "\n" << broker_.log;
  }
  bool gets_in(const std::filesystem::path& pem) {
    HostileClient client(broker_.options(pem));
    return client.connect() == kSuccess;
  }
  BrokerUnderTest broker_;
};

TEST_F(BrokerAccess, IsGivenToADeviceOfTheSiteAndToTheServer) {
  EXPECT_TRUE(gets_in(broker_.device("alice")));
  EXPECT_TRUE(gets_in(broker_.server()));
}

TEST_F(BrokerAccess, NeedsTls13) {
  constexpr int kProtocolVersion = 70;  // Spec: [RFC8446] 6
  const auto pem = broker_.device("alice");
  EXPECT_EQ(tls_handshake(broker_.port, pem, TLS1_3_VERSION), 0);
  EXPECT_EQ(tls_handshake(broker_.port, pem, TLS1_2_VERSION), kProtocolVersion);
}

TEST_F(BrokerAccess, NeedsACertificate) { EXPECT_FALSE(gets_in("")); }

TEST_F(BrokerAccess, IsRefusedToACertificateOfAnotherAuthority) {
  BrokerUnderTest other;
  auto options = broker_.options(other.device("alice"));
  HostileClient client(options);
  EXPECT_EQ(client.connect(), std::nullopt);
}

TEST_F(BrokerAccess, IsRefusedToASelfSignedServersName) {
  BrokerUnderTest other;
  HostileClient client(broker_.options(other.server()));  // also named @ginneld
  EXPECT_EQ(client.connect(), std::nullopt);
}

TEST_F(BrokerAccess, IsRefusedToAnExpiredOrAFutureCertificate) {
  const auto now = wall_now();
  EXPECT_FALSE(gets_in(broker_.device("alice", core::WallTime{now.ms - 100 * kDayMs}, 90)));
  EXPECT_FALSE(gets_in(broker_.device("alice", core::WallTime{now.ms + kDayMs}, 90)));
  EXPECT_TRUE(gets_in(broker_.device("alice", core::WallTime{now.ms - 80 * kDayMs}, 90)));
}

TEST_F(BrokerAccess, IsRefusedToACertificateForServers) {
  EXPECT_FALSE(gets_in(broker_.folder / "server.pem"));
}

TEST_F(BrokerAccess, IsRefusedToAClientThatWouldTrustAnotherBroker) {
  const BrokerUnderTest other;
  auto options = broker_.options(broker_.device("alice"));
  options.ca_file = other.folder / "ca.crt";
  HostileClient client(options);
  EXPECT_EQ(client.connect(), std::nullopt);
}

TEST_F(BrokerAccess, IsThroughOnePortOnly) {
  EXPECT_EQ(listening_ports(broker_.mosquitto.pid()), std::vector<std::uint16_t>{broker_.port});
}

TEST_F(BrokerAccess, HasNoPlainText) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(broker_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  constexpr unsigned char kConnect[] = {0x10, 0x10, 0,  4, 'M', 'Q', 'T', 'T', 5,
                                        2,    0,    60, 0, 0,   3,   'a', 'b', 'c'};
  ASSERT_EQ(write(fd, kConnect, sizeof(kConnect)), static_cast<ssize_t>(sizeof(kConnect)));
  unsigned char answer[64];
  const ssize_t size = read(fd, answer, sizeof(answer));
  EXPECT_TRUE(size <= 0 || answer[0] != 0x20);  // a TLS alert or nothing, but no CONNACK
  close(fd);
}

}  // namespace
}  // namespace test
