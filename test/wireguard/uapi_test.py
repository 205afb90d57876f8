#!/usr/bin/env python3
"""The configuration socket, and the program as wg(8) and wg-quick(8) run it.

Usage: uapi_test.py [--only TEXT] PROGRAM
Known faults of wireguard-go are printed and do not count.
"""
import argparse
import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import time

import lab
import oracle
from lab import Failed, NotApplicable, expect

EINVAL, EPROTO, EADDRINUSE = -22, -71, -98
KEY, KEY2, PSK = "a0" * 32, "b1" * 32, "c2" * 32
KNOWN = {"wireguard-go": {"answers a request that comes with the one before", "lets go of its output, even with a log",
                          "removes one allowed address", "an endpoint with a scope",
                          "a silent client holds up nobody"}}


class Device:
    """A program on a fresh host, and raw access to its socket."""

    def __init__(self, program):
        self.program = program
        self.host = lab.Host("host")
        self.tunnel = lab.Tunnel(program, "wg0", self.host)
        self.ask, self.set, self.get, self.path = self.tunnel.ask, self.tunnel.set, self.tunnel.get, self.tunnel.path

    def close(self):
        self.tunnel.stop()
        lab.shell("ip netns del host; rm -rf /run/wireguard", check=False)

    @contextlib.contextmanager
    def connection(self, timeout=5):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(self.path))
            yield connection

    def exchange(self, request, wait=0.7):
        """All that comes back, and whether the connection was closed."""
        with self.connection(wait) as connection:
            reply = b""
            try:
                with contextlib.suppress(BrokenPipeError):  # it need not read to the end what it refuses
                    connection.sendall(request.encode())
                while part := connection.recv(1 << 20):
                    reply += part
                return reply.decode(), True
            except ConnectionResetError:
                return reply.decode(), True
            except socket.timeout:
                return reply.decode(), False

    def fresh(self):
        self.set("private_key=" + "0" * 64, "fwmark=0", "listen_port=0", "replace_peers=true")

    def values(self, key):
        return [value for name, value in self.get() if name == key]


def the_socket(device):
    mode = device.path.stat().st_mode
    expect(stat.S_ISSOCK(mode), "not a socket")
    expect(mode & 0o077 == 0, f"others may use it: {stat.filemode(mode)}")
    expect(device.path.parent.stat().st_mode & 0o022 == 0, "others may replace it")


def empty(device):
    keys = [key for key, _ in device.get()]
    expect(keys in (["listen_port", "errno"], ["errno"]), f"{keys}")
    expect(device.get()[-1] == ("errno", "0"), "no errno=0 at the end")


def everything(device):
    private = oracle.public_key(b"\1" * 32)  # any 32 bytes
    clamped = bytes([private[0] & 248]) + private[1:31] + bytes([private[31] & 127 | 64])
    device.set(f"private_key={private.hex()}", "listen_port=51999", "fwmark=77", "replace_peers=true", f"public_key={KEY}",
               f"preshared_key={PSK}", "endpoint=192.0.2.1:1234", "persistent_keepalive_interval=25",
               "replace_allowed_ips=true", "allowed_ip=10.2.3.4/16", "allowed_ip=fd01::1/64", "protocol_version=1",
               f"public_key={KEY2}", "endpoint=[2001:db8::1]:99", "allowed_ip=0.0.0.0/0", "allowed_ip=::/0")
    got = device.get()
    head = [("private_key", clamped.hex()), ("listen_port", "51999"), ("fwmark", "77")]
    expect(got[:3] == head, f"{got[:3]}")
    peers, last = split_peers(got[3:-1]), got[-1]
    expect(last == ("errno", "0"), f"{last}")
    expect(set(peers) == {KEY, KEY2}, "not both peers")
    order = ["preshared_key", "protocol_version", "endpoint", "last_handshake_time_sec", "last_handshake_time_nsec",
             "tx_bytes", "rx_bytes", "persistent_keepalive_interval", "allowed_ip", "allowed_ip"]
    for lines in peers.values():
        expect([key for key, _ in lines] == order, f"order {[key for key, _ in lines]}")
    one, two = peers[KEY], peers[KEY2]
    expect(one[:8] == [("preshared_key", PSK), ("protocol_version", "1"), ("endpoint", "192.0.2.1:1234"),
                       ("last_handshake_time_sec", "0"), ("last_handshake_time_nsec", "0"), ("tx_bytes", "0"),
                       ("rx_bytes", "0"), ("persistent_keepalive_interval", "25")], f"{one}")
    expect({value for _, value in one[8:]} == {"10.2.0.0/16", "fd01::/64"}, f"{one[8:]}")
    expect(two[0] == ("preshared_key", "0" * 64) and two[2] == ("endpoint", "[2001:db8::1]:99"), f"{two}")
    expect({value for _, value in two[8:]} == {"0.0.0.0/0", "::/0"}, f"{two[8:]}")


