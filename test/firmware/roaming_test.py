#!/usr/bin/env python3
"""The whole device where its address outside changes while messages flow: the tunnel follows, and nothing above it hears of it.

Usage: roaming_test.py BOARD_BUILD BUILD
First the board is on the site's wire, and the DHCP server there gives it another address. Then it is at home, behind a
router that translates addresses, and it is the router that gets another one, of which nobody tells the board:

        site 10.99.0.1 ----- wire ----- 10.99.0.5x router 192.168.7.1 ----- 192.168.7.2 board
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import types

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "tools")]
import board  # noqa: E402
import wire  # noqa: E402
from dhcp import Dhcp  # noqa: E402
from firmware import Firmware  # noqa: E402
from linux import Linux  # noqa: E402
from site_under_test import Failed, Site, wait_until  # noqa: E402
from talk import Talk  # noqa: E402
from wire import expect  # noqa: E402

PORT = 51820  # on which the board's tunnel listens


class Test(Talk):
    def __init__(self, image, build, folder):
        self.net = wire.Wire(["alice"])
        self.at_site = self.net.hosts["site"]
        self.site = Site(build, folder, "site", ["--host", wire.SITE, "--tunnel", wire.SITE])
        super().__init__(Firmware(image, self.site, "chip", self.net), Linux(self.site, "alice", "alice"))
        del self.chip.told["ip4"]  # it asks for one
        with self.at_site.entered():
            self.dhcp = Dhcp(wire.SITE, "eth0", "10.99.0.100")

    def enrols(self):
        self.site.start()
        self.chip.start()
        self.chip.enrol()
        self.peer, = self.at_site.shell("wg show all peers | cut -f2").split()
        self.inside = self.of_peer("allowed-ips").partition("/")[0]
        self.alice.enrol()
        self.alice.ginnel("tunnel", "up", "--interface", "ginnel-alice")
        self.alice.start_listening()
        wait_until(lambda: "user alice" in " ".join(self.chip.ask("users")), "chip to hear of alice")
        expect(self.endpoint() == f"10.99.0.100:{PORT}", f"{self.endpoint()}")

    def of_peer(self, what):
        """What the gateway says of the board."""
        return next(line.split("\t")[2] for line in self.at_site.shell(f"wg show all {what}").splitlines() if self.peer in line)

    def endpoint(self):
        return self.of_peer("endpoints")

    def connections(self):
        """The board's with the broker, by their ports."""
        return [line.split()[-2:] for line in self.at_site.shell("ss -tnH state established").splitlines() if f"[{self.inside}]" in line]

    def moves(self, move, there, write):
        """`move` is called, and then `write` until the board's datagrams come from an address that is `there`."""
        before, heard, left = self.connections(), len(self.chip.board.console), self.endpoint()
        expect(len(before) == 1, f"one connection: {before}")
        begun = time.monotonic()
        move()
        while not there(self.endpoint()):
            expect(time.monotonic() < begun + 120, f"the gateway still sends to {self.endpoint()}")
            write(f"{time.monotonic() - begun:.1f} s after {left} was left")
            time.sleep(0.2)
        took = time.monotonic() - begun
        self.say(5, f"after {left} was left")
        self.all_arrive()
        print(f"  from {left} to {self.endpoint()} after {took:.1f} s, with {len(self.sent['alice'])} + {len(self.sent['chip'])} messages")
        expect(self.connections() == before, f"the same TCP connection, and so the same TLS: {before} {self.connections()}")
        expect("* state" not in self.chip.board.console[heard:], "nothing above the tunnel hears of it")
        expect(self.chip.numbers()["unreadable"] == 0, "everything is read")

    def another_lease(self):
        """At the next renewal, once a minute."""
        def move():
            self.dhcp.given = "10.99.0.150"
        self.say(5, "before it moves")
        self.moves(move, lambda endpoint: endpoint == f"10.99.0.150:{PORT}", lambda when: self.say(1, when))

    def is_taken_home(self):
        self.chip.kill()
        self.router = wire.Host("router")
        self.router_at = 50
        wire.cable(self.net.host, "to-router", self.router, "eth0")
        self.net.host.shell(f"ip link set to-router master bridge && ip link set {self.chip.tap} netns router")
        self.router.shell(f"ip address add 10.99.0.{self.router_at}/24 dev eth0; "
                          f"ip address add 192.168.7.1/24 dev {self.chip.tap}; ip link set {self.chip.tap} up; "
                          "echo 1 >/proc/sys/net/ipv4/ip_forward; iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE --random")
        self.chip.wire = types.SimpleNamespace(host=self.router)
        self.chip.told |= {"ip4": "192.168.7.2", "router": "192.168.7.1"}
        self.chip.start()
        self.chip.online()
        self.say(1, "from home")
        self.all_arrive()
        expect(self.endpoint().startswith("10.99.0.50:"), f"{self.endpoint()}")

    def router_moves(self, write):
        """What it knew of the old address goes with that."""
        def move():
            old, self.router_at = self.router_at, self.router_at + 1
            self.router.shell(f"ip address del 10.99.0.{old}/24 dev eth0 && ip address add 10.99.0.{self.router_at}/24 dev eth0")
        self.moves(move, lambda endpoint: endpoint.startswith(f"10.99.0.{self.router_at}:"), write)

    def router_gets_others(self):
        for i in range(3):
            self.say(5, f"before the router moves, {i}")
            self.router_moves(lambda when: self.say(1, when))

    def only_the_gateway_sends(self):
        """The board has nothing to say: its keepalive tells where it is. Until then what comes to it is lost."""
        time.sleep(3)
        self.router_moves(self.alice_sends)

    def run(self):
        for title, step in (("it enrols", self.enrols), ("DHCP gives it another address", self.another_lease),
                            ("it is behind a router", self.is_taken_home), ("the router gets another address, three times", self.router_gets_others),
                            ("again, and only others write", self.only_the_gateway_sends)):
            begun = time.monotonic()
            step()
            print(f"{title}: {time.monotonic() - begun:.1f} s", flush=True)


def main():
    image = pathlib.Path(sys.argv[1]).resolve() / "apps/firmware/qemu_virt/firmware.img"
    board.need(image)
    if not shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        wire.skip("not installed: mosquitto")
    wire.isolate("iptables", "ss")
    with tempfile.TemporaryDirectory(prefix="ginnel-roaming-") as folder:
        test = Test(image, pathlib.Path(sys.argv[2]).resolve(), folder)
        try:
            test.run()
        except (Failed, wire.Failed, RuntimeError, subprocess.SubprocessError) as failure:
            if test.chip.board:
                print(f"--- chip\n{test.chip.board.console[-3000:]}")
            if test.site.process:
                print(f"--- ginneld\n{test.site.log.read_text(errors='replace')[-2000:]}")
            sys.exit(f"FAILED: {failure}")
        finally:
            test.chip.kill()
            test.alice.stop_listening()
            if test.site.process:
                test.site.stop()


if __name__ == "__main__":
    main()
