// What a device with a valid certificate can do at the broker: use its own
// topics, and nothing else. One test for each trap of Mosquitto that the
// generated configuration and the plugin close.
#include <gtest/gtest.h>

#include <csignal>

#include "test/broker/broker_under_test.h"

namespace test {
namespace {

using namespace std::chrono_literals;
using server::broker::Revocation;

class BrokerTrap : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = broker_.mosquitto.start();
    ASSERT_TRUE(started.ok()) << started.error().text << "\n" << broker_.log;
  }
  HostileClient::Options named(const std::string& name) {
    return broker_.options(broker_.device(name));
  }
  static void join(HostileClient& client) { ASSERT_EQ(client.connect(), kSuccess); }
  // A server that listens to all requests.
  static void serve(HostileClient& server) {
    join(server);
    ASSERT_EQ(server.subscribe("ginnel/1/up/#"), 1);
  }
  BrokerUnderTest broker_;
};

TEST_F(BrokerTrap, ADeviceAndTheServerReachEachOther) {
  HostileClient server(broker_.options(broker_.server())), alice(named("alice"));
  serve(server);
  join(alice);
  ASSERT_EQ(alice.subscribe("ginnel/1/down/alice/#"), 1);
  EXPECT_EQ(alice.publish(up("alice"), "hello"), kSuccess);
  ASSERT_TRUE(server.wait_messages(1));
  EXPECT_EQ(server.messages[0].topic, up("alice"));
  EXPECT_EQ(server.publish("ginnel/1/down/alice/reply", "answer"), kSuccess);
  ASSERT_TRUE(alice.wait_messages(1));
  EXPECT_EQ(alice.messages[0].payload, "answer");
}

TEST_F(BrokerTrap, PublishingUnderAnotherNameIsRefused) {
  HostileClient server(broker_.options(broker_.server())), mallory(named("mallory"));
  serve(server);
  join(mallory);
  for (const std::string& topic : {
           up("alice"),
           std::string("ginnel/1/up/00/alice/status"),
           std::string("ginnel/1/up/mallory/status"),
           std::string("ginnel/1/up/zz/mallory/status"),
           std::string("ginnel/1/up/000/mallory/status"),
           std::string("ginnel/1/up/00/mallory"),
           std::string("ginnel/1/up/00/mallory2/status"),
           std::string("ginnel/1/down/alice/reply"),
           std::string("ginnel/1/down/mallory/reply"),
           std::string("ginnel/1/down/alice/mail"),
           std::string("ginnel/2/up/00/mallory/status"),
           std::string("elsewhere"),
           std::string("$SYS/broker/uptime"),
           std::string("$CONTROL/dynamic-security/v1"),
       }) {
    HostileClient client(named("mallory"));
    ASSERT_EQ(client.connect(), kSuccess);
    EXPECT_EQ(client.publish(topic, "forged"), kNotAuthorized) << topic;
  }
  // What is allowed still arrives. (Mosquitto 2.0.11 as Debian 12 has it closes
  // the connection after a refusal.)
  HostileClient again(named("mallory"));
  join(again);
  EXPECT_EQ(again.publish(up("mallory"), "own"), kSuccess);
  ASSERT_TRUE(server.wait_messages(1));
  EXPECT_EQ(server.messages[0].payload, "own");
}

TEST_F(BrokerTrap, SubscribingToWhatIsNotOnesOwnIsRefused) {
  HostileClient mallory(named("mallory"));
  join(mallory);
  for (const char* filter : {
           "#",
           "+/#",
           "ginnel/#",
           "ginnel/1/#",
           "ginnel/1/+/mallory/#",
           "ginnel/+/down/mallory/#",
           "ginnel/1/down/#",
           "ginnel/1/down/+/reply",
           "ginnel/1/down/alice/#",
           "ginnel/1/down/alice/reply",
           "ginnel/1/down/mallory2/#",
           "ginnel/1/down/mallory",
           "ginnel/1/up/#",
           "ginnel/1/up/+/mallory/#",
           "$share/g/ginnel/1/up/#",
           "$share/g/ginnel/1/down/alice/#",
           "$share/g/ginnel/1/down/mallory/#",
           "$share/ginnel/1/down/mallory/#",
           "$SYS/#",
           "$SYS/broker/clients/connected",
       }) {
    EXPECT_EQ(mallory.subscribe(filter), kNotAuthorized) << filter;
  }
  EXPECT_EQ(mallory.subscribe("ginnel/1/down/mallory/#"), 1);
  EXPECT_EQ(mallory.subscribe("ginnel/1/down/mallory/reply"), 1);
}

