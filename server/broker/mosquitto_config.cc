// The texts of the broker's configuration. Each line that closes a known trap
// of Mosquitto says which; test/broker proves each closed.
#include <unistd.h>

#include "server/broker/mosquitto.h"

#ifndef GINNEL_LIBDIR
#define GINNEL_LIBDIR "/usr/lib/ginnel"
#endif

namespace server::broker {

// Paths are relative to the folder, which is the broker's working folder: the
// user it runs as need not be able to walk down to it.
std::string mosquitto_conf(const MosquittoSetup& setup) {
  return std::string(
             "# Written by ginneld at each start; changes are lost.\n"
             "per_listener_settings false\n"
             "allow_anonymous false\n"
             "# Publishing and delivery. It does not look at subscriptions: the plugin does.\n"
             "acl_file acl\n"
             "plugin ./libginnel_mosquitto.so\n"
             "plugin_opt_revoked_file revoked\n"
             "# Nothing here is the only copy of anything: the server and the devices repeat\n"
             "# until they are answered. A snapshot would bring back what was long consumed.\n"
             "persistence false\n"
             "persistent_client_expiration 1h\n"
             "# 0: no limit. With one, messages to a slow subscriber vanish without a word;\n"
             "# the server bounds what it sends by windows and by message expiry.\n"
             "max_queued_messages 0\n"
             "max_queued_bytes 0\n"
             "max_inflight_messages 100\n"
             "retain_available false\n"
             "max_keepalive 600\n"
             "set_tcp_nodelay true\n"
             "log_dest stderr\n"
             "log_type error\n"
             "log_type warning\n"
             "log_type notice\n"
             "log_type information\n"
             "log_timestamp false\n"
             "connection_messages false\n"
             "max_packet_size ") +
         std::to_string(kMaxPacketSize) +
         "\n"
         "# Options of a listener stand behind its line: one before it would open port 1883\n"
         "# on all addresses.\n"
         "listener " +
         std::to_string(setup.port) + (setup.listen.empty() ? "" : " " + setup.listen) +
         "\n"
         "protocol mqtt\n"
         "cafile ca.crt\n"
         "certfile server.pem\n"
         "keyfile server.pem\n"
         "tls_version tlsv1.3\n"
         "require_certificate true\n"
         "use_identity_as_username true\n"
         "# Whatever client id is asked for, so that no one takes another's session.\n"
         "use_username_as_clientid true\n";
}

std::string mosquitto_acl() {
  return "user @ginneld\n"
         "topic read ginnel/1/up/#\n"
         "topic write ginnel/1/down/#\n"
         "\n"
         "# Everyone, by the name in the certificate. The plugin refuses the server's name here.\n"
         "pattern write ginnel/1/up/+/%u/#\n"
         "pattern read ginnel/1/down/%u/#\n";
}

Outcome<std::filesystem::path> find_plugin() {
  constexpr const char* kName = "libginnel_mosquitto.so";
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::filesystem::path places[] = {program / kName, program / "../../server/broker" / kName,
                                          program / "../lib/ginnel" / kName,
                                          std::filesystem::path(GINNEL_LIBDIR) / kName};
  for (const auto& place : places) {
    if (std::filesystem::is_regular_file(place, error)) return place.lexically_normal();
  }
  return Failure{Failure::Kind::kNotInstalled,
                 std::string(kName) + " is neither beside ginneld nor in " + GINNEL_LIBDIR};
}

}  // namespace server::broker
