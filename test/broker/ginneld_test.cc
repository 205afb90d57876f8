// ginneld as its users meet it: a program, a folder, and a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "core/api/token.h"
#include "server/broker/mosquitto.h"
#include "server/broker/sockets.h"
#include "test/broker/broker_under_test.h"
#include "test/broker/ginneld_under_test.h"
#include "test/broker/tls_handshake.h"

namespace test {
namespace {

using namespace std::chrono_literals;
using core::api::Code;

class GinneldTest : public ::testing::Test {
 protected:
  // A device that has enrolled as `name`.
  std::unique_ptr<Device> member(const std::string& name) {
    auto device = std::make_unique<Device>();
    EXPECT_EQ(device->enrol(server_, server_.invite(name)), 200) << server_.log();
    return device;
  }
  Folder folder_;
  Ginneld server_{folder_ / "srv"};
};

TEST_F(GinneldTest, GoesFromAnEmptyFolderToAnAnsweredRequest) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto alice = member("alice");
  ASSERT_TRUE(alice->enrolled);
  EXPECT_EQ(alice->enrolled->code, Code::kOk);
  EXPECT_EQ(alice->enrolled->name, "alice");
  EXPECT_EQ(alice->enrolled->broker_host, "localhost");
  EXPECT_EQ(alice->enrolled->broker_port, server_.mqtt_port());
  EXPECT_EQ(certificate_pem(alice->enrolled->ca_certificate), read_text(server_.data() / "ca.crt"));
  EXPECT_EQ(alice->ask_status(server_), Code::kOk) << server_.log();
  EXPECT_EQ(member("bob")->enrolled->contacts, 1u);

  const auto status = server_.json({"status"});
  EXPECT_EQ(status["devices"], 2);
  EXPECT_EQ(status["broker_connected"], true);
  EXPECT_EQ(listening_ports(status["broker_pid"].get<pid_t>()),
            std::vector<std::uint16_t>{server_.mqtt_port()});
  EXPECT_EQ(listening_ports(server_.pid()), std::vector<std::uint16_t>{server_.https_port()});
  const auto devices = server_.json({"devices"});
  EXPECT_EQ(devices["devices"][0]["name"], "alice");
  EXPECT_EQ(devices["devices"][1]["state"], "active");
}

TEST_F(GinneldTest, KeepsItsFolderPrivate) {
  ASSERT_TRUE(server_.start()) << server_.log();
  for (const auto& [name, mode] : {std::pair{"", 0700u},
                                   {"ca.pem", 0600u},
                                   {"server.pem", 0600u},
                                   {"ginneld.pem", 0600u},
                                   {"control.sock", 0600u}}) {
    struct stat status {};
    ASSERT_EQ(stat((server_.data() / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, mode) << name;
  }
}

TEST_F(GinneldTest, IsRefusedOnAFolderThatIsInUse) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto second = server_.command({"run", "--mqtt-port", "0", "--https-port", "0"});
  EXPECT_EQ(second.code, 5);
  EXPECT_NE(second.err.find("in use by another running ginneld"), std::string::npos) << second.err;
  EXPECT_EQ(server_.json({"status"})["running"], true);
}

TEST_F(GinneldTest, SaysWhichPortIsInUse) {
  ASSERT_TRUE(server_.start()) << server_.log();
  Ginneld other(folder_ / "other");
  const auto mqtt = std::to_string(server_.mqtt_port());
  const auto taken = other.command({"run", "--mqtt-port", mqtt, "--https-port", "0"});
  EXPECT_EQ(taken.code, 5);
  EXPECT_NE(taken.err.find(mqtt), std::string::npos) << taken.err;
  const auto https_port = std::to_string(server_.https_port());
  const auto also = other.command({"run", "--mqtt-port", "0", "--https-port", https_port});
  EXPECT_EQ(also.code, 5);
  EXPECT_NE(also.err.find(https_port), std::string::npos) << also.err;
}

TEST_F(GinneldTest, EndsOnSigtermWithItsBroker) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto port = server_.mqtt_port();
  ::kill(server_.pid(), SIGTERM);
  EXPECT_EQ(server_.wait(), 0);
  EXPECT_FALSE(server::broker::accepts("127.0.0.1", port));
  EXPECT_FALSE(std::filesystem::exists(server_.data() / "control.sock"));
  EXPECT_NE(server_.log().find("stopped"), std::string::npos);
}

TEST_F(GinneldTest, GoesOnAfterSigkillOnTheSamePorts) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto alice = member("alice");
  const auto mqtt = server_.mqtt_port(), https_port = server_.https_port();
  const auto fingerprint = server_.json({"status"})["ca_fingerprint"];
  server_.kill(SIGKILL);
  ASSERT_TRUE(server_.start()) << server_.log();
  EXPECT_EQ(server_.mqtt_port(), mqtt);
  EXPECT_EQ(server_.https_port(), https_port);
  EXPECT_EQ(server_.json({"status"})["ca_fingerprint"], fingerprint);
  EXPECT_EQ(alice->ask_status(server_), Code::kOk) << server_.log();
}

