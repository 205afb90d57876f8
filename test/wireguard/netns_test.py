#!/usr/bin/env python3
"""Whole tunnels between hosts that are network namespaces: traffic, roaming, routing, NAT, many peers, odd keys.

Usage: netns_test.py [--only TEXT] PROGRAM [OTHER]
PROGRAM runs at one end, OTHER (or the same) at the far one; each is started as `PROGRAM -f INTERFACE`.
"""
import argparse
import base64
import contextlib
import functools
import os
import re
import shutil
import subprocess
import time

import lab
import oracle
from lab import Failed, expect

MTU = 1420
LARGE_MTU = 34_000  # many fragments outside, whole segments inside
PINGS = "ping -q -c 5 -i 0.2 -W 2"
LOW_ORDER = [bytes.fromhex(text) for text in (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]


class End:
    """One end of a tunnel: keys, and the program that runs there."""

    def __init__(self, program, interface, socket_host, host, addresses):
        self.private = os.urandom(32)
        self.public = oracle.public_key(self.private)
        self.interface, self.host, self.addresses = interface, host, addresses
        self.tunnel = lab.Tunnel(program, interface, socket_host)
        if socket_host is not host:
            lab.shell(f"ip -n {socket_host.name} link set {interface} netns {host.name}")
        self.bring_up(MTU)

    def bring_up(self, mtu):
        self.host.shell("; ".join(f"ip address replace {a} dev {self.interface} {'nodad' if ':' in a else ''}"
                                  for a in self.addresses) + f"; ip link set {self.interface} mtu {mtu} up")

    def set(self, *lines):
        self.tunnel.set(*lines)

    def configure(self, port, other, endpoint=None, psk=None, allowed=None, keepalive=None):
        allowed = allowed or [re.sub(r"/.*", "/128" if ":" in a else "/32", a) for a in other.addresses]
        self.set(f"private_key={self.private.hex()}", f"listen_port={port}", f"public_key={other.public.hex()}",
                 *([f"preshared_key={psk.hex()}"] if psk else []), *([f"endpoint={endpoint}"] if endpoint else []),
                 *([f"persistent_keepalive_interval={keepalive}"] if keepalive is not None else []),
                 "replace_allowed_ips=true", *(f"allowed_ip={a}" for a in allowed))

    def peer(self, other, *lines):
        self.set(f"public_key={other.public.hex()}", *lines)

    def value(self, key, peer=None):
        """The value of a key in the answer to get=1, within the section of a peer if one is given."""
        section = None
        for name, value in self.tunnel.get():
            section = value if name == "public_key" else section
            if name == key and (peer is None or section == peer.public.hex()):
                return value
        return None

    def down(self):
        """Deletes the interface; the program must end with it."""
        lab.shell(f"ip -n {self.host.name} link delete {self.interface}")
        try:
            self.tunnel.process.wait(10)
        except subprocess.TimeoutExpired:
            self.tunnel.stop()
            raise Failed("the program outlived its interface") from None


class Site:
    """Makes hosts and tunnels, and takes them down."""

    def __init__(self, program, other):
        self.programs = (program, other)

    @contextlib.contextmanager
    def hosts(self, *names):
        made = [lab.Host(name) for name in names]
        try:
            yield made
        finally:
            for host in made:
                lab.shell(f"ip netns del {host.name}", check=False)

    @contextlib.contextmanager
    def ends(self, *places):
        """Ends at (program number, interface, host of the UDP socket, host, addresses)."""
        made = []
        try:
            for number, interface, socket_host, host, addresses in places:
                made.append(End(self.programs[number], interface, socket_host, host, addresses))
            yield made
        finally:
            for end in made:
                end.tunnel.stop()

    @contextlib.contextmanager
    def loopback_pair(self, family=4):
        """Two ends whose UDP sockets are on one third host, which knows nothing of the networks inside."""
        with self.hosts("hub", "a", "b") as (hub, a, b), \
                self.ends((0, "wg1", hub, a, ["192.168.241.1/24", "fd00::1/64"]),
                          (1, "wg2", hub, b, ["192.168.241.2/24", "fd00::2/64"])) as (one, two):
            psk, address = os.urandom(32), "127.0.0.1" if family == 4 else "[::1]"
            one.configure(1001, two, f"{address}:1002", psk)
            two.configure(1002, one, f"{address}:1001", psk)
            yield one, two

    @contextlib.contextmanager
    def cabled_pair(self):
        """Two ends with a cable between them."""
        with self.hosts("a", "b") as (a, b):
            lab.cable(a, "out0", b, "out0")
            for host, number in ((a, 1), (b, 2)):
                host.shell(f"ip address add 10.0.0.{number}/24 dev out0; ip address add fd0a::{number}/64 dev out0 nodad")
            with self.ends((0, "wg1", a, a, ["192.168.241.1/24", "fd00::1/64"]),
                           (1, "wg2", b, b, ["192.168.241.2/24", "fd00::2/64"])) as (one, two):
                one.configure(1001, two, "10.0.0.2:1002")
                two.configure(1002, one, "10.0.0.1:1001")
                yield one, two


def ping(end, address, options=""):
    end.host.shell(f"{PINGS} {options} {address}")


def stream(client, server, address, options):
    """One run of iperf3; fails if nothing, or not all, arrives."""
    listener = server.host.popen(["iperf3", "-s", "-1", "-B", address, "-p", "5301"])
    try:
        lab.wait_until(lambda: "5301" in server.host.shell("ss -Hltn"), "iperf3")
        client.host.shell(f"iperf3 -Z -c {address} -p 5301 --connect-timeout 5000 {options}", timeout=90)
        expect(listener.wait(10) == 0, "iperf3's server")
    finally:
        listener.kill()
        listener.wait()


def traffic(one, two):
    for size in (MTU, LARGE_MTU):
        one.bring_up(size)
        two.bring_up(size)
        ping(one, "192.168.241.2")
        ping(two, "192.168.241.1")
        ping(one, "fd00::2")
        ping(two, "fd00::1")
        ping(one, "192.168.241.2", f"-s {min(size, 30_000) - 28} -M do")
        for client, server, address in ((one, two, "192.168.241.2"), (two, one, "fd00::1")):
            stream(client, server, address, "-n 24M")
            stream(client, server, address, "-n 24M -P 3 -R")
            stream(client, server, address, "-u -b 40M -t 1")


def traffic_over_ipv4(site):
    with site.loopback_pair(4) as (one, two):
        traffic(one, two)


def traffic_over_ipv6(site):
    with site.loopback_pair(6) as (one, two):
        traffic(one, two)


def counts(site):
    with site.loopback_pair() as (one, two):
        one.host.shell("ping -q -c 10 -i 0.1 -W 2 192.168.241.2")
        # An echo of 84 bytes is padded to 96; a handshake is 148 bytes there and 92 back.
        sent, received = 10 * (96 + 32) + 148, 10 * (96 + 32) + 92
        for end, other, tx, rx in ((one, two, sent, received), (two, one, received, sent)):
            found = int(end.value("tx_bytes", other)), int(end.value("rx_bytes", other))
            expect(found == (tx, rx), f"sent and received {found}, not {(tx, rx)}")
            age = time.time() - int(end.value("last_handshake_time_sec", other))
            expect(-1 <= age < 10, f"the handshake was {age:.0f} s ago")
            expect(end.value("last_handshake_time_nsec", other).isdigit(), "no nanoseconds")


def roams(site):
    with site.cabled_pair() as (one, two):
        ping(one, "192.168.241.2")
        one.set("listen_port=9001")
        ping(one, "192.168.241.2")
        expect(two.value("endpoint") == "10.0.0.1:9001", f"endpoint {two.value('endpoint')}")
        two.peer(one, "endpoint=[fd0a::1]:9001")
        ping(two, "192.168.241.1")
        expect(one.value("endpoint") == "[fd0a::2]:1002", f"endpoint {one.value('endpoint')}")
        one.host.shell("ip address del 10.0.0.1/24 dev out0; ip address add 10.0.0.7/24 dev out0")
        one.peer(two, "endpoint=10.0.0.2:1002")
        ping(one, "fd00::2")
        expect(two.value("endpoint") == "10.0.0.7:9001", f"endpoint {two.value('endpoint')}")
        ping(two, "fd00::1")


def reverse_path(site):
    with site.loopback_pair() as (one, two):
        ping(one, "192.168.241.2")
        two.peer(one, "replace_allowed_ips=true", "allowed_ip=192.168.241.0/25", "allowed_ip=fd00::1/128")
        ping(one, "192.168.241.2")
        one.host.shell("ip address add 192.168.241.200/32 dev wg1")
        expect(not one.host.ok("ping -c 1 -W 1 -I 192.168.241.200 192.168.241.2"), "a source not allowed came through")
        two.peer(one, "replace_allowed_ips=true", "allowed_ip=0.0.0.0/0", "allowed_ip=::/0")
        ping(one, "192.168.241.2", "-I 192.168.241.200")
        two.peer(one, "replace_allowed_ips=true")
        expect(not one.host.ok("ping -c 1 -W 1 192.168.241.2"), "came through without any allowed address")
        expect(not two.host.ok("ping -c 1 -W 1 192.168.241.1"), "went out without any allowed address")
        two.peer(one, "allowed_ip=192.168.241.1/32", "allowed_ip=fd00::/64")
        ping(one, "192.168.241.2")
        ping(two, "fd00::1")


def takes_over(site):
    """A prefix longer than another peer's takes its part of the addresses, there and back."""
    with site.hosts("hub", "a", "b", "c") as (hub, a, b, c), \
            site.ends((0, "wg1", hub, a, ["192.168.241.1/24"]), (1, "wg2", hub, b, ["192.168.241.2/24"]),
                      (0, "wg3", hub, c, ["192.168.241.3/24"])) as (one, two, three):
        one.configure(1001, two, "127.0.0.1:1002", allowed=["192.168.241.0/24"])
        two.configure(1002, one, "127.0.0.1:1001", allowed=["192.168.241.0/24"])
        three.configure(1003, one, "127.0.0.1:1001", allowed=["192.168.241.0/24"])
        ping(one, "192.168.241.2")
        expect(not one.host.ok("ping -c 1 -W 1 192.168.241.3"), "a stranger answered")
        one.peer(three, "endpoint=127.0.0.1:1003", "allowed_ip=192.168.241.3/32")
        ping(one, "192.168.241.3")
        ping(three, "192.168.241.1")
        ping(one, "192.168.241.2")
        one.peer(three, "allowed_ip=192.168.241.2/31")
        expect(not two.host.ok("ping -c 1 -W 1 192.168.241.1"), "the wider prefix still holds")
        one.peer(two, "allowed_ip=192.168.241.2/32")
        ping(two, "192.168.241.1")
        one.peer(three, "remove=true")
        expect(not one.host.ok("ping -c 1 -W 1 192.168.241.3"), "a removed peer answered")


def behind_nat(site):
    """A peer behind a translator that forgets soon is reached only while it sends keepalives."""
    with site.hosts("a", "nat", "b") as (a, nat, b):
        lab.cable(a, "out0", nat, "in0")
        lab.cable(nat, "out0", b, "out0")
        a.shell("ip address add 192.168.1.100/24 dev out0; ip route add default via 192.168.1.1")
        nat.shell("ip address add 192.168.1.1/24 dev in0; ip address add 10.0.0.1/24 dev out0")
        b.shell("ip address add 10.0.0.100/24 dev out0")
        nat.shell("echo 1 >/proc/sys/net/ipv4/ip_forward; "
                  "iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -o out0 -j MASQUERADE --random; "
                  "iptables -A FORWARD -i out0 -m conntrack ! --ctstate ESTABLISHED -j DROP; "
                  "echo 2 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout; "
                  "echo 2 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream")
        with site.ends((0, "wg1", a, a, ["192.168.241.1/24"]), (1, "wg2", b, b, ["192.168.241.2/24"])) as (one, two):
            one.configure(1001, two, "10.0.0.100:1002")
            two.configure(1002, one)
            ping(one, "192.168.241.2")
            expect(two.value("endpoint").startswith("10.0.0.1:"), "not behind the translator")
            time.sleep(4)
            expect(not b.ok("ping -c 1 -W 1 192.168.241.1"), "the translator has not forgotten: the test shows nothing")
            one.peer(two, "persistent_keepalive_interval=1")
            ping(two, "192.168.241.1")
            time.sleep(4)
            ping(two, "192.168.241.1")


def answers_from_where_it_was_asked(site):
    """The source address of what goes out is the one that the peer wrote to, while this host has it."""
    with site.cabled_pair() as (one, two):
        for family, first, second, inner in ((4, "10.0.0.1", "10.0.0.10", "192.168.241.1"),
                                             (6, "[fd0a::1]", "[fd0a::10]", "fd00::1")):
            address = second.strip("[]") + ("/24" if family == 4 else "/64")
            one.host.shell(f"ip -{family} address add {address} dev out0 {'nodad' if family == 6 else ''}")
            two.peer(one, f"endpoint={second}:1001")
            ping(two, inner)
            expect(two.value("endpoint") == f"{second}:1001", f"answered from {two.value('endpoint')}")
            time.sleep(0.3)
            expect(two.value("endpoint") == f"{second}:1001", f"later from {two.value('endpoint')}")
            # The next packet must do without it. Linux reports a source that is not there as EINVAL, newer ones
            # as ENETUNREACH for IPv4.
            one.host.shell(f"ip -{family} address del {address} dev out0")
            one.host.shell(f"ping -q -c 5 -i 0.5 -W 2 {inner[:-1]}2")
            expect(two.value("endpoint") != f"{second}:1001", "still from an address that is gone")


def answers_the_sender(site):
    """With two ways to the peer, what came by one address is answered from it, though the route prefers the other."""
    with site.hosts("a", "router", "b") as (a, router, b):
        lab.cable(a, "out0", router, "left0")
        lab.cable(a, "out1", router, "left1")
        lab.cable(router, "right0", b, "out0")
        a.shell("ip address add 10.1.0.2/24 dev out0; ip address add 10.2.0.2/24 dev out1; "
                "ip route add default via 10.1.0.1; ip route add default via 10.2.0.1 metric 100")
        router.shell("ip address add 10.1.0.1/24 dev left0; ip address add 10.2.0.1/24 dev left1; "
                     "ip address add 10.3.0.1/24 dev right0; echo 1 >/proc/sys/net/ipv4/ip_forward")
        b.shell("ip address add 10.3.0.2/24 dev out0; ip route add default via 10.3.0.1")
        for host in (a, router):
            host.shell("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done")
        with site.ends((0, "wg1", a, a, ["192.168.241.1/24"]), (1, "wg2", b, b, ["192.168.241.2/24"])) as (one, two):
            one.configure(1001, two)
            two.configure(1002, one, "10.2.0.2:1001")
            ping(two, "192.168.241.1")
            expect(two.value("endpoint") == "10.2.0.2:1001", f"answered from {two.value('endpoint')}")


def fwmark_routes(site):
    """The mark is on what goes out, so a rule can keep it off the tunnel that holds the default route."""
    with site.cabled_pair() as (one, two):
        one.set("fwmark=51820")
        one.host.shell("iptables -A OUTPUT -o out0 -p udp -m mark ! --mark 51820 -j DROP")
        ping(one, "192.168.241.2")
        one.set("fwmark=0")
        expect(not one.host.ok("ping -c 1 -W 1 192.168.241.2"), "the mark stayed, or was never looked at")
        one.set("fwmark=51820")
        ping(one, "192.168.241.2")


def goes_down_and_up(site):
    with site.cabled_pair() as (one, two):
        ping(one, "192.168.241.2")
        one.host.shell("ip link set wg1 down")
        expect(not two.host.ok("ping -c 1 -W 1 192.168.241.1"), "answered while the interface is down")
        one.bring_up(MTU)
        one.host.shell("ping -q -c 5 -i 0.5 -W 6 192.168.241.2")
        ping(two, "fd00::1")


def many_allowed(site):
    with site.hosts("a") as (a,), site.ends((0, "wg1", a, a, ["192.168.241.1/24"])) as (one,):
        count = 130_000
        peers = [os.urandom(32).hex(), os.urandom(32).hex()]
        prefixes = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32" for n in range(count // 2)] + \
                   [f"fd00:{n >> 16:x}:{n & 0xFFFF:x}::/{48 + n % 80}" for n in range(count // 2)]
        begun = time.monotonic()
        one.set(f"public_key={peers[0]}", *(f"allowed_ip={p}" for p in prefixes))
        set_time = time.monotonic() - begun
        begun = time.monotonic()
        found = [value for key, value in one.tunnel.get() if key == "allowed_ip"]
        print(f"      {count} allowed addresses: set in {set_time:.2f} s, read in {time.monotonic() - begun:.2f} s")
        expect(len(found) == count, f"{len(found)} of {count} allowed addresses")
        one.set(f"public_key={peers[1]}", *(f"allowed_ip={p}" for p in prefixes[::2]))
        listed, owner = {}, None
        for key, value in one.tunnel.get():
            owner = value if key == "public_key" else owner
            if key == "allowed_ip":
                listed[owner] = listed.get(owner, 0) + 1
        expect(listed == {peers[0]: count // 2, peers[1]: count // 2}, f"after half went over: {listed.values()}")
        one.set("replace_peers=true")
        expect(one.value("public_key") is None, "a peer is left")


def many_peers(site):
    with site.hosts("a") as (a,), site.ends((0, "wg1", a, a, ["192.168.241.1/24"])) as (one,):
        wanted = {}
        for peer in range(40):
            key = os.urandom(32)
            prefixes = {f"10.{peer}.{n}.0/24" for n in range(26)} | {f"fd00:{1 + peer:x}:{1 + n:x}::/48" for n in range(26)}
            one.set(f"public_key={key.hex()}", *(f"allowed_ip={p}" for p in prefixes))
            wanted[base64.b64encode(key).decode()] = prefixes
        dump = {}
        for line in a.shell("wg show wg1 allowed-ips").splitlines():
            key, *prefixes = line.split()
            dump[key] = set(prefixes)
        expect(dump == wanted, "not what was set")


def configuration_file(site):
    with site.hosts("a") as (a,), site.ends((0, "wg1", a, a, ["192.168.241.1/24"])) as (one,):
        def text(keys):
            lines = ["[Interface]", f"PrivateKey = {base64.b64encode(one.private).decode()}", "ListenPort = 1001"]
            for number, key in enumerate(keys):
                lines += ["[Peer]", f"PublicKey = {key}",
                          f"PresharedKey = {base64.b64encode(os.urandom(32)).decode()}",
                          f"Endpoint = 10.0.0.{number + 1}:{2000 + number}",
                          f"AllowedIPs = 10.1.{number}.0/24, fd01:{number:x}::/32", f"PersistentKeepalive = {number + 1}"]
            return "\n".join(lines) + "\n"

        keys = [base64.b64encode(os.urandom(32)).decode() for _ in range(30)]
        a.shell("wg setconf wg1 /dev/stdin", stdin=text(keys))
        expect(set(a.shell("wg show wg1 peers").split()) == set(keys), "not the peers of the file")
        before = a.shell("wg showconf wg1")
        a.shell("wg setconf wg1 /dev/stdin", stdin=before)
        after = a.shell("wg showconf wg1")
        expect(sorted(after.splitlines()) == sorted(before.splitlines()), "showconf, setconf, showconf differ")
        a.shell("wg setconf wg1 /dev/stdin", stdin=text(keys[:3]))
        expect(set(a.shell("wg show wg1 peers").split()) == set(keys[:3]), "peers of the file before are left")
        kept, added = keys[0], base64.b64encode(os.urandom(32)).decode()
        a.shell("wg syncconf wg1 /dev/stdin", stdin=text([kept, added]))
        expect(set(a.shell("wg show wg1 peers").split()) == {kept, added}, "syncconf")


def odd_keys(site):
    with site.cabled_pair() as (one, two):
        shell = one.host.shell
        ping(one, "192.168.241.2")
        shell("wg set wg1 private-key /dev/null")
        expect(shell("wg show wg1 private-key").strip() == "(none)", "the private key is still there")
        expect(shell("wg show wg1 peers").split(), "the peers went with the key")
        shell("wg set wg1 private-key /dev/stdin", stdin=base64.b64encode(one.private).decode())
        ping(one, "192.168.241.2")
        own = os.urandom(32)
        shell("wg set wg1 private-key /dev/stdin", stdin=base64.b64encode(own).decode())
        mine = base64.b64encode(oracle.public_key(own)).decode()
        expect(shell("wg show wg1 public-key").strip() == mine, "another public key")
        shell(f"wg set wg1 peer {mine} allowed-ips 10.9.9.9/32")
        expect(mine not in shell("wg show wg1 peers"), "its own key became a peer")
        # The key of a peer becomes ours: that peer goes.
        shell("wg set wg1 private-key /dev/stdin", stdin=base64.b64encode(two.private).decode())
        expect(base64.b64encode(two.public).decode() not in shell("wg show wg1 peers"), "a peer with our own key is left")
        loose = b"\xff" * 32
        shell("wg set wg1 private-key /dev/stdin", stdin=base64.b64encode(loose).decode())
        clamped = bytes([0xF8]) + b"\xff" * 30 + b"\x7f"
        expect(shell("wg show wg1 public-key").strip() == base64.b64encode(oracle.public_key(clamped)).decode(), "clamping")
        expect(shell("wg show wg1 private-key").strip() == base64.b64encode(clamped).decode(), "the key is shown unclamped")


def low_order_points(site):
    with site.cabled_pair() as (one, _):
        for number, point in enumerate(LOW_ORDER):
            one.set(f"public_key={point.hex()}", "endpoint=10.0.0.2:1002", "persistent_keepalive_interval=1",
                    f"allowed_ip=192.168.241.{100 + number}/32")
        for number in range(len(LOW_ORDER)):
            one.host.ok(f"ping -c 1 -W 1 192.168.241.{100 + number}")
        section, sent = None, {}
        for key, value in one.tunnel.get():
            section = value if key == "public_key" else section
            if key == "tx_bytes":
                sent[section] = int(value)
        noisy = [point.hex() for point in LOW_ORDER if sent.get(point.hex())]
        expect(not noisy, f"something was sent to {noisy}")


def ends_with_interface(site):
    with site.cabled_pair() as (one, two):
        ping(one, "192.168.241.2")
        one.down()
        two.down()
        expect(not one.tunnel.path.exists() and not two.tunnel.path.exists(), "a configuration socket is left")


STEPS = [
    ("traffic of every kind, over IPv4", traffic_over_ipv4),
    ("traffic of every kind, over IPv6", traffic_over_ipv6),
    ("counts bytes and dates handshakes", counts),
    ("roams between ports, addresses and families", roams),
    ("lets in and out only what is allowed", reverse_path),
    ("a longer prefix takes over", takes_over),
    ("behind NAT, with persistent keepalives", behind_nat),
    ("answers from the address that was asked", answers_from_where_it_was_asked),
    ("answers the sender, whatever the route", answers_the_sender),
    ("marks what goes out", fwmark_routes),
    ("interface down and up", goes_down_and_up),
    ("130,000 allowed addresses", many_allowed),
    ("40 peers with 52 prefixes each", many_peers),
    ("30 peers by setconf, syncconf", configuration_file),
    ("odd private keys", odd_keys),
    ("low-order points stay silent", low_order_points),
    ("ends when its interface is deleted", ends_with_interface),
]

# Of wireguard-go: it keeps a source address that is gone.
KNOWN = {"answers from the address that was asked"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the steps whose title contains this text")
    parser.add_argument("program")
    parser.add_argument("other", nargs="?")
    arguments = parser.parse_args()
    program = shutil.which(arguments.program)
    other = shutil.which(arguments.other or arguments.program)
    if not program or not other:
        lab.skip(f"there is no {arguments.program if not program else arguments.other}")
    lab.isolate("iperf3", "iptables")
    steps = lab.Steps(KNOWN if os.path.basename(program) == "wireguard-go" else ())
    site = Site(program, other)
    steps.side_by_side((title, functools.partial(function, site)) for title, function in STEPS
                       if arguments.only in title)
    steps.exit()


if __name__ == "__main__":
    main()