def split_peers(lines):
    peers, current = {}, None
    for key, value in lines:
        if key == "public_key":
            current = peers.setdefault(value, [])
        else:
            current.append((key, value))
    return peers


def error_codes(device):
    peer = f"public_key={KEY}\n"
    wrong = {"bogus=1": EINVAL, "noequals": EPROTO, "private_key=zz": EINVAL, "private_key=" + "a" * 63: EINVAL,
             "private_key=" + "a" * 66: EINVAL, "listen_port=70000": EINVAL, "listen_port=-1": EINVAL, "listen_port=x": EINVAL,
             "listen_port=": EINVAL, "fwmark=x": EINVAL, "fwmark=4294967296": EINVAL, "replace_peers=false": EINVAL,
             "public_key=zz": EINVAL, "allowed_ip=10.0.0.0/8": EINVAL, "endpoint=192.0.2.1:1": EINVAL,
             peer + "allowed_ip=10.0.0.0/33": EINVAL, peer + "allowed_ip=fd00::/129": EINVAL,
             peer + "allowed_ip=10.0.0": EINVAL, peer + "allowed_ip=10.0.0.0/x": EINVAL, peer + "allowed_ip=": EINVAL,
             peer + "endpoint=foo": EINVAL, peer + "endpoint=192.0.2.1": EINVAL, peer + "endpoint=192.0.2.1:70000": EINVAL,
             peer + "endpoint=[2001:db8::1]": EINVAL, peer + "endpoint=host.example:1": EINVAL,
             peer + "protocol_version=2": EINVAL, peer + "persistent_keepalive_interval=70000": EINVAL,
             peer + "persistent_keepalive_interval=x": EINVAL, peer + "preshared_key=1": EINVAL,
             peer + "replace_allowed_ips=false": EINVAL, peer + "remove=false": EINVAL, peer + "update_only=false": EINVAL,
             peer + "private_key=" + KEY: EINVAL, peer + "listen_port=1": EINVAL, peer + "bogus=1": EINVAL}
    for lines, code in wrong.items():
        device.fresh()
        reply = device.ask(f"set=1\n{lines}\n\n")
        expect(reply == f"errno={code}\n\n", f"{lines!r}: {reply!r}, not errno={code}")
    device.fresh()


def hexadecimal_mark(device):
    """wg(8) writes decimal; wireguard-go takes nothing else."""
    reply = device.ask("set=1\nfwmark=0x10\n\n")
    expect(reply == f"errno={EINVAL}\n\n" or device.values("fwmark") == ["16"], f"{reply!r}")


def in_order(device):
    device.fresh()
    reply = device.ask(f"set=1\nfwmark=5\npublic_key={KEY}\nallowed_ip=10.1.0.0/16\nallowed_ip=bad\n"
                       "allowed_ip=10.2.0.0/16\n\n")
    expect(reply == f"errno={EINVAL}\n\n", f"{reply!r}")
    expect(device.values("fwmark") == ["5"] and device.values("allowed_ip") == ["10.1.0.0/16"],
           "the lines before the bad one are not the ones that hold")
    device.fresh()


