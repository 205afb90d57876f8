#include "test/broker/broker_under_test.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "core/api/topic.h"
#include "server/broker/files.h"
#include "server/broker/sockets.h"

namespace test {
namespace {

using server::broker::Authority;

template <class T>
T must(server::broker::Outcome<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().text);
  return *std::move(outcome);
}

}  // namespace

BrokerUnderTest::BrokerUnderTest()
    : port(must(server::broker::probe_port("127.0.0.1", 0))),
      authority(must(Authority::open(folder.path(), wall_now()))),
      mosquitto(setup(), [this](server::broker::Mosquitto::Event, const std::string& text) {
        log += text + "\n";
      }) {
  const std::vector<std::string> hosts{"localhost", "127.0.0.1"};
  must(ensure_server_certificates(authority, folder.path(), hosts, wall_now()));
}

server::broker::MosquittoSetup BrokerUnderTest::setup() const {
  return {.folder = folder / "broker",
          .listen = "127.0.0.1",
          .port = port,
          .ca_file = folder / "ca.crt",
          .server_pem = folder / "server.pem",
          .plugin = must(server::broker::find_plugin())};
}

std::filesystem::path BrokerUnderTest::device(const std::string& name, core::WallTime made,
                                              int days) {
  const auto key = p256_key();
  const auto der =
      must(authority.issue_device(csr(key.get(), name), device_name(name), made, days));
  static int number = 0;
  const auto path = folder / (name + std::to_string(++number) + ".pem").c_str();
  write_text(path, pem_of(key.get()) + certificate_pem(der));
  return path;
}

HostileClient::Options BrokerUnderTest::options(const std::filesystem::path& pem) const {
  return {.port = port, .ca_file = folder / "ca.crt", .pem_file = pem};
}

std::string up(const std::string& device, const std::string& method) {
  constexpr const char* kHex = "0123456789abcdef";
  const auto shard = core::api::shard(device_name(device));
  return std::string("ginnel/1/up/") + kHex[shard >> 4] + kHex[shard & 15] + "/" + device + "/" +
         method;
}

std::vector<std::uint16_t> listening_ports(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::set<std::string> own;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(process + "/fd", error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.starts_with("socket:[")) own.insert(target.substr(8, target.size() - 9));
  }
  std::vector<std::uint16_t> ports;
  for (const char* table : {"/net/tcp", "/net/tcp6"}) {
    std::ifstream in(process + table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, queues, timer, retries, user, timeout, inode;
      fields >> slot >> local >> remote >> state >> queues >> timer >> retries >> user >> timeout >>
          inode;
      if (state != "0A" || !own.contains(inode)) continue;
      const auto hex = local.substr(local.rfind(':') + 1);
      ports.push_back(static_cast<std::uint16_t>(std::stoul(hex, nullptr, 16)));
    }
  }
  return ports;
}

}  // namespace test
