#!/usr/bin/env python3
"""What ginnel-wg does beyond the protocol and wg(8): MSS, ECN, metrics, names, descriptors, systemd, timestamps, keys.

Usage: daemon_test.py [--only TEXT] [--plain PROGRAM] PROGRAM

--plain: one that was built as for users, without what is only for debugging.
"""
import argparse
import base64
import contextlib
import errno
import fcntl
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time

import lab
import oracle
from lab import expect, wait_until

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


class Site:
    """Two hosts a and b with a cable, and a tunnel wg0 / wg1 between 10.9.0.1 and 10.9.0.2."""

    def __init__(self, program, plain):
        self.program, self.plain = program, plain
        self.a, self.b = lab.Host("a"), lab.Host("b")
        lab.cable(self.a, "eth0", self.b, "eth0")
        for host, number in ((self.a, 1), (self.b, 2)):
            host.shell(f"ip addr add 192.0.2.{number}/24 dev eth0; ip addr add fd00::{number}/64 dev eth0 nodad")

    @contextlib.contextmanager
    def pair(self, arguments=(), environment=None, keep_namespace=True):
        keys = [os.urandom(32), os.urandom(32)]
        ends = []
        try:
            for number, host in ((0, self.a), (1, self.b)):
                program = self.program
                if arguments and number == 0:
                    program = pathlib.Path(tempfile.mkdtemp()) / "program"
                    program.write_text(f"#!/bin/sh\nexec {self.program} {' '.join(arguments)} \"$@\"\n")
                    program.chmod(0o755)
                ends.append(lab.Tunnel(str(program), f"wg{number}", host, environment if number == 0 else None))
            for number, host in ((0, self.a), (1, self.b)):
                other = 1 - number
                ends[number].set(f"private_key={keys[number].hex()}", f"listen_port={5000 + number}",
                                 f"public_key={oracle.public_key(keys[other]).hex()}",
                                 f"endpoint=192.0.2.{other + 1}:{5000 + other}", f"allowed_ip=10.9.0.{other + 1}/32",
                                 f"allowed_ip=fd09::{other + 1}/128")
                host.shell(f"ip addr add 10.9.0.{number + 1}/24 dev wg{number}; "
                           f"ip addr add fd09::{number + 1}/64 dev wg{number} nodad; ip link set wg{number} up")
            yield ends, keys
        finally:
            for end in ends:
                end.stop()
            for number, host in ((0, self.a), (1, self.b)):
                wait_until(lambda h=host, n=number: not h.ok(f"ip link show wg{n}"), "the interface to go")


def mss_of_accepted(site, address, mtu):
    """The MSS that a server on b learns of a client on a; the client's own interface has a larger MTU."""
    site.b.shell(f"ip link set wg1 mtu {mtu}")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with site.b.entered():
        server = socket.socket(family)
        server.bind((address, 0))
        server.listen()
    with site.a.entered():
        client = socket.socket(family)
    client.settimeout(5)
    client.connect((address, server.getsockname()[1]))
    accepted, _ = server.accept()
    size = 4000  # a ClientHello with a post-quantum key share, and then some
    client.sendall(b"x" * size)
    got = b""
    accepted.settimeout(5)
    while len(got) < size:
        got += accepted.recv(size)
    sent = struct.unpack("<I", client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[16:20])[0]
    for one in (client, accepted, server):
        one.close()
    return sent


def clamps_mss(site):
    with site.pair():
        site.a.shell("ping -c 1 -W 5 10.9.0.2")
        # b's kernel offers an MSS of its own MTU; make it offer more than the tunnel carries.
        for address, route, limit in (("10.9.0.2", "10.9.0.1", 1240), ("fd09::2", "fd09::1", 1220)):
            site.b.shell(f"ip route replace {route} dev wg1 advmss 1380")
            sent = mss_of_accepted(site, address, 1280)
            expect(sent <= limit, f"{address}: segments of {sent} bytes, not at most {limit}")


def narrow_path(site):
    """An outer path of 1280 bytes, of which nobody tells: full packets still arrive, in fragments."""
    with site.pair():
        for host in (site.a, site.b):
            host.shell("ip link set eth0 mtu 1280")
        try:
            site.a.shell("ping -c 2 -i 0.2 -W 5 -s 1392 -M do 10.9.0.2")
            with site.b.entered():
                server = site.b.popen(["iperf3", "-s", "-1", "-p", "5301"])
            time.sleep(0.3)
            out = site.a.shell("iperf3 -c 10.9.0.2 -p 5301 -n 4M", timeout=60)
            server.wait(10)
            expect("receiver" in out, out)
        finally:
            for host in (site.a, site.b):
                host.shell("ip link set eth0 mtu 1500")


