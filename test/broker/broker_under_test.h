// A certificate authority and a Mosquitto, configured and run as ginneld does.
#ifndef TEST_BROKER_BROKER_UNDER_TEST_H_
#define TEST_BROKER_BROKER_UNDER_TEST_H_

#include "server/broker/authority.h"
#include "server/broker/mosquitto.h"
#include "test/broker/hostile_client.h"
#include "test/broker/pki.h"

namespace test {

class BrokerUnderTest {
 public:
  BrokerUnderTest();

  server::broker::MosquittoSetup setup() const;
  // The file with a fresh key and a certificate for `name`, made at `made`.
  std::filesystem::path device(const std::string& name, core::WallTime made = wall_now(),
                               int days = 90);
  // The file with the server's own certificate for the broker.
  std::filesystem::path server() const { return folder / "ginneld.pem"; }
  HostileClient::Options options(const std::filesystem::path& pem) const;

  Folder folder;
  std::uint16_t port;
  server::broker::Authority authority;
  std::string log;  // the broker's, after mosquitto has stopped
  server::broker::Mosquitto mosquitto;
};

// ginnel/1/up/<shard>/<device>/<method>
std::string up(const std::string& device, const std::string& method = "status");

// The ports that process `pid` listens on, with one entry for each socket.
std::vector<std::uint16_t> listening_ports(pid_t pid);

}  // namespace test
#endif  // TEST_BROKER_BROKER_UNDER_TEST_H_
