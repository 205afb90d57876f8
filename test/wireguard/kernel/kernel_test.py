#!/usr/bin/env python3
"""A userspace tunnel against Linux's own WireGuard in a virtual machine.

Usage: kernel_test.py [--only TEXT] PROGRAM FOLDER
FOLDER is what build.py makes; it is made if it is not there. The machine's log, in which Linux tells of every
handshake, is read as a witness.
"""
import argparse
import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import lab  # noqa: E402
import oracle  # noqa: E402
from kernel import vm  # noqa: E402
from lab import expect  # noqa: E402

PINGS = "ping -q -c 3 -i 0.2 -W 5"
OURS, THEIRS = ("10.99.0.1", "fd99::1"), ("10.99.0.2", "fd99::2")
OUTSIDE = {4: ("10.77.0.1", "10.77.0.2"), 6: ("fd77::1", "fd77::2")}


def b64(key):
    return base64.b64encode(key).decode()


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Pair:
    """Our program as wg1 in this namespace, Linux as wg0 in the machine."""

    def __init__(self, program, folder):
        self.private, self.their_private, self.psk = os.urandom(32), os.urandom(32), os.urandom(32)
        self.public, self.their_public = oracle.public_key(self.private), oracle.public_key(self.their_private)
        setup = f"""
ip link add wg0 type wireguard
cat >/run/wg.conf <<END
[Interface]
PrivateKey = {b64(self.their_private)}
ListenPort = 51820
[Peer]
PublicKey = {b64(self.public)}
PresharedKey = {b64(self.psk)}
AllowedIPs = {OURS[0]}/32, {OURS[1]}/128
END
wg setconf wg0 /run/wg.conf
ip address add {THEIRS[0]}/24 dev wg0
ip address add {THEIRS[1]}/64 dev wg0 nodad
ip link set wg0 mtu 1420 up
(while :; do iperf3 -s -1; done) >/dev/null 2>&1 </dev/null &
"""
        self.machine = vm.Machine(folder, "out0", f"{OUTSIDE[4][1]}/24 {OUTSIDE[6][1]}/64", setup)
        try:
            lab.shell(f"ip address add {OUTSIDE[4][0]}/24 dev out0; ip address add {OUTSIDE[6][0]}/64 dev out0 nodad")
            self.machine.wait_ready()
            self.program, self.tunnel = program, None
            self.start()
        except BaseException:
            self.machine.stop()
            raise

    def start(self, psk=None, target=None):
        """Starts our side anew, without any session. Without a `target` it waits to be called."""
        if self.tunnel:
            self.tunnel.stop()
            lab.wait_until(lambda: lab.shell("ip link show wg1", check=False).returncode != 0, "the end of wg1")
        self.tunnel = lab.Tunnel(self.program, "wg1", None)
        self.tunnel.set(f"private_key={self.private.hex()}", "listen_port=51821", f"public_key={self.their_public.hex()}",
                        f"preshared_key={(psk or self.psk).hex()}",
                        *([f"endpoint={target}"] if target else []),
                        f"allowed_ip={THEIRS[0]}/32", f"allowed_ip={THEIRS[1]}/128")
        lab.shell(f"ip address add {OURS[0]}/24 dev wg1; ip address add {OURS[1]}/64 dev wg1 nodad; "
                  "ip link set wg1 mtu 1420 up")

    def theirs(self, command):
        return self.machine.shell(command)

    def their_peer(self, arguments):
        self.theirs(f"wg set wg0 peer {b64(self.public)} {arguments}")

    def stop(self):
        self.tunnel.stop()
        self.machine.stop()


def we_call(pair):
    for family in (4, 6):
        pair.start(target=endpoint(OUTSIDE[family][1], 51820))
        for address in THEIRS:
            lab.shell(f"{PINGS} {address}")
        lab.shell(f"{PINGS} -s 1372 -M do {THEIRS[0]}")
        shown = pair.theirs("wg show wg0 endpoints").split()[1]
        expect(shown == endpoint(OUTSIDE[family][0], 51821), f"Linux sees us at {shown}")


def they_call(pair):
    for family in (4, 6):
        pair.start()
        pair.theirs("ip link set wg0 down && ip link set wg0 up && ip address replace fd99::2/64 dev wg0 nodad")
        pair.their_peer(f"endpoint {endpoint(OUTSIDE[family][0], 51821)}")
        for address in OURS:
            pair.theirs(f"{PINGS} {address}")
        expect(("endpoint", endpoint(OUTSIDE[family][1], 51820)) in pair.tunnel.get(), "we do not know where Linux is")


def roaming(pair):
    pair.start(target=endpoint(OUTSIDE[4][1], 51820))
    lab.shell(f"{PINGS} {THEIRS[0]}")
    handshakes = pair.machine.text().count("Sending handshake response")
    for family, port in ((6, 51821), (4, 51822), (6, 51823)):
        pair.tunnel.set(f"listen_port={port}", f"public_key={pair.their_public.hex()}",
                        f"endpoint={endpoint(OUTSIDE[family][1], 51820)}")
        lab.shell(f"{PINGS} {THEIRS[0]}")
        shown = pair.theirs("wg show wg0 endpoints").split()[1]
        expect(shown == endpoint(OUTSIDE[family][0], port), f"Linux sees us at {shown}")
        pair.theirs(f"{PINGS} {OURS[0]}")
    expect(pair.machine.text().count("Sending handshake response") == handshakes, "roaming took a handshake")
    # Linux moves: we follow.
    pair.theirs("wg set wg0 listen-port 51830")
    pair.theirs(f"{PINGS} {OURS[1]}")
    expect(any(key == "endpoint" and value.endswith(":51830") for key, value in pair.tunnel.get()), "we did not follow Linux")
    lab.shell(f"{PINGS} {THEIRS[0]}")
    pair.theirs("wg set wg0 listen-port 51820")
    pair.tunnel.set("listen_port=51821")