TEST_F(GinneldTest, SurvivesSigkillAtAnyMomentOfItsFirstStart) {
  for (int ms : {0, 5, 10, 20, 30, 40, 60, 80, 120, 200, 300, 500}) {
    server_.spawn();
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    server_.kill(SIGKILL);
  }
  ASSERT_TRUE(server_.start()) << server_.log();
  EXPECT_EQ(member("alice")->ask_status(server_), Code::kOk) << server_.log();
}

TEST_F(GinneldTest, StartsAKilledBrokerAgainAndAnswers) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto alice = member("alice");
  const auto pid = server_.json({"status"})["broker_pid"].get<pid_t>();
  ::kill(pid, SIGKILL);
  EXPECT_EQ(alice->ask_status(server_), Code::kOk) << server_.log();
  const auto status = server_.json({"status"});
  EXPECT_NE(status["broker_pid"], pid);
  EXPECT_EQ(status["broker_restarts"], 1);
}

TEST_F(GinneldTest, TellsWrongUsedAndExpiredTokensApart) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto token = server_.invite("alice");
  Device alice, mallory;
  ASSERT_EQ(alice.enrol(server_, token), 200);
  EXPECT_EQ(alice.enrol(server_, token), 200);  // its answer was lost: the same again
  EXPECT_EQ(mallory.enrol(server_, token), 409);

  Ginneld other(folder_ / "other");
  ASSERT_TRUE(other.start()) << other.log();
  EXPECT_EQ(mallory.enrol(server_, other.invite("mallory")), 403);

  const auto brief = server_.invite("mallory", "1s");
  std::this_thread::sleep_for(2100ms);
  EXPECT_EQ(mallory.enrol(server_, brief), 410);
  EXPECT_EQ(https(server_, "POST", "/enrol", std::string(47, 'x')).status, 400);
  EXPECT_EQ(https(server_, "POST", "/enrol", std::string(100, 'x')).status, 403);
}

TEST_F(GinneldTest, EnrolsNoWeakKey) {
  ASSERT_TRUE(server_.start()) << server_.log();
  Device p384(ec_key("P-384")), rsa(rsa_key(2048)), ed25519(ed25519_key());
  for (Device* device : {&p384, &rsa, &ed25519}) {
    ASSERT_EQ(device->enrol(server_, server_.invite("weak")), 200);
    EXPECT_NE(device->enrolled->code, Code::kOk);
    EXPECT_TRUE(device->enrolled->certificate.empty());
  }
}