def peers_by_halves(device):
    device.fresh()
    device.set(f"public_key={KEY}", "update_only=true", "allowed_ip=10.0.0.1/32")
    expect(not device.values("public_key"), "update_only made a peer")
    device.set(f"public_key={KEY}", "remove=true")
    device.set(f"public_key={KEY}", "allowed_ip=10.0.0.1/32", f"public_key={KEY2}", "allowed_ip=10.0.0.1/32")
    expect(split_peers(device.get()[1:-1])[KEY][-1][0] != "allowed_ip", "both peers have the address")
    device.set(f"public_key={KEY}", "update_only=true", "allowed_ip=10.0.0.2/32", f"public_key={KEY2}", "remove=true")
    expect(device.values("public_key") == [KEY] and device.values("allowed_ip") == ["10.0.0.2/32"], "update or removal")
    device.set(f"public_key={KEY}", "replace_allowed_ips=true", "allowed_ip=10.0.0.3/32")
    expect(device.values("allowed_ip") == ["10.0.0.3/32"], "replace_allowed_ips")
    device.set("replace_peers=true", f"public_key={KEY2}")
    expect(device.values("public_key") == [KEY2], "replace_peers")
    device.fresh()


def removes_one_address(device):
    device.fresh()
    device.set(f"public_key={KEY}", "allowed_ip=10.1.0.0/16", "allowed_ip=10.2.0.0/16")
    device.set(f"public_key={KEY}", "allowed_ip=-10.1.0.0/16")
    expect(device.values("allowed_ip") == ["10.2.0.0/16"], f"{device.values('allowed_ip')}")


def own_key(device):
    device.fresh()
    private = os.urandom(32)
    own = oracle.public_key(private).hex()
    device.set(f"private_key={private.hex()}", f"public_key={own}", "allowed_ip=10.0.0.0/8", f"public_key={KEY}")
    expect(device.values("public_key") == [KEY], "its own key became a peer")
    device.set("private_key=" + "0" * 64)
    expect(not device.values("private_key"), "a private key of zeros is shown")


def scoped_endpoint(device):
    device.host.shell("ip link add out0 type veth peer name out1; ip link set out0 up")
    device.set(f"public_key={KEY}", "endpoint=[fe80::1%out0]:1")
    expect(device.values("endpoint") == ["[fe80::1%out0]:1"], f"{device.values('endpoint')}")
    device.fresh()


def one_after_another(device):
    with device.connection() as connection:
        for _ in range(3):
            connection.sendall(b"get=1\n\n")
            reply = b""
            while not reply.endswith(b"\n\n"):
                reply += connection.recv(65536)
            expect(reply.endswith(b"errno=0\n\n"), f"{reply!r}")


def pipelined(device):
    reply, _ = device.exchange("set=1\nfwmark=9\n\nget=1\n\nset=1\nfwmark=0\n\n")
    expect(reply.count("errno=0\n\n") == 3 and "fwmark=9\n" in reply, f"{reply!r}")


def unknown_operations(device):
    for request in ("hello\n\n", "get=2\n\n", "set=2\n\n", "\n", "=\n\n"):
        reply, closed = device.exchange(request)
        expect(closed and reply in ("", f"errno={EINVAL}\n\n", f"errno={EPROTO}\n\n"), f"{request!r}: {reply!r}")
    reply, closed = device.exchange("get=1\nx\n")
    expect(closed and reply == f"errno={EINVAL}\n\n", f"get=1 and another line: {reply!r}")


def port_in_use(device):
    with device.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 52000))
        device.host.shell("ip link set wg0 up")
        reply = device.ask("set=1\nlisten_port=52000\n\n")
        expect(reply == f"errno={EADDRINUSE}\n\n", f"{reply!r}")
    device.set("listen_port=52000")
    expect(device.values("listen_port") == ["52000"], "not the port, now that it is free")
    device.fresh()


def slow_clients(device):
    with device.connection() as silent, device.connection() as slow:
        silent.sendall(b"set=1\nfwmark=3\n")
        for byte in b"set=1\nfwmark=4\n\n":
            slow.sendall(bytes([byte]))
            time.sleep(0.01)
        expect(slow.recv(100) == b"errno=0\n\n", "a slow client")
        expect(device.values("fwmark") == ["4"], "while another one says nothing")
    device.fresh()


