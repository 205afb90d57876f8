// The texts of --help, good enough to need no manual page.
#ifndef APPS_GINNELD_HELP_H_
#define APPS_GINNELD_HELP_H_

namespace ginneld::help {

inline constexpr const char* kProgram =
    "ginneld serves one site of devices: it keeps their public keys and their waiting mail, gives\n"
    "them certificates, and runs the MQTT broker they meet at. It cannot read their messages.\n\n"
    "    ginneld run --data ./srv &            set up everything on first use, and serve\n"
    "    ginneld invite alice --data ./srv     print a token; on the device: ginnel enroll TOKEN\n";

inline constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  done\n"
    "  1  failed; the reason is on standard error\n"
    "  2  the command line is wrong\n"
    "  3  status: the server does not run on this data folder\n"
    "  4  the name is reserved, not a name, or not a device's\n"
    "  5  the data folder or a port is in use by another process\n"
    "  6  Mosquitto or its plugin is not installed\n\n"
    "GINNELD_DATA in the environment stands for --data. More: ginneld COMMAND --help";

inline constexpr const char* kRun =
    "On an empty folder this makes a certificate authority, the server's certificates and a\n"
    "database, and runs Mosquitto with a configuration of its own. Started again, it goes on "
    "where\n"
    "it was; it may be killed at any moment. One process can hold a folder. It logs to standard\n"
    "error and ends on SIGTERM or SIGINT after answering what has arrived.\n\n"
    "Files: ca.pem (the authority's key: back it up, it cannot be made again), ginnel.db,\n"
    "ports.json (where the site can be reached), broker/ (written anew at each start).\n\n"
    "Example: ginneld run --data /var/lib/ginneld --host gate.example.org";
inline constexpr const char* kHost =
    "Name or IP address by which devices reach this machine; goes into invites and\n"
    "certificates. May be repeated: the first is the one in invites. Default: as at the\n"
    "last start, or localhost";
inline constexpr const char* kListen =
    "IP address to listen on. Default: all, but 127.0.0.1 if the host is localhost";
inline constexpr const char* kMqttPort =
    "Port of the broker; 0: the one used before or any free one";
inline constexpr const char* kHttpsPort =
    "Port for enrolments; 0: the one used before or any free one";
inline constexpr const char* kTunnel =
    "Put the broker inside a WireGuard tunnel: HOST and UDP port (51820) are where devices\n"
    "reach its gateway, which runs here. Remembered. Needs CAP_NET_ADMIN and /dev/net/tun";
inline constexpr const char* kTunnelInterface = "Name of the gateway's interface";
inline constexpr const char* kBroker =
    "Use this broker (mqtts://HOST:PORT) instead of running Mosquitto. It must speak\n"
    "MQTT 5, demand certificates of this site's authority, and keep devices apart; see\n"
    "docs/operating.md";
inline constexpr const char* kBrokerCa =
    "Authority that signed the broker's certificate. Default: the site's own";
inline constexpr const char* kBrokerCert =
    "Our certificate for the broker. Default: the site's own for @ginneld";
inline constexpr const char* kBrokerKey = "The key of --broker-cert, without a password";

inline constexpr const char* kStatus =
    "Exit code 0 if the server runs, 3 if not. Without it, the numbers come from the database.";

inline constexpr const char* kDevices =
    "All devices that ever enrolled, by name, with their state and identity key.";

inline constexpr const char* kInvite =
    "Prints a token and, on a terminal, its QR code. A token enrols one device under NAME, once,\n"
    "until it expires. Whoever has it can do so: hand it over in private. Works whether the "
    "server\n"
    "runs or not.\n\n"
    "NAME is 1 to 64 of a-z 0-9 . _ -. A name that a device already has can be invited again: for\n"
    "the same identity key, or for another one after the first was revoked.\n\n"
    "Example: ginneld invite alice --data ./srv --ttl 1h";
inline constexpr const char* kTtl =
    "How long the token is valid: a number and s, m, h or d; 1s to 30d";

inline constexpr const char* kRevoke =
    "The device is thrown out of the broker and denied everything from now on; its keys and its\n"
    "waiting mail are deleted. Others may still hold messages from it. The name can be invited\n"
    "again. Works whether the server runs or not.";

}  // namespace ginneld::help
#endif  // APPS_GINNELD_HELP_H_