TEST_F(GinneldTest, ServesEnrolmentsOverHttpsAndNothingElse) {
  ASSERT_TRUE(server_.start()) << server_.log();
  EXPECT_EQ(https(server_, "GET", "/healthz").status, 200);
  EXPECT_EQ(https(server_, "GET", "/").status, 404);
  EXPECT_EQ(https(server_, "GET", "/enrol").status, 404);
  EXPECT_EQ(https(server_, "PUT", "/enrol", "x").status, 404);
  EXPECT_EQ(https(server_, "POST", "/", "x").status, 404);
  EXPECT_EQ(https(server_, "POST", "/enrol", "x", "text/plain").status, 415);
  // Without an answer if the connection breaks while the client still writes.
  EXPECT_THAT(https(server_, "POST", "/enrol", std::string(20'000, 'x')).status,
              testing::AnyOf(413, 0));
  EXPECT_EQ(tls_handshake(server_.https_port(), "", TLS1_2_VERSION), 70);
  EXPECT_EQ(tls_handshake(server_.https_port(), "", TLS1_3_VERSION), 0);
  bool limited = false;
  for (int i = 0; i < 60 && !limited; ++i) {
    limited = https(server_, "POST", "/enrol", std::string(100, 'x')).status == 429;
  }
  EXPECT_TRUE(limited);
  EXPECT_EQ(https(server_, "GET", "/healthz").status, 200);
}

TEST_F(GinneldTest, ShutsARevokedDeviceOutAndLetsItsNameEnrolAnew) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto alice = member("alice");
  HostileClient connected(alice->options(server_));
  ASSERT_EQ(connected.connect(), kSuccess);
  EXPECT_EQ(server_.command({"revoke", "alice"}).code, 0);
  connected.run(10s, [&] { return !connected.connected(); });
  EXPECT_FALSE(connected.connected());
  HostileClient again(alice->options(server_));
  ASSERT_EQ(again.connect(), kSuccess);
  EXPECT_EQ(again.subscribe("ginnel/1/down/alice/#"), kNotAuthorized);
  EXPECT_EQ(server_.json({"devices"})["devices"][0]["state"], "revoked");
  EXPECT_EQ(server_.json({"revoke", "alice"})["before"], true);

  const auto anew = member("alice");
  EXPECT_EQ(anew->ask_status(server_), Code::kOk) << server_.log();
  HostileClient old(alice->options(server_));
  ASSERT_EQ(old.connect(), kSuccess);
  EXPECT_EQ(old.subscribe("ginnel/1/down/alice/#"), kNotAuthorized);
}

TEST_F(GinneldTest, TakesCommandsWhileItDoesNotRun) {
  const auto never = server_.command({"invite", "alice"});
  EXPECT_EQ(never.code, 1);
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto bob = member("bob");
  server_.kill(SIGTERM);
  const auto status = server_.command({"status"});
  EXPECT_EQ(status.code, 3);
  EXPECT_NE(status.out.find("does not run"), std::string::npos);
  const auto token = server_.invite("alice");
  EXPECT_EQ(server_.command({"revoke", "bob"}).code, 0);
  ASSERT_TRUE(server_.start()) << server_.log();
  Device alice;
  EXPECT_EQ(alice.enrol(server_, token), 200);
  EXPECT_EQ(alice.ask_status(server_), Code::kOk);
  HostileClient revoked(bob->options(server_));
  ASSERT_EQ(revoked.connect(), kSuccess);
  EXPECT_EQ(revoked.subscribe("ginnel/1/down/bob/#"), kNotAuthorized);
}

TEST_F(GinneldTest, RefusesNamesAndOptionsThatMakeNoSense) {
  ASSERT_TRUE(server_.start()) << server_.log();
  for (const char* name :
       {"ginneld", "server", "localhost", "Alice", "a/b", "#", "@ginneld", "..", "a b", ""}) {
    const auto refused = server_.command({"invite", name});
    EXPECT_EQ(refused.code, 4) << name << refused.err;
    EXPECT_FALSE(refused.err.empty());
  }
  EXPECT_EQ(server_.command({"invite", std::string(65, 'a')}).code, 4);
  EXPECT_EQ(server_.command({"revoke", "nobody"}).code, 4);
  for (const char* ttl : {"1", "h", "0h", "-1h", "1w", "31d", "99999999999999999999s", ""}) {
    EXPECT_EQ(server_.command({"invite", "a", "--ttl", ttl}).code, 2) << ttl;
  }
  EXPECT_EQ(server_.command({"fly"}).code, 2);
  EXPECT_EQ(server_.command({"run", "--mqtt-port", "65536"}).code, 2);
  Ginneld other(folder_ / "other");
  EXPECT_EQ(other.command({"run", "--broker", "http://x"}).code, 1);
  EXPECT_EQ(other.command({"run", "--host", "a b"}).code, 1);
  EXPECT_EQ(other.command({"run", "--listen", "nowhere"}).code, 1);
}

TEST_F(GinneldTest, PrintsATokenAndItsQrCode) {
  ASSERT_TRUE(server_.start()) << server_.log();
  const auto plain = server_.command({"invite", "alice"});
  EXPECT_EQ(plain.code, 0);
  EXPECT_TRUE(plain.out.starts_with("GNL1-"));
  EXPECT_EQ(plain.out.find("█"), std::string::npos);
  const auto with_qr = server_.command({"invite", "alice", "--qr"});
  EXPECT_NE(with_qr.out.find("█"), std::string::npos);
}

TEST_F(GinneldTest, UsesAnExternalBroker) {
  ASSERT_TRUE(server_.start()) << server_.log();  // makes the site
  server_.kill(SIGTERM);
  const auto port = *server::broker::probe_port("127.0.0.1", 0);
  server::broker::Mosquitto external({.folder = folder_ / "external",
                                      .listen = "127.0.0.1",
                                      .port = port,
                                      .ca_file = server_.data() / "ca.crt",
                                      .server_pem = server_.data() / "server.pem",
                                      .plugin = *server::broker::find_plugin()},
                                     [](server::broker::Mosquitto::Event, const std::string&) {});
  ASSERT_TRUE(external.start().ok());
  ASSERT_TRUE(server_.start({"--broker", "mqtts://localhost:" + std::to_string(port)}))
      << server_.log();
  const auto status = server_.json({"status"});
  EXPECT_EQ(status["broker"], "external");
  EXPECT_EQ(status["broker_pid"], 0);
  const auto alice = member("alice");
  EXPECT_EQ(alice->enrolled->broker_port, port);
  EXPECT_EQ(alice->ask_status(server_), Code::kOk) << server_.log();
  // It comes and goes; the server comes back to it.
  external.stop();
  ASSERT_TRUE(external.start().ok());
  EXPECT_EQ(alice->ask_status(server_), Code::kOk) << server_.log();
}

TEST_F(GinneldTest, MakesNoNewAuthorityInPlaceOfADamagedOne) {
  ASSERT_TRUE(server_.start()) << server_.log();
  server_.kill(SIGTERM);
  write_text(server_.data() / "ca.pem", "damaged");
  const auto started = server_.command({"run", "--mqtt-port", "0", "--https-port", "0"});
  EXPECT_EQ(started.code, 1);
  EXPECT_NE(started.err.find("backup"), std::string::npos) << started.err;
  EXPECT_EQ(read_text(server_.data() / "ca.pem"), "damaged");
}

}  // namespace
}  // namespace test