def wrong_psk(pair):
    pair.start(psk=os.urandom(32), target=endpoint(OUTSIDE[4][1], 51820))
    expect(lab.shell(f"ping -q -c 2 -W 2 {THEIRS[0]}", check=False).returncode != 0, "came up with another preshared key")
    pair.tunnel.set(f"public_key={pair.their_public.hex()}", f"preshared_key={pair.psk.hex()}")
    lab.wait_until(lambda: lab.shell(f"ping -q -c 1 -W 1 {THEIRS[0]}", check=False).returncode == 0,
                   "an answer with the right preshared key", timeout=20)


def stream(pair, address, options):
    """iperf3 to the machine, whose server serves one client and starts anew."""
    lab.wait_until(lambda: ":5201" in pair.theirs("netstat -ltn"), "iperf3's server")
    lab.shell(f"iperf3 -c {address} --connect-timeout 8000 {options}", timeout=90)


def streams(pair):
    pair.start(target=endpoint(OUTSIDE[4][1], 51820))
    for address in THEIRS:
        for options in ("-n 3M", "-n 3M -R", "-u -b 4M -t 1 -l 1200"):
            stream(pair, address, options)


def lossy(pair):
    """Loss, delay, reordering and doubles on the way; nothing is lost for TCP, and replays do no harm."""
    pair.start(target=endpoint(OUTSIDE[4][1], 51820))
    pair.theirs("modprobe sch_netem; "
                "tc qdisc add dev eth0 root netem delay 20ms 5ms loss 3% reorder 10% duplicate 3% limit 1000")
    try:
        lab.shell(f"ping -q -c 20 -i 0.1 -W 5 {THEIRS[0]}", check=False)
        out = lab.shell(f"ping -c 100 -i 0.02 -W 3 {THEIRS[1]}", check=False).stdout
        received = int(re.search(r"(\d+) received", out).group(1))
        expect(received >= 80, f"{received} of 100 came back through 3 % loss")
        expect("DUP!" not in out, "a packet that was doubled outside came through twice")
        stream(pair, THEIRS[0], "-n 1M -R")
        stream(pair, THEIRS[1], "-n 1M")
    finally:
        pair.theirs("tc qdisc del dev eth0 root")


def rekeys(pair):
    """With traffic all the time, new keys come after 120 s, by the one who began, and no packet is lost."""
    pair.start(target=endpoint(OUTSIDE[4][1], 51820))
    before = pair.machine.text().count("Keypair")
    out = lab.shell(f"ping -q -c 270 -i 0.5 -W 5 {THEIRS[0]}", timeout=200)
    received = int(re.search(r"(\d+) received", out).group(1))
    log = pair.machine.text()
    expect(log.count("Keypair") >= before + 2, "Linux's log tells of no second pair of keys")
    expect(received >= 269, f"{received} of 270 came back")
    pair.start()
    pair.theirs("ip link set wg0 down && ip link set wg0 up")
    pair.their_peer(f"endpoint {endpoint(OUTSIDE[4][0], 51821)}")
    begun = time.monotonic()
    sent = pair.machine.text().count("Sending handshake initiation")
    while time.monotonic() - begun < 124:
        pair.theirs(f"ping -q -c 5 -i 0.5 -W 5 {OURS[0]}")
    expect(pair.machine.text().count("Sending handshake initiation") >= sent + 2, "Linux has not made new keys")


STEPS = [
    ("we call, over IPv4 and IPv6, with a preshared key", we_call, False),
    ("Linux calls, over IPv4 and IPv6", they_call, False),
    ("roaming, ours and theirs", roaming, False),
    ("a wrong preshared key, put right", wrong_psk, False),
    ("streams", streams, False),
    ("loss, delay, reordering, doubles", lossy, False),
    ("new keys after two minutes, from either side", rekeys, True),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the steps whose title contains this text")
    parser.add_argument("--fast", action="store_true", help="without the two minutes until new keys, twice")
    parser.add_argument("program")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    program = shutil.which(arguments.program)
    if not program:
        lab.skip(f"there is no {arguments.program}")
    if not os.environ.get("GINNEL_LAB"):
        missing = [name for name in (vm.QEMU, "busybox", "depmod") if not lab.found(name)]
        if missing:
            lab.skip(f"not installed: {' '.join(missing)}")
        done = subprocess.run([sys.executable, HERE / "build.py", arguments.folder], capture_output=True, text=True)
        if done.returncode != 0:
            lab.skip(f"the machine could not be made: {done.stderr.strip().splitlines()[-1]}")
    lab.isolate("iperf3")
    pair = Pair(os.path.abspath(program), arguments.folder)
    steps = lab.Steps()
    try:
        for title, function, slow in STEPS:
            if arguments.only in title and not (slow and arguments.fast):
                with steps.step(title):
                    function(pair)
    finally:
        pair.stop()
    steps.exit()


if __name__ == "__main__":
    main()