TEST_F(BrokerTrap, ASharedSubscriptionStealsNoRequest) {
  HostileClient server(broker_.options(broker_.server())), mallory(named("mallory")),
      alice(named("alice"));
  serve(server);
  join(mallory);
  join(alice);
  EXPECT_EQ(mallory.subscribe("$share/g/ginnel/1/up/#"), kNotAuthorized);
  for (int i = 0; i < 90; ++i) ASSERT_EQ(alice.publish(up("alice"), "request"), kSuccess);
  EXPECT_TRUE(server.wait_messages(90));
}

TEST_F(BrokerTrap, EvenTheServersNameHasLimits) {
  HostileClient server(broker_.options(broker_.server()));
  join(server);
  EXPECT_EQ(server.subscribe("#"), kNotAuthorized);
  EXPECT_EQ(server.subscribe("$share/g/ginnel/1/up/#"), kNotAuthorized);
  EXPECT_EQ(server.subscribe("ginnel/1/down/alice/#"), kNotAuthorized);
  EXPECT_EQ(server.publish(up("alice"), "forged"), kNotAuthorized);
}

TEST_F(BrokerTrap, AClientIdCannotBeStolen) {
  auto alices = named("alice");
  alices.client_id = "alice";
  alices.clean_start = false;
  alices.session_expiry_s = 600;
  HostileClient server(broker_.options(broker_.server()));
  join(server);
  {
    HostileClient alice(alices);
    join(alice);
    ASSERT_EQ(alice.subscribe("ginnel/1/down/alice/#"), 1);
    alice.disconnect();
  }
  ASSERT_EQ(server.publish("ginnel/1/down/alice/reply", "for alice"), kSuccess);
  auto stolen = named("mallory");
  stolen.client_id = "alice";
  stolen.clean_start = false;
  HostileClient mallory(stolen);
  join(mallory);
  EXPECT_FALSE(mallory.session_present());
  mallory.run(300ms);
  EXPECT_TRUE(mallory.messages.empty());
  HostileClient alice(alices);
  join(alice);
  EXPECT_TRUE(alice.session_present());
  ASSERT_TRUE(alice.wait_messages(1));
  EXPECT_EQ(alice.messages[0].payload, "for alice");
  mallory.run(300ms);
  EXPECT_TRUE(mallory.connected());
}

TEST_F(BrokerTrap, AConnectedDeviceIsNotThrownOutByAnothersClientId) {
  HostileClient alice(named("alice"));
  join(alice);
  auto stolen = named("mallory");
  stolen.client_id = "alice";
  HostileClient mallory(stolen);
  join(mallory);
  alice.run(300ms);
  EXPECT_TRUE(alice.connected());
}

TEST_F(BrokerTrap, AWillUnderAnotherNameIsNotDelivered) {
  HostileClient server(broker_.options(broker_.server())), alice(named("alice"));
  serve(server);
  join(alice);
  ASSERT_EQ(alice.subscribe("ginnel/1/down/alice/#"), 1);
  for (const auto& topic : {up("alice"), std::string("ginnel/1/down/alice/reply")}) {
    auto options = named("mallory");
    options.will_topic = topic;
    HostileClient mallory(options);
    (void)mallory.connect();  // may be refused at once
  }
  auto options = named("bob");
  options.will_topic = up("bob");
  { HostileClient(options).connect(); }
  ASSERT_TRUE(server.wait_messages(1));  // the last will of all
  EXPECT_EQ(server.messages[0].topic, up("bob"));
  server.run(300ms);
  alice.run(300ms);
  EXPECT_EQ(server.messages.size(), 1u);
  EXPECT_TRUE(alice.messages.empty());
}

TEST_F(BrokerTrap, ASlowSubscriberLosesNothing) {
  constexpr int kCount = 3000;  // Mosquitto's own default drops beyond 1000
  HostileClient server(broker_.options(broker_.server())), alice(named("alice"));
  serve(server);
  join(alice);
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(alice.publish(up("alice"), std::to_string(i)), kSuccess);
  }
  ASSERT_TRUE(server.wait_messages(kCount)) << server.messages.size();
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(server.messages[static_cast<std::size_t>(i)].payload, std::to_string(i));
  }
}