def carries_ecn(site):
    """An inner ECT(0) is seen outside; a mark set outside is seen inside."""
    with site.pair():
        site.a.shell("ping -c 1 -W 5 10.9.0.2")
        with site.b.entered():
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            tap.bind(("eth0", 0x0800))
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
            receiver.bind(("10.9.0.2", 7777))
        with site.a.entered():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tap.settimeout(5)
        receiver.settimeout(5)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xB8 | 2)
        sender.sendto(b"x" * 100, ("10.9.0.2", 7777))
        while True:
            packet = tap.recv(2000)
            if packet[9] == 17 and packet[28] == 4:
                break
        expect(packet[1] == 2, f"outer traffic class {packet[1]:#x}, not the inner ECN alone")
        _, ancillary, _, _ = receiver.recvmsg(200, 100)
        expect(ancillary[0][2][0] == 0xB8 | 2, "the inner class changed")
        site.a.shell("iptables -t mangle -A POSTROUTING -o eth0 -p udp -j TOS --set-tos 0x03/0x03")
        try:
            sender.sendto(b"x" * 100, ("10.9.0.2", 7777))
            _, ancillary, _, _ = receiver.recvmsg(200, 100)
            expect(ancillary[0][2][0] == 0xB8 | 3, f"congestion outside became {ancillary[0][2][0]:#x} inside")
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0)
            sender.sendto(b"not capable", ("10.9.0.2", 7777))
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 2)
            sender.sendto(b"capable", ("10.9.0.2", 7777))
            expect(receiver.recv(200) == b"capable", "a packet that cannot be marked was not dropped")
        finally:
            site.a.shell("iptables -t mangle -F POSTROUTING")
            for one in (tap, receiver, sender):
                one.close()


def tells_unreachable(site):
    """A program that calls an address of no peer, or of a peer that is nowhere, hears so at once."""
    with site.pair() as (ends, _):
        ends[0].set(f"public_key={oracle.public_key(os.urandom(32)).hex()}", "allowed_ip=10.9.0.98/32")
        for address in ("10.9.0.99", "10.9.0.98", "fd09::99"):
            with site.a.entered():
                client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            client.settimeout(5)
            try:
                client.connect((address, 80))
                raise lab.Failed(f"{address} answered")
            except OSError as error:
                expect(error.errno == errno.EHOSTUNREACH, f"{address}: {error!r}")
            client.close()


def metrics(site):
    with site.pair(["--metrics", "/run/ginnel-wg/wg0.metrics"]):
        site.a.shell("ping -c 3 -i 0.2 -W 5 10.9.0.2")
        path = pathlib.Path("/run/ginnel-wg/wg0.metrics")
        expect(path.stat().st_mode & 0o777 == 0o700, f"mode {path.stat().st_mode:o}")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(path))
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, body = answer.decode().split("\r\n\r\n")
        expect(head.startswith("HTTP/1.0 200 ") and f"Content-Length: {len(body)}" in head, head)
        values = dict(re.findall(r"^([a-z0-9_]+)\{[^}]*\} (\d+)$", body, re.M))
        expect(values["ginnel_wg_peers"] == "1" and int(values["ginnel_wg_packets_received_total"]) >= 3, body)
        expect(int(values["ginnel_wg_peer_received_bytes_total"]) > 300, body)
        comments = [line for line in body.splitlines() if line.startswith("#")]
        expect(all(line.split()[1] in ("TYPE", "HELP") for line in comments) and body.endswith("\n"), body)
        status = site.a.shell(f"{site.program} status wg0")
        expect("1 peer" in status and "192.0.2.2:5001" in status and "s ago" in status, status)
    expect(not path.exists(), "the metrics socket is left")
    expect(lab.shell(f"{site.program} status wg0", check=False).returncode == 1, "status of nothing is not 1")


def host_names(site):
    """A peer without an endpoint gets that of its name; the file of hosts is the name server here."""
    key = oracle.public_key(os.urandom(32))
    config = pathlib.Path(tempfile.mkdtemp()) / "wg0.conf"
    config.write_text(f"[Interface]\nPrivateKey = x\n[Peer]\nPublicKey = {base64.b64encode(key).decode()}\n"
                      "Endpoint = localhost:4242\n")
    with site.pair(["--names", str(config)]) as (ends, _):
        ends[0].set(f"public_key={key.hex()}", "allowed_ip=10.9.0.77/32")
        wait_until(lambda: [v for k, v in ends[0].get() if k == "endpoint" and v.endswith(":4242")], "the name's address",
                   timeout=15)