def rude_clients(device):
    device.fresh()
    for cut in range(1, 60, 7):
        with device.connection() as rude:
            rude.sendall(f"set=1\npublic_key={KEY}\nallowed_ip=10.0.0.0/8\n\n".encode()[:cut])
    with device.connection() as rude:
        rude.sendall(b"get=1\n\n" * 50)  # and never reads
    device.fresh()
    reply = device.exchange("set=1\nprivate_key=" + "a" * (1 << 20) + "\n\n")[0]
    expect(reply in ("", f"errno={EINVAL}\n\n", "errno=-5\n\n", "errno=-55\n\n"), f"a line of 1 MiB: {reply[:80]!r}")
    device.get()


def the_real_wg(device):
    shell = device.host.shell
    private, psk = shell("wg genkey").strip(), shell("wg genpsk").strip()
    public = shell("wg pubkey", stdin=shell("wg genkey")).strip()
    shell("wg set wg0 private-key /dev/stdin listen-port 51820 fwmark 0x42", stdin=private)
    shell(f"wg set wg0 peer {public} preshared-key /dev/stdin endpoint 192.0.2.9:1 persistent-keepalive 25 "
          "allowed-ips 10.0.0.0/8,fd00::/8", stdin=psk)
    lines = [line.split("\t") for line in shell("wg show wg0 dump").splitlines()]
    expect(lines[0] == [private, shell("wg pubkey", stdin=private).strip(), "51820", "0x42"], f"{lines[0]}")
    expect(lines[1][:3] == [public, psk, "192.0.2.9:1"] and lines[1][4:] == ["0", "0", "0", "25"], f"{lines[1]}")
    expect(set(lines[1][3].split(",")) == {"10.0.0.0/8", "fd00::/8"}, f"{lines[1]}")
    expect("wg0" in shell("wg show interfaces").split(), "not among the interfaces")
    config = shell("wg showconf wg0")
    shell("wg setconf wg0 /dev/stdin", stdin=config)
    expect(shell("wg showconf wg0") == config, "showconf, setconf, showconf differ")
    device.fresh()


def second_instance(device):
    done = device.host.shell(f"timeout 5 {device.program} -f wg0", check=False)
    expect(done.returncode not in (0, 124), f"a second program on the same interface: exit {done.returncode}")
    device.get()


def stale_socket(device):
    path = lab.SOCKETS / "wg7.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    tunnel = lab.Tunnel(device.program, "wg7", device.host)
    tunnel.get()
    tunnel.stop()


def ended(process, what):
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        raise Failed(f"still runs after {what}") from None
    finally:
        process.kill()
        process.wait()


def ends(device):
    for what, command in (("its interface was deleted", "ip link delete wg5"),
                          ("its socket was removed", "rm /run/wireguard/wg5.sock")):
        tunnel = lab.Tunnel(device.program, "wg5", device.host)
        device.host.shell(command)
        ended(tunnel.process, what)
        expect(not tunnel.path.exists(), f"the socket is left after {what}")
        expect(not device.host.ok("ip link show wg5"), f"the interface is left after {what}")
    for number in (signal.SIGTERM, signal.SIGINT):
        tunnel = lab.Tunnel(device.program, "wg5", device.host)
        tunnel.process.send_signal(number)
        ended(tunnel.process, signal.Signals(number).name)
        expect(not tunnel.path.exists(), f"the socket is left after {signal.Signals(number).name}")


def in_background(device, environment):
    """Without -f it returns when all is there, and nobody who reads its output waits for the daemon."""
    done = subprocess.run(["ip", "netns", "exec", device.host.name, device.program, "wg6"], capture_output=True, timeout=15,
                          env={**os.environ, **environment})
    expect(done.returncode == 0, f"exit {done.returncode}: {done.stderr.decode()[-300:]}")
    path = lab.SOCKETS / "wg6.sock"
    expect(path.exists() and device.host.ok("ip link show wg6"), "it returned before socket and interface were there")
    device.host.shell("wg show wg6 && ip link delete wg6")
    lab.wait_until(lambda: not path.exists(), "the end of the daemon")