TEST_F(BrokerTrap, APacketBeyondTheLimitIsRefusedAndOneBelowItArrives) {
  HostileClient server(broker_.options(broker_.server()));
  serve(server);
  {
    HostileClient alice(named("alice"));
    join(alice);
    const std::string large(server::broker::kMaxPacketSize, 'x');
    const auto answer = alice.publish(up("alice"), large);
    EXPECT_TRUE(!answer || *answer == kPacketTooLarge) << *answer;
  }
  HostileClient alice(named("alice"));
  join(alice);
  EXPECT_EQ(alice.publish(up("alice"), std::string(70'000, 'y')), kSuccess);
  ASSERT_TRUE(server.wait_messages(1));
  EXPECT_EQ(server.messages[0].payload.size(), 70'000u);
}

TEST_F(BrokerTrap, NothingIsRetained) {
  for (const int version : {4, 5}) {
    auto options = named("alice");
    options.version = version;
    HostileClient alice(options);
    join(alice);
    (void)alice.publish(up("alice"), "again and again", true);
  }
  HostileClient server(broker_.options(broker_.server()));
  serve(server);
  server.run(300ms);
  EXPECT_TRUE(server.messages.empty());
}

TEST_F(BrokerTrap, ARevokedDeviceIsThrownOutAndDeniedEverything) {
  const auto now_s = wall_now().ms / 1000;
  const auto pem = broker_.device("alice");
  HostileClient server(broker_.options(broker_.server())), alice(broker_.options(pem)),
      bob(named("bob"));
  serve(server);
  join(alice);
  join(bob);
  ASSERT_EQ(alice.subscribe("ginnel/1/down/alice/#"), 1);
  ASSERT_TRUE(broker_.mosquitto.set_revoked(std::vector{Revocation{"alice", now_s}}).ok());
  alice.run(10s, [&] { return !alice.connected(); });
  EXPECT_FALSE(alice.connected());
  HostileClient again(broker_.options(pem));
  (void)again.connect();
  EXPECT_EQ(again.subscribe("ginnel/1/down/alice/#"), kNotAuthorized);
  EXPECT_EQ(again.publish(up("alice"), "x"), kNotAuthorized);
  // Others are not touched, and subscriptions are still checked after the reload.
  bob.run(100ms);
  EXPECT_TRUE(bob.connected());
  EXPECT_EQ(bob.publish(up("bob"), "x"), kSuccess);
  EXPECT_EQ(bob.subscribe("#"), kNotAuthorized);
  EXPECT_EQ(bob.publish(up("alice"), "x"), kNotAuthorized);
}

TEST_F(BrokerTrap, ANameEnrolledAgainWorksWithItsNewCertificateOnly) {
  const auto now = wall_now();
  const auto before = broker_.device("alice", core::WallTime{now.ms - 10'000});
  ASSERT_TRUE(
      broker_.mosquitto.set_revoked(std::vector{Revocation{"alice", now.ms / 1000 - 5}}).ok());
  HostileClient first(broker_.options(before));
  first.run(300ms);  // the reload has happened
  join(first);
  EXPECT_EQ(first.publish(up("alice"), "x"), kNotAuthorized);
  HostileClient server(broker_.options(broker_.server()));
  serve(server);
  HostileClient second(broker_.options(broker_.device("alice", now)));
  join(second);
  EXPECT_EQ(second.publish(up("alice"), "x"), kSuccess);
}

TEST_F(BrokerTrap, ARevocationHoldsAfterTheBrokersRestart) {
  const auto pem = broker_.device("alice");
  ASSERT_TRUE(
      broker_.mosquitto.set_revoked(std::vector{Revocation{"alice", wall_now().ms / 1000}}).ok());
  broker_.mosquitto.stop();
  ASSERT_TRUE(broker_.mosquitto.start().ok());
  HostileClient alice(broker_.options(pem));
  join(alice);
  EXPECT_EQ(alice.publish(up("alice"), "x"), kNotAuthorized);
}

TEST_F(BrokerTrap, AKilledBrokerBringsNothingOldBack) {
  auto options = named("alice");
  options.client_id = "alice";
  options.clean_start = false;
  options.session_expiry_s = 600;
  HostileClient server(broker_.options(broker_.server()));
  serve(server);
  {
    HostileClient alice(options);
    join(alice);
    ASSERT_EQ(alice.subscribe("ginnel/1/down/alice/#"), 1);
    ASSERT_EQ(server.publish("ginnel/1/down/alice/mail", "consumed"), kSuccess);
    ASSERT_TRUE(alice.wait_messages(1));
    alice.disconnect();
  }
  const pid_t before = broker_.mosquitto.pid();
  ASSERT_EQ(kill(before, SIGKILL), 0);
  for (int i = 0; i < 1000 && (broker_.mosquitto.pid() == 0 || broker_.mosquitto.pid() == before);
       ++i) {
    usleep(10'000);
  }
  ASSERT_NE(broker_.mosquitto.pid(), before);
  HostileClient alice(options);
  for (int i = 0; i < 100 && alice.connect() != kSuccess; ++i) usleep(20'000);
  EXPECT_FALSE(alice.session_present());
  alice.run(300ms);
  EXPECT_TRUE(alice.messages.empty());
}

}  // namespace
}  // namespace test
