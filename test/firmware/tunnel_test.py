#!/usr/bin/env python3
"""A board's tunnel, as an interface of lwIP, with two peers at once: wireguard-go over IPv4, ginnel-wg over IPv6.

Usage: tunnel_test.py BOARD_BUILD GINNEL_WG
Everything is in namespaces of the test's own; the board's network is a tap device there.
"""
import contextlib
import os
import pathlib
import random
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "wireguard"))
import board  # noqa: E402
import lab  # noqa: E402
import oracle  # noqa: E402
from lab import Failed, expect  # noqa: E402

INNER = {4: "10.88.0.2", 6: "fd88::2"}
LARGEST_TCP = {4: 1420 - 40, 6: 1420 - 60}  # MSS within the tunnel's MTU


class Peer:
    """One of the board's peers: an interface of this machine."""

    def __init__(self, program, number, board_public, endpoint):
        self.number, self.name, self.endpoint = number, f"wg{number}", endpoint
        self.private = os.urandom(32)
        self.port = 51001 + number
        self.tunnel = lab.Tunnel(program, self.name, None)
        self.board = f"public_key={board_public.hex()}"
        self.tunnel.set(f"private_key={self.private.hex()}", f"listen_port={self.port}", self.board,
                        f"endpoint={'[fd77::2]' if ':' in endpoint else '10.77.0.2'}:51820", f"allowed_ip={INNER[4]}/32", f"allowed_ip={INNER[6]}/128")
        lab.shell(f"ip address add 10.88.{number + 1}.1/24 dev {self.name}; "
                  f"ip address add fd88:{number + 1}::1/64 dev {self.name} nodad; ip link set {self.name} mtu 1420 up; "
                  f"ip route add {INNER[4]} dev {self.name} metric {number + 1}; "
                  f"ip -6 route add {INNER[6]} dev {self.name} metric {number + 1}")

    def provisioning(self, keepalive):
        n = self.number
        return (f"peer{n}_pkey={oracle.public_key(self.private).hex()}\npeer{n}_host={self.endpoint}\n"
                f"peer{n}_port={self.port}\npeer{n}_net4=10.88.{n + 1}.0\npeer{n}_net6=fd88:{n + 1}::\n"
                + (f"peer{n}_keep={keepalive}\n" if keepalive else ""))

    def ping(self, family, count=5):
        lab.shell(f"ping -{family} -I {self.name} -q -c {count} -i 0.2 -W 5 {INNER[family]}")

    def ping_once(self):
        command = f"ping -4 -I {self.name} -q -c 1 -W 1 {INNER[4]}"
        return lab.shell(command, check=False).returncode == 0

    def socket(self, family, kind):
        out = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind)
        out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.name.encode())
        out.settimeout(10)
        return out

    def udp_echo(self, family, sizes):
        with self.socket(family, socket.SOCK_DGRAM) as udp:
            udp.connect((INNER[family], 7))
            for size in sizes:
                text = os.urandom(size)
                udp.send(text)
                expect(udp.recv(65536) == text, f"{size} bytes come back as they were")

    def tcp_echo(self, family, size):
        """Returns the MSS that both sides agreed on."""
        text, back = os.urandom(size), bytearray()
        with self.socket(family, socket.SOCK_STREAM) as tcp:
            tcp.connect((INNER[family], 7))
            mss = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
            sender = threading.Thread(target=lambda: (tcp.sendall(text), tcp.shutdown(socket.SHUT_WR)))
            sender.start()
            while part := tcp.recv(65536):
                back += part
            sender.join()
        expect(back == text, f"{size} bytes come back as they were, {len(back)} did")
        return mss


class Flood(threading.Thread):
    """Datagrams of all types and sizes that are nobody's, to the board's port."""

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.random, self.sent, self.ends = random.Random(seed), 0, threading.Event()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            while not self.ends.is_set():
                kind = self.random.choice((1, 2, 3, 4, self.random.randrange(256)))
                size = self.random.choice((0, 1, 16, 31, 32, 64, 92, 148, 1400, self.random.randrange(1400)))
                udp.sendto((bytes([kind, 0, 0, 0]) + self.random.randbytes(size))[:max(size, 1)], ("10.77.0.2", 51820))
                self.sent += 1
                time.sleep(0.0005)