def background(device):
    in_background(device, {})


def background_with_log(device):
    try:
        in_background(device, {"LOG_LEVEL": "verbose"})
    finally:
        device.host.shell("ip link delete wg6", check=False)


def wg_quick(device):
    if not shutil.which("wg-quick") or not shutil.which("bash"):
        raise NotApplicable("no wg-quick")
    if lab.shell("ip link add wgtry type wireguard", check=False).returncode == 0:
        lab.shell("ip link delete wgtry")
        raise NotApplicable("this kernel has WireGuard, so wg-quick would not start a program")
    private = lab.shell("wg genkey").strip()
    public = lab.shell("wg pubkey", stdin=lab.shell("wg genkey")).strip()
    path = "/run/wgq0.conf"
    for allowed in ("10.88.0.0/16, fd88::/64", "0.0.0.0/0, ::/0"):
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(f"[Interface]\nPrivateKey = {private}\nAddress = 10.88.0.1/24, fd88::1/64\nMTU = 1380\n"
                       f"[Peer]\nPublicKey = {public}\nEndpoint = 192.0.2.1:51820\nAllowedIPs = {allowed}\n")
        quick = f"WG_QUICK_USERSPACE_IMPLEMENTATION={device.program} wg-quick"
        device.host.shell(f"{quick} up {path} 2>&1 | cat", timeout=60)
        try:
            expect(public in device.host.shell("wg show wgq0 peers"), "the peer is not there")
            expect("mtu 1380" in device.host.shell("ip link show wgq0"), "the MTU")
            route = device.host.shell("ip route get 10.88.7.7; ip -6 route get fd88::7")
            expect(route.count("dev wgq0") == 2, f"no routes: {route}")
            if allowed.startswith("0.0.0.0/0"):
                expect("51820" in device.host.shell("ip rule; wg show wgq0 fwmark; ip -6 rule"), "no policy routing")
                expect("dev wgq0" in device.host.shell("ip route get 198.51.100.1"), "no default route")
        finally:
            device.host.shell(f"{quick} down {path}", timeout=60)
        lab.wait_until(lambda: not (lab.SOCKETS / "wgq0.sock").exists(), "the daemon's end after wg-quick down")


STEPS = [
    ("the socket is for its owner only", the_socket),
    ("an empty device", empty),
    ("sets everything, and gets it in order", everything),
    ("error codes", error_codes),
    ("takes fwmark in hexadecimal, or refuses it", hexadecimal_mark),
    ("lines before a bad one hold", in_order),
    ("update_only, remove, replace", peers_by_halves),
    ("removes one allowed address", removes_one_address),
    ("its own key is no peer", own_key),
    ("an endpoint with a scope", scoped_endpoint),
    ("several requests on a connection", one_after_another),
    ("answers a request that comes with the one before", pipelined),
    ("unknown operations", unknown_operations),
    ("a port in use", port_in_use),
    ("a silent client holds up nobody", slow_clients),
    ("clients that leave, and lines without end", rude_clients),
    ("wg(8): set, show, showconf, setconf", the_real_wg),
    ("refuses to run twice", second_instance),
    ("replaces a dead program's socket", stale_socket),
    ("ends with interface, socket or signal", ends),
    ("in the background, when all is ready", background),
    ("lets go of its output, even with a log", background_with_log),
    ("wg-quick(8): up and down, split and whole", wg_quick),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the steps whose title contains this text")
    parser.add_argument("program")
    arguments = parser.parse_args()
    program = shutil.which(arguments.program)
    if not program:
        lab.skip(f"there is no {arguments.program}")
    lab.isolate()
    steps = lab.Steps(KNOWN.get(os.path.basename(program), ()))
    device = Device(os.path.abspath(program))
    for title, function in STEPS:
        if arguments.only in title:
            with steps.step(title):
                function(device)
    device.close()
    steps.exit()


if __name__ == "__main__":
    main()
