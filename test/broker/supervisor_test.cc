// The life of the broker that ginneld supervises.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "server/broker/files.h"
#include "server/broker/link.h"
#include "server/broker/sockets.h"
#include "test/broker/broker_under_test.h"

namespace test {
namespace {

using namespace std::chrono_literals;
using server::broker::Failure;
using server::broker::Link;
using server::broker::Mosquitto;

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = 15s) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

class BrokerSupervisor : public ::testing::Test {
 protected:
  Link::Options link_options() const {
    return {.address = {"localhost", broker_.port},
            .ca_file = broker_.folder / "ca.crt",
            .certificate_file = broker_.server(),
            .key_file = broker_.server(),
            .client_id = server::broker::kServerUser};
  }
  BrokerUnderTest broker_;
};

TEST_F(BrokerSupervisor, StartsAndEndsTheBroker) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  const pid_t pid = broker_.mosquitto.pid();
  EXPECT_EQ(kill(pid, 0), 0);
  broker_.mosquitto.stop();
  EXPECT_EQ(broker_.mosquitto.pid(), 0);
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_FALSE(server::broker::accepts("127.0.0.1", broker_.port));
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
}

TEST_F(BrokerSupervisor, DoesNotRunTheBrokerAsRootAndLetsItWriteNothing) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  struct stat process {};
  ASSERT_EQ(stat(("/proc/" + std::to_string(broker_.mosquitto.pid())).c_str(), &process), 0);
  if (geteuid() != 0) {
    EXPECT_EQ(process.st_uid, geteuid());
    return;
  }
  EXPECT_NE(process.st_uid, 0u);
  for (const auto& entry : std::filesystem::directory_iterator(broker_.setup().folder)) {
    struct stat file {};
    ASSERT_EQ(stat(entry.path().c_str(), &file), 0);
    EXPECT_EQ(file.st_uid, 0u) << entry.path();
    EXPECT_EQ(file.st_mode & 027, 0u) << entry.path();
  }
}

TEST_F(BrokerSupervisor, StartsAKilledBrokerAgainWithGrowingPauses) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    const pid_t before = broker_.mosquitto.pid();
    ASSERT_EQ(kill(before, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] {
      const pid_t now = broker_.mosquitto.pid();
      return now != 0 && now != before && server::broker::accepts("127.0.0.1", broker_.port);
    }));
    EXPECT_EQ(broker_.mosquitto.restarts(), i);
  }
}

TEST_F(BrokerSupervisor, RefusesAPortThatIsInUse) {
  BrokerUnderTest other;
  ASSERT_TRUE(broker_.mosquitto.start().ok());
  auto setup = other.setup();
  setup.port = broker_.port;
  Mosquitto second(setup, [](Mosquitto::Event, const std::string&) {});
  const auto started = second.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, Failure::Kind::kInUse);
}

TEST_F(BrokerSupervisor, RefusesToStartWithoutThePlugin) {
  auto setup = broker_.setup();
  setup.plugin = broker_.folder / "no.so";
  Mosquitto none(setup, [](Mosquitto::Event, const std::string&) {});
  const auto absent = none.start();
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().kind, Failure::Kind::kNotInstalled);
  write_text(broker_.folder / "no.so", "not a library");
  Mosquitto damaged(setup, [](Mosquitto::Event, const std::string&) {});
  const auto started = damaged.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, Failure::Kind::kSystem);
  EXPECT_FALSE(server::broker::accepts("127.0.0.1", broker_.port));
}

TEST_F(BrokerSupervisor, EndsABrokerThatAKilledProcessLeftBehind) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  const pid_t left = broker_.mosquitto.pid();
  // Another supervisor on the same folder, as after the first one's death.
  Mosquitto next(broker_.setup(), [](Mosquitto::Event, const std::string&) {});
  (void)next.start();
  EXPECT_TRUE(eventually([&] { return kill(left, 0) != 0; }));
}