class Test:
    def __init__(self, image, ginnel_wg, folder):
        self.image, self.flash = image, pathlib.Path(folder) / "flash.img"
        self.private = os.urandom(32)
        public = oracle.public_key(self.private)
        lab.shell("ip tuntap add board mode tap && ip address add 10.77.0.1/24 dev board && "
                  "ip address add fd77::1/64 dev board nodad && ip link set board up")
        self.peers = [Peer("wireguard-go", 0, public, "10.77.0.1"), Peer(ginnel_wg, 1, public, "fd77::1")]
        board.make_flash(self.flash)
        self.board = None

    def start(self, ip4="10.77.0.2", clock="rtc", keepalive=None):
        text = (f"ip4={ip4}\nip6=fd77::2\nprivate_key={self.private.hex()}\ninner4={INNER[4]}\ninner6={INNER[6]}\n"
                f"clock={clock}\n" + "".join(peer.provisioning(keepalive) for peer in self.peers))
        with open(self.flash, "r+b") as flash:
            flash.seek(board.BLOCK_SIZE)
            flash.write(text.encode().ljust(4096, b"\xff"))
        self.board = board.Board(self.image, *board.ENTROPY, *board.flash(self.flash),
                                 *board.network("tap,ifname=board,script=no,downscript=no"))
        self.board.wait_for("ready\n")

    def board_shakes_hands(self):
        """Waits until both peers have a session that the board began."""
        lab.wait_until(lambda: self.board.status()["responses"] >= 2, "the board's handshakes with both peers", 120)

    def traffic(self):
        for peer in self.peers:
            for family in (4, 6):
                peer.ping(family)
                peer.udp_echo(family, (1, 15, 16, 17, 500, 1392 if family == 4 else 1372, 3000))
                peer.tcp_echo(family, 200_000)

    def segments_fit(self):
        for peer in self.peers:
            lab.shell(f"ip link set {peer.name} mtu 1500")
            for family in (4, 6):
                mss = peer.tcp_echo(family, 20_000)
                # Linux subtracts its timestamps, which lwIP does not speak.
                expect(mss <= LARGEST_TCP[family], f"an MSS of {mss} over IPv{family}")
            lab.shell(f"ip link set {peer.name} mtu 1420")

    def fragments(self):
        """Datagrams that come in pieces, which lwIP gives to the tunnel as a chain."""
        lab.shell("ip link set board mtu 1280")
        before = int(lab.shell("awk '/^Ip: [0-9]/ {print $18}' /proc/net/snmp"))
        for peer in self.peers:
            for family in (4, 6):
                peer.udp_echo(family, (1300, 1350))
        expect(int(lab.shell("awk '/^Ip: [0-9]/ {print $18}' /proc/net/snmp")) > before, "something was in pieces")
        lab.shell("ip link set board mtu 1500")

    def flood(self):
        before = self.board.status()
        flood = Flood(1)
        flood.start()
        for _ in range(3):
            for peer in self.peers:
                peer.ping(4, 5)
                peer.udp_echo(6, (700,))
        flood.ends.set()
        flood.join()
        self.peers[0].tcp_echo(4, 50_000)
        after = self.board.status()
        refused = sum(after[name] - before[name] for name in ("malformed", "bad_mac1", "unknown"))
        expect(flood.sent > 500 and refused > 200, f"{refused} of {flood.sent} were refused")
        print("  " + " ".join(f"{name} {after[name]}" for name in ("stack", "heap", "pool")))
        expect(after["pool_now"] <= before["pool_now"] + 1, f"packets are lost in the pool: {before} {after}")

    def peers_roam(self):
        # Its address is the first one: the second would go with it.
        lab.shell("ip address del 10.77.0.1/24 dev board && ip address add 10.77.0.9/24 dev board")
        self.peers[1].tunnel.set("listen_port=51009")
        for peer in self.peers:
            lab.wait_until(lambda: peer.ping_once(), f"{peer.name} from where it is now", 120)
            peer.ping(4)
            peer.udp_echo(6, (900,))
        lab.shell("ip address add 10.77.0.1/24 dev board")
        self.peers[1].tunnel.set("listen_port=51002")

    def board_roams(self):
        self.board.kill()
        self.start(ip4="10.77.0.7", keepalive=1)
        self.board_shakes_hands()
        for peer in self.peers:
            peer.ping(4)
        endpoints = [value for key, value in self.peers[0].tunnel.get() if key == "endpoint"]
        expect(endpoints == ["10.77.0.7:51820"], f"{endpoints}")

    def boots_without_clock(self):
        for _ in range(2):
            floor = self.board.status()["floor"]
            self.board.kill()
            self.start(clock="none", keepalive=1)
            self.board_shakes_hands()
            expect(self.board.status()["floor"] > floor > 10**18, "the floor grows")
            for peer in self.peers:
                peer.ping(6)

    def lost_floor_is_noticed(self):
        """What the floor is for: without it the peers take the board's handshakes for old ones."""
        self.board.kill()
        with open(self.flash, "r+b") as flash:
            flash.seek(2 * board.BLOCK_SIZE)
            flash.write(b"\xff" * 2 * board.BLOCK_SIZE)
        self.start(clock="none", keepalive=1)
        lab.wait_until(lambda: self.board.status()["initiations"] >= 4, "two initiations to each peer", 120)
        expect(self.board.status()["responses"] == 0, "old timestamps are refused")

    def ends(self):
        self.board.type("q")
        expect(self.board.process.wait(10) == 0, "the board ends")

    def run(self):
        for title, step in (
                ("pings, UDP and TCP of both families through both peers", self.traffic),
                ("TCP segments fit the tunnel", self.segments_fit),
                ("datagrams in pieces", self.fragments),
                ("garbage on the port while it works", self.flood),
                ("the peers roam", self.peers_roam),
                ("the board roams", self.board_roams),
                ("it boots without a clock", self.boots_without_clock),
                ("a lost floor is noticed", self.lost_floor_is_noticed),
                ("it ends", self.ends)):
            begun = time.monotonic()
            step()
            print(f"{title}: {time.monotonic() - begun:.1f} s", flush=True)


def main():
    image = pathlib.Path(sys.argv[1]).resolve() / "test/firmware/tunnel.img"
    board.need(image)
    lab.isolate("wireguard-go")
    with tempfile.TemporaryDirectory() as folder:
        test = Test(image, sys.argv[2], folder)
        try:
            test.start()
            test.run()
        except (Failed, RuntimeError) as error:
            with contextlib.suppress(RuntimeError):
                test.board.status()
            sys.exit(f"{error}\n{test.board.console}")
        finally:
            if test.board:
                test.board.kill()
            for peer in test.peers:
                peer.tunnel.stop()


if __name__ == "__main__":
    main()