def moved_interface(site):
    """Up, down and MTU are followed into another namespace and further."""
    shell, other, third = lab.shell, lab.Host("c"), lab.Host("d")
    with tempfile.TemporaryFile() as log:
        process = site.a.popen([site.program, "-f", "wg7"], stderr=log, env={**os.environ, "LOG_LEVEL": "verbose"})
        try:
            wait_until(lambda: (lab.SOCKETS / "wg7.sock").exists(), "the socket")

            def last_link():
                log.seek(0)
                lines = [line for line in log.read().decode().splitlines() if "link" in line]
                return lines[-1].split(": ", 1)[1] if lines else ""

            shell(f"ip -n {site.a.name} link set wg7 netns {other.name}")
            other.shell("ip link set wg7 mtu 9000 up")
            wait_until(lambda: last_link() == "link up, MTU 9000", "news from the second namespace")
            shell(f"ip -n {other.name} link set wg7 netns {third.name}")
            third.shell("ip link set wg7 mtu 1300")
            wait_until(lambda: last_link() == "link down, MTU 1300", "news from the third namespace")
            third.shell("ip link set wg7 up")
            wait_until(lambda: last_link() == "link up, MTU 1300", "the interface to be up")
            third.shell("ip link delete wg7")
            expect(process.wait(5) == 0, f"exit {process.returncode}")
        finally:
            process.kill()


def given_descriptors(site):
    """WG_TUN_FD without a vnet header, and WG_UAPI_FD."""
    with site.a.entered():
        tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"wg8", IFF_TUN | IFF_NO_PI))
    listener = socket.socket(socket.AF_UNIX)
    lab.SOCKETS.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener.bind(str(lab.SOCKETS / "wg8.sock"))
    listener.listen()
    process = site.a.popen([site.program, "wg8"], pass_fds=(tun, listener.fileno()),
                           env={**os.environ, "WG_TUN_FD": str(tun), "WG_UAPI_FD": str(listener.fileno()),
                                "WG_PROCESS_FOREGROUND": "1"})
    os.close(tun)
    listener.close()
    try:
        expect("listening port" in lab.shell("wg set wg8 listen-port 1234; wg show wg8"), "wg show")
        site.a.shell("ip link set wg8 up")
        site.a.shell("ip link delete wg8")
        expect(process.wait(5) == 0, f"exit {process.returncode}")
    finally:
        process.kill()