TEST_F(BrokerSupervisor, LeavesAloneAProcessThatOnlyHasTheNumber) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  std::filesystem::create_directory(broker_.setup().folder);
  write_text(broker_.setup().folder / "pid", std::to_string(child) + " 12345\n");
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(BrokerSupervisor, BrokerDiesWithItsSupervisor) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const bool started = broker_.mosquitto.start().ok();
    const pid_t pid = started ? broker_.mosquitto.pid() : 0;
    [[maybe_unused]] const auto n = ::write(ready[1], &pid, sizeof(pid));
    pause();
    _exit(0);
  }
  pid_t broker = 0;
  ASSERT_EQ(::read(ready[0], &broker, sizeof(broker)), static_cast<ssize_t>(sizeof(broker)));
  ASSERT_NE(broker, 0);
  EXPECT_EQ(kill(broker, 0), 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !server::broker::accepts("127.0.0.1", broker_.port); }));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(BrokerSupervisor, TakesOverARenewedCertificateWithoutLosingConnections) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  HostileClient alice(broker_.options(broker_.device("alice")));
  ASSERT_EQ(alice.connect(), kSuccess);
  const std::vector<std::string> hosts{"localhost", "127.0.0.1"};
  const auto pem = broker_.authority.issue_server(hosts, wall_now());
  ASSERT_TRUE(server::broker::write_file(broker_.folder / "server.pem", *pem, 0600).ok());
  ASSERT_TRUE(broker_.mosquitto.reload_certificates().ok());
  alice.run(300ms);
  EXPECT_TRUE(alice.connected());
  HostileClient bob(broker_.options(broker_.device("bob")));
  EXPECT_EQ(bob.connect(), kSuccess);
}

TEST_F(BrokerSupervisor, LinkReceivesRequestsAndAnswersWithCorrelationAcrossABrokerKill) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  std::atomic<int> received{0};
  Link* to_answer = nullptr;
  Link link(link_options(),
            [&](server::service::IncomingRequest request) {
              ++received;
              server::service::OutgoingPublish answer{
                  "ginnel/1/down/alice/reply", request.payload, {}, 60};
              answer.correlation.emplace().fill(7);
              to_answer->publish(answer);
            },
            {});
  to_answer = &link;
  EXPECT_FALSE(link.publish({"ginnel/1/down/alice/reply", {1}, {}, 0}));
  link.start();
  ASSERT_TRUE(link.wait_connected(10s));
  const auto pem = broker_.device("alice");
  for (int round = 1; round <= 2; ++round) {
    HostileClient alice(broker_.options(pem));
    ASSERT_TRUE(eventually([&] { return alice.connect() == kSuccess; }));
    ASSERT_EQ(alice.subscribe("ginnel/1/down/alice/#"), 1);
    ASSERT_EQ(alice.publish(up("alice"), "question", false, "ginnel/1/down/bob/reply"), kSuccess);
    ASSERT_TRUE(alice.wait_messages(1));
    EXPECT_EQ(alice.messages[0].payload, "question");
    EXPECT_EQ(alice.messages[0].correlation, std::string(16, 7));
    EXPECT_EQ(received, round);
    if (round == 1) {
      ASSERT_EQ(kill(broker_.mosquitto.pid(), SIGKILL), 0);
      ASSERT_TRUE(eventually([&] { return !link.connected(); }));
      ASSERT_TRUE(eventually([&] { return link.connected(); }));
    }
  }
  EXPECT_EQ(link.counters().connects, 2u);
  link.stop();
  EXPECT_FALSE(link.connected());
}

TEST_F(BrokerSupervisor, LinkTrustsNoOtherBroker) {
  ASSERT_TRUE(broker_.mosquitto.start().ok()) << broker_.log;
  const BrokerUnderTest other;
  std::string reason;
  for (const bool foreign_authority : {true, false}) {
    auto options = link_options();
    if (foreign_authority) {
      options.ca_file = other.folder / "ca.crt";
    } else {
      options.address.host = "127.0.0.2";  // not among the certificate's names
    }
    Link link(
        options, [](server::service::IncomingRequest) {},
        [&](bool, const std::string& why) { reason = why; });
    link.start();
    EXPECT_FALSE(link.wait_connected(1s));
    link.stop();
    EXPECT_FALSE(reason.empty());
  }
}

TEST(BrokerAddress, Parses) {
  using server::broker::BrokerAddress;
  const auto plain = BrokerAddress::parse("mqtts://broker.example");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->host, "broker.example");
  EXPECT_EQ(plain->port, 8883);
  const auto v6 = BrokerAddress::parse("mqtts://[::1]:1234/");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 1234);
  for (const char* bad :
       {"", "mqtt://a", "mqtts://", "mqtts://a:", "mqtts://a:0", "mqtts://a:65536", "mqtts://a:1x",
        "mqtts://[::1", "mqtts://user@a", "mqtts://a/b", "mqtts://:1", "mqtts://a:1:2"}) {
    EXPECT_FALSE(BrokerAddress::parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace test
