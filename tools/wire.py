"""A site and its devices as hosts on one wire, and what an observer of that wire sees.

        site 10.99.0.1    alice 10.99.0.2    bob 10.99.0.3    each a network namespace
              \\               |               /
               `----- bridge in `wire` ------'                 where the observer listens
"""
import pathlib
import select
import socket
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test" / "wireguard"))
from lab import Failed, Host, cable, expect, found, isolate, shell, skip  # noqa: E402, F401

SITE = "10.99.0.1"
SIZES = {1: 148, 2: 92, 3: 64}  # of handshake messages
IGMP = 2  # IPv4's reports of multicast groups
TCP_TIME_WAIT = "06"  # in /proc/net/tcp
ETH_P_ALL, IPV4, ARP, IPV6 = 3, 0x0800, 0x0806, 0x86DD


class Wire:
    """The namespaces `site` and one for each device, joined by a bridge."""

    def __init__(self, devices):
        self.host = Host("wire")
        self.host.shell("ip link add bridge type bridge && ip link set bridge up")
        self.hosts = {}
        for number, name in enumerate(["site", *devices], 1):
            host = self.hosts[name] = Host(name)
            cable(self.host, f"to-{name}", host, "eth0")
            self.host.shell(f"ip link set to-{name} master bridge")
            host.shell(f"ip address add 10.99.0.{number}/24 dev eth0")

    def connected(self, name):
        """Whether a TCP connection of that host goes over the wire, or is still being closed by the other end."""
        table = self.hosts[name].shell("cat /proc/net/tcp").splitlines()[1:]
        return any(line.split()[3] != TCP_TIME_WAIT for line in table)


class Observer:
    """Records every frame on the wire, from the outside."""

    def __init__(self, wire):
        with wire.host.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE: misses nothing
        self.frames = []
        self.ending = False
        self.thread = threading.Thread(target=self.record, daemon=True)
        self.thread.start()

    def record(self):
        while not self.ending:
            if select.select([self.socket], [], [], 0.1)[0]:
                self.frames.append(self.socket.recv(1 << 17))

    def stop(self):
        self.ending = True
        self.thread.join()
        packets, drops = struct.unpack("II", self.socket.getsockopt(263, 6, 8))  # SOL_PACKET, PACKET_STATISTICS
        self.socket.close()
        expect(drops == 0, f"the observer missed {drops} of {packets} frames")

    def count(self, needle):
        return sum(frame.count(needle) for frame in self.frames)

    def kinds(self):
        """How many frames of each kind there are; what is not the tunnel or address resolution is "other"."""
        counts = {"WireGuard": 0, "returned": 0, "address resolution": 0, "other": 0}
        for frame in self.frames:
            counts[kind(frame)] += 1
        return counts

    def others(self):
        """The beginnings of the first frames that nothing explains, in hexadecimal."""
        return [frame[:96].hex() for frame in self.frames if kind(frame) == "other"][:8]


def kind(frame):
    ethertype, = struct.unpack_from(">H", frame, 12)
    packet = frame[14:]
    if ethertype == ARP or (ethertype == IPV6 and is_neighbour_discovery(packet)) or (ethertype == IPV4 and packet[9] == IGMP):
        return "address resolution"
    if ethertype == IPV4 and packet[9] == socket.IPPROTO_UDP:
        header = 4 * (packet[0] & 15)
        size = struct.unpack_from(">H", packet, header + 4)[0] - 8
        if is_wireguard(packet[header + 8:header + 8 + size], size):
            return "WireGuard"
    if ethertype == IPV4 and packet[9] == socket.IPPROTO_ICMP and is_returned(packet[4 * (packet[0] & 15):]):
        return "returned"
    return "other"


def is_returned(message):
    """The kernel's "port unreachable" while the gateway is away; it quotes the beginning of what it refuses."""
    quoted = message[8:]
    header = 4 * (quoted[0] & 15)
    return (message[:2] == b"\x03\x03" and quoted[9] == socket.IPPROTO_UDP
            and quoted[header + 8] in (1, 2, 3, 4) and quoted[header + 9:header + 12] == bytes(3))


def is_neighbour_discovery(packet):
    """Router and neighbour messages, and reports of multicast groups."""
    following, at = packet[6], 40
    if following == 0:  # hop-by-hop options
        following, at = packet[40], 40 + 8 * (packet[41] + 1)
    return following == 58 and (packet[at] in range(130, 138) or packet[at] == 143)


def is_wireguard(message, size):
    if len(message) != size or size < 32 or message[1:4] != bytes(3):
        return False
    return size == SIZES.get(message[0]) or (message[0] == 4 and size % 16 == 0)