def tells_systemd(site):
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(f"{folder}/notify")
        supervisor.settimeout(5)
        process = site.a.popen([site.program, "-f", "wg9"], env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"})
        try:
            expect(supervisor.recv(100) == b"READY=1", "not READY=1")
            expect((lab.SOCKETS / "wg9.sock").exists(), "ready without a socket")
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            rights = int(re.search(r"CapBnd:\s+(\w+)", status)[1], 16)
            expect(rights == 1 << 12 | 1 << 10, f"rights {rights:x}")
            expect(re.search(r"NoNewPrivs:\s+1", status), "may get new rights")
            process.terminate()
            expect(supervisor.recv(100) == b"STOPPING=1", "not STOPPING=1")
            expect(process.wait(5) == 0, f"exit {process.returncode}")
        finally:
            process.kill()


def reserves_timestamps(site):
    with tempfile.TemporaryDirectory() as folder:
        floor = pathlib.Path(folder) / "floor"
        with site.pair(["--state", str(floor)]):
            site.a.shell("ping -c 1 -W 5 10.9.0.2")
            first = int(wait_until(lambda: floor.exists() and floor.read_text().strip(), "a reserved timestamp"))
        with site.pair(["--state", str(floor)]):
            site.a.shell("ping -c 1 -W 5 10.9.0.2")
            wait_until(lambda: int(floor.read_text()) > first, "a later reservation")
        floor.write_text("nonsense\n")
        failed = site.a.shell(f"{site.program} -f --state {floor} wg0", check=False)
        expect(failed.returncode == 1, "starts with a broken file")


def logged_keys(path):
    """The keys of each handshake in a key log, by their names there."""
    pairs = [line.split(" = ") for line in path.read_text().splitlines()]
    names = ("LOCAL_STATIC_PRIVATE_KEY", "REMOTE_STATIC_PUBLIC_KEY", "LOCAL_EPHEMERAL_PRIVATE_KEY", "PRESHARED_KEY")
    expect([name for name, _ in pairs] == [*names] * (len(pairs) // 4), f"the key log's lines: {pairs}")
    keys = [base64.b64decode(key, validate=True) for _, key in pairs]
    return [dict(zip(("static", "remote", "ephemeral", "psk"), keys[i:i + 4])) for i in range(0, len(keys), 4)]


def as_initiator(keys, initiation, response):
    """The session that the initiator's logged keys give."""
    def again(timestamp):
        one = oracle.Initiator(keys["static"], keys["remote"], keys["psk"])
        return one, one.initiation(index=int.from_bytes(initiation[4:8], "little"), ephemeral=keys["ephemeral"],
                                   timestamp=timestamp)

    steps = again(bytes(12))[0].noise.steps
    timestamp = oracle.unseal(steps[-1]["key"], 0, initiation[88:116], steps[-2]["hash"])
    one, message = again(timestamp)
    expect(message == initiation, "the logged keys give another initiation")
    return one.finish(response)


def as_responder(keys, initiation, response):
    """The session that the responder's logged keys give."""
    message, session = oracle.Responder(keys["static"]).accept(initiation).response(
        keys["psk"], index=int.from_bytes(response[4:8], "little"), ephemeral=keys["ephemeral"])
    expect(message == response, "the logged keys give another response")
    return session


def logs_keys(site):
    """With its key log, and nothing else, a capture of one end's handshake and packets is opened, in both roles."""
    if "--keylog" not in site.a.shell(f"{site.program} --help"):
        raise lab.NotApplicable("built without GINNEL_KEYLOG")
    path = pathlib.Path(tempfile.mkdtemp()) / "keys"
    for role, (first, address) in ((as_initiator, (site.a, "10.9.0.2")), (as_responder, (site.b, "10.9.0.1"))):
        path.unlink(missing_ok=True)
        with site.pair(["--keylog", str(path)]) as (ends, keys):
            psk = os.urandom(32)
            for number in (0, 1):
                ends[number].set(f"public_key={oracle.public_key(keys[1 - number]).hex()}", f"preshared_key={psk.hex()}")
            with site.b.entered():
                tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
                tap.bind(("eth0", 0x0003))
            tap.settimeout(5)
            first.shell(f"ping -c 1 -W 5 -p {b'a secret'.hex()} {address}")
            wire = []
            while len(wire) < 3 or wire[-1][0] != oracle.TRANSPORT or len(wire[-1]) == oracle.KEEPALIVE_SIZE:
                packet = tap.recv(2000)
                if packet[0] == 0x45 and packet[9] == 17:
                    wire.append(packet[28:])
            tap.close()
        expect(path.stat().st_mode & 0o777 == 0o600, f"mode {path.stat().st_mode:o}")
        logged = logged_keys(path)
        expect(len(logged) == 1 and logged[0]["psk"] == psk, "not one handshake with its preshared key")
        session = role(logged[0], wire[0], wire[1])
        # Whoever sent it: one of the two keys is that of its direction.
        counter = int.from_bytes(wire[-1][8:16], "little")
        sent_by_us = int.from_bytes(wire[-1][4:8], "little") == session.their_index
        text = oracle.unseal(session.sending if sent_by_us else session.receiving, counter, wire[-1][16:], b"")
        expect(b"a secreta secret" in text, f"decrypted to {text.hex()}")


def plain_keeps_keys(site):
    """What users run knows no such option."""
    if not site.plain or not os.access(site.plain, os.X_OK):
        raise lab.NotApplicable(f"{site.plain} is not built")
    refused = site.a.shell(f"{site.plain} --keylog /tmp/keys wg0", check=False)
    expect(refused.returncode == 2 and "--keylog" in refused.stderr, f"exit {refused.returncode}: {refused.stderr}")
    expect(b"EPHEMERAL_PRIVATE" not in pathlib.Path(site.plain).read_bytes(), "the program has a key log in it")


STEPS = [
    ("clamps the MSS", clamps_mss),
    ("a narrow path that nobody tells of", narrow_path),
    ("carries ECN marks in and out, and no class", carries_ecn),
    ("tells that an address leads nowhere", tells_unreachable),
    ("metrics and status", metrics),
    ("resolves names again", host_names),
    ("follows its interface into other namespaces", moved_interface),
    ("takes descriptors that others made", given_descriptors),
    ("tells systemd, and gives up rights", tells_systemd),
    ("reserves timestamps", reserves_timestamps),
    ("logs keys for Wireshark", logs_keys),
    ("logs no keys when built for users", plain_keeps_keys),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the steps whose title contains this text")
    parser.add_argument("--plain")
    parser.add_argument("program")
    arguments = parser.parse_args()
    lab.isolate("iperf3", "iptables")
    steps = lab.Steps()
    site = Site(os.path.abspath(arguments.program), arguments.plain)
    for title, function in STEPS:
        if arguments.only in title:
            with steps.step(title):
                function(site)
    steps.exit()


if __name__ == "__main__":
    main()
