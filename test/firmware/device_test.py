#!/usr/bin/env python3
"""The whole device on a board: it enrols at a real site, and exchanges messages with `ginnel` on Linux and with another board.

Usage: device_test.py BOARD_BUILD BUILD [KILLS]
Everything is in namespaces of the test's own: the site, each Linux device and the wire, to which the boards are
attached by tap devices. KILLS: how often a board loses power in the middle of its work; 50 by default.
"""
import base64
import contextlib
import datetime
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "tools")]
import board  # noqa: E402
import wire  # noqa: E402
from firmware import Firmware  # noqa: E402
from linux import Linux  # noqa: E402
from site_under_test import Failed, Site, wait_until  # noqa: E402
from talk import Talk  # noqa: E402
from wire import expect  # noqa: E402


class Test(Talk):
    messages = 200  # each way
    room = 32  # messages that a board keeps, in and out
    longest = 2048  # bytes of a text

    def __init__(self, image, build, folder, kills):
        self.image, self.kills = image, kills
        self.net = wire.Wire(["alice"])
        self.site = Site(build, folder, "site", ["--host", wire.SITE, "--tunnel", wire.SITE])
        self.alice = Linux(self.site, "alice", "alice")
        self.boards = [Firmware(image, self.site, name, self.net, number) for number, name in enumerate(("chip", "dale"))]
        self.dale = self.boards[1]
        super().__init__(self.boards[0], self.alice)

    def enrols(self):
        self.site.start()
        self.chip.start()
        for wrong, why in (("GNL1-ABCD", "mistyped"), ("", "missing")):
            try:
                self.chip.ask(f"enrol {wrong}")
                raise Failed("a wrong invitation is taken")
            except Failed as failure:
                expect(why in str(failure), f"{failure}")
        token = self.site.invite("chip")
        self.site.kill()
        self.chip.ask(f"enrol {token}")
        self.chip.wait_for(r"\* state enrolling: the server cannot be reached\n")
        self.site.start()  # it tries again by itself
        self.chip.online()
        expect(self.chip.numbers()["handshakes"] >= 1, "it is online through the tunnel")
        self.peer, = wire.shell("ip netns exec site wg show all peers | cut -f2").split()
        self.alice.enrol()
        self.alice.ginnel("tunnel", "up", "--interface", "ginnel-alice")
        self.alice.start_listening()
        wait_until(lambda: "user alice" in " ".join(self.chip.ask("users")), "chip to hear of alice")
        # A used invitation is no other device's.
        self.dale.start()
        self.dale.ask(f"enrol {token}")
        self.dale.wait_for(r"\* state new: the invitation was used before")

    def talk(self):
        """One way and then the other: ratchets that turn with every message would take a minute, emulated."""
        for i in range(self.messages):
            self.alice_sends(f"message {i}")
        self.all_arrive()
        for i in range(self.messages):
            self.chip_sends(f"message {i} with a \\\\ and a line\\nof its own")
        self.all_arrive()
        numbers = self.chip.numbers()
        expect(numbers["unreadable"] == 0, "everything is read")
        up, awake = re.search(r"up (\d+) ms awake_us=(\d+)", " ".join(self.chip.ask("status"))).groups()
        expect(0 < int(awake) < int(up) * 1000, f"it sleeps now and then: awake {awake} us of {up} ms")
        print("  " + " ".join(f"{name}={numbers[name]}" for name in ("stack", "mbedtls", "lwip_heap", "lwip_pool")))

    def largest(self):
        """Texts of the largest size, and one that is too large for a board."""
        self.alice_sends("x" * self.longest)
        self.chip_sends("y" * self.longest)
        self.all_arrive()
        with contextlib.suppress(Failed):
            self.chip.send("alice", "z" * (self.longest + 1))
            raise RuntimeError("a text that is too large is taken")
        self.alice.post("chip", "x" * 50_000)
        wait_until(lambda: self.chip.take() or any(kind != "message" for kind, _, _ in self.chip.heard.values()),
                   "the board to say that it cannot read it")
        self.alice_sends("and on it goes")
        self.all_arrive()

    def is_full(self):
        """No room for one more message in or out, the site away, and then no power: nothing of it is lost."""
        for i in range(self.room + 8):
            self.alice_sends(f"{i} in ".ljust(self.longest, "x"))
        wait_until(lambda: self.chip.numbers()["unread"] == self.room, "a full inbox")
        self.site.kill()
        for i in range(self.room):
            self.sent["chip"].append(f"{i} out ".ljust(self.longest, "y"))
            self.chip.send("alice", self.sent["chip"][-1])
        for text, why in (("one more", "too many messages"), ("z" * 8400, "line is too long")):
            try:
                self.chip.send("alice", text)
                raise RuntimeError(f"it is taken: {text[:10]}")
            except Failed as failure:
                expect(why in str(failure), f"{failure}")
        self.chip.kill()
        self.chip.start()
        expect(self.chip.numbers()["unread"] == self.room and self.chip.numbers()["queued"] == self.room, "all is there")
        self.site.start()
        self.all_arrive()

    def safety_numbers(self):
        expect(self.chip.safety_number("alice") == self.alice.safety_number("chip").replace(" ", ""),
               "both safety numbers agree")
        self.chip.ask("trust alice")
        expect("user alice verified" in self.chip.ask("users"), "it remembers that they were compared")

    def two_boards(self):
        self.dale.kill()
        self.dale.told["token"] = self.site.invite("dale")  # this one is told when it is made
        self.dale.start()
        self.dale.online()
        wait_until(lambda: "user dale" in " ".join(self.chip.ask("users")), "chip to hear of dale")
        for i in range(10):
            self.chip.send("dale", f"{i} to dale")
            self.dale.send("chip", f"{i} to chip")
        expect(self.dale.listen("chip", 10) == [f"{i} to dale" for i in range(10)], "dale hears chip")
        expect(self.chip.listen("dale", 10) == [f"{i} to chip" for i in range(10)], "chip hears dale")
        expect(self.chip.safety_number("dale") == self.dale.safety_number("chip"), "the boards' numbers agree")
        # And as a person would write: by numbers, asked for what is missing, with a slip of the finger.
        self.dale.board.type("menu\n4\nalicf\be\nhello from a person\nquiet\n")
        wait_until(lambda: self.alice.heard_from("dale") == ["hello from a person"], "what a person wrote")
        expect("to: alicf\b \be\ntext: hello from a person\n" in self.dale.board.console, "it echoes and asks")
        self.dale.answered = len(self.dale.board.console)

    def sensor(self):
        self.dale.ask("sensor alice 1")
        wait_until(lambda: len(self.alice.heard_from("dale")) >= 3, "two readings")
        expect(all(re.fullmatch(r"reading \d+: up \d+ s, stack \d+ bytes", t) for t in self.alice.heard_from("dale")[1:]), "readings")
        self.dale.ask("sensor alice 0")
        self.dale.kill()

    def loses_power(self):
        """At random moments, from its start to the middle of its traffic; every other time it is somewhere else then, without a clock."""
        random.seed(1)
        for round in range(self.kills):
            self.chip.kill()
            self.alice_sends(f"round {round}")
            self.chip.told |= {"ip4": f"10.99.0.{150 if round % 2 else 100}", "clock": "none" if round % 2 else "rtc"}
            self.chip.start()
            with contextlib.suppress(RuntimeError):
                self.chip_sends(f"round {round} from the board")
            until = time.monotonic() + random.random() * 1.5
            while time.monotonic() < until:
                self.chip.take()
        self.all_arrive()
        expect(self.chip.numbers()["unreadable"] == 0, "everything is read")
        self.chip.told |= {"ip4": "10.99.0.100", "clock": "rtc"}

    def site_dies(self):
        self.site.kill()
        self.chip_sends("while the site is dead")
        self.site.start()
        os.kill(self.site.broker_pid(), signal.SIGKILL)
        self.say(3, "after the broker's death")
        self.all_arrive()

    def wrong_preshared_key(self):
        """A gateway that does not have the device's key gets nothing out of it, and the other way round."""
        wg = "ip netns exec site wg"
        interface, peer, key = next(line.split("\t") for line in wire.shell(f"{wg} show all preshared-keys").splitlines()
                                    if line.split("\t")[1] == self.peer)
        def set_key(text):
            wire.shell(f"{wg} set {interface} peer {peer} preshared-key /dev/stdin", stdin=text + "\n")
        self.chip.kill()
        set_key(base64.b64encode(os.urandom(32)).decode())
        self.chip.start()
        wait_until(lambda: self.chip.numbers()["initiations"] >= 1, "the board to begin a handshake")
        self.chip_sends("nobody can read this yet")
        time.sleep(1)
        expect(self.chip.numbers()["handshakes"] == 0 and self.chip.state() != "online", "there is no tunnel")
        set_key(key)
        self.all_arrive()

    def renews(self):
        """A board whose clock is ten weeks ahead finds its certificate of 90 days old."""
        before = self.chip.numbers()["until"]
        expect(abs(before - time.time() - 90 * 86400) < 3600, f"a certificate of 90 days: {before}")
        self.chip.kill()
        later = datetime.datetime.utcnow() + datetime.timedelta(days=70)
        self.chip.start(more=["-rtc", f"base={later:%Y-%m-%dT%H:%M:%S}"])
        self.chip.wait_for(r"\* certificate\n")
        expect(self.chip.numbers()["until"] > before, "another certificate is kept")
        self.chip.kill()
        self.chip.start()
        self.say(1, "with another certificate")
        self.all_arrive()

    def flood(self):
        """Garbage on the port of the tunnel while it works."""
        before = self.chip.numbers()["refused"]
        rng = random.Random(1)
        with self.net.hosts["alice"].entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            self.say(5, "in the flood")
            for _ in range(2500):
                size = rng.choice((1, 16, 32, 64, 92, 148, rng.randrange(1, 1400)))
                udp.sendto(bytes([rng.choice((1, 2, 3, 4, 77)), 0, 0, 0]) + rng.randbytes(size), ("10.99.0.100", 51820))
                time.sleep(0.0005)
        self.all_arrive()
        refused = self.chip.numbers()["refused"] - before
        expect(refused > 200, f"{refused} were refused")  # a board that is slow today misses the others

    def entropy_fails(self):
        """Without randomness it does nothing rather than something that can be guessed."""
        self.chip.kill()
        devices = [*board.flash(self.chip.path), *board.network("user")]
        status, console = board.run(self.image, *devices)
        expect(status == 1 and "no randomness" in console, f"it does not start: {status} {console}")
        few = self.site.folder / "few"
        os.mkfifo(few)
        pipe = os.open(few, os.O_RDWR)
        os.write(pipe, os.urandom(384))
        self.chip.start(["-object", f"rng-random,filename={few},id=entropy", "-device", "virtio-rng-device,rng=entropy"])
        self.chip.wait_for(r"\* state offline: there is no randomness to be had\n")
        self.chip.kill()
        os.close(pipe)

    def resets(self):
        self.dale.start()
        self.dale.board.type("reset everything\n")
        self.dale.wait_for(r"ready\n(?s:.)*ready\n")
        self.dale.answered = len(self.dale.board.console)
        expect(self.dale.state() == "enrolling" or self.dale.state() == "new", "it is no device any more")

    def steps(self):
        return (("it enrols", self.enrols), (f"{self.messages} messages each way", self.talk),
                ("messages of the largest size", self.largest),
                ("no room is left", self.is_full), ("safety numbers", self.safety_numbers), ("two boards", self.two_boards),
                ("the sensor", self.sensor),
                (f"it loses power {self.kills} times", self.loses_power), ("site and broker die", self.site_dies),
                ("the gateway has another preshared key", self.wrong_preshared_key),
                ("it renews its certificate", self.renews), ("garbage on its port", self.flood), ("entropy fails", self.entropy_fails),
                ("it is erased", self.resets))

    def run(self):
        for title, step in self.steps():
            begun = time.monotonic()
            step()
            print(f"{title}: {time.monotonic() - begun:.1f} s", flush=True)


def check_no_heap(program):
    """No allocator is linked: lwIP and mbedTLS have pools of their own."""
    names = set(subprocess.run(["riscv64-unknown-elf-nm", program], capture_output=True, text=True, check=True).stdout.split())
    expect("board_main" in names, f"{program} has symbols")
    heap = {"malloc", "calloc", "realloc", "free", "sbrk", "_sbrk", "_Znwj", "_Znaj", "_ZdlPv", "_ZdlPvj"} & names
    expect(not heap, f"no heap is linked: {heap}")


def main(test_of=Test):
    image = pathlib.Path(sys.argv[1]).resolve() / "apps/firmware/qemu_virt/firmware.img"
    board.need(image)
    if not shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        wire.skip("not installed: mosquitto")
    wire.isolate()
    check_no_heap(image.with_suffix(".elf"))
    with tempfile.TemporaryDirectory(prefix="ginnel-firmware-") as folder:
        test = test_of(image, pathlib.Path(sys.argv[2]).resolve(), folder, int(sys.argv[3]) if len(sys.argv) > 3 else 50)
        try:
            test.run()
        except (Failed, wire.Failed, RuntimeError, subprocess.SubprocessError) as failure:
            for each in test.boards:
                if each.board:
                    print(f"--- {each.name}\n{each.board.console[-3000:]}")
            print(f"--- ginneld\n{test.site.log.read_text(errors='replace')[-2000:]}")
            sys.exit(f"FAILED: {failure}")
        finally:
            for each in test.boards:
                each.kill()
            test.alice.stop_listening()
            if test.site.process:
                test.site.stop()


if __name__ == "__main__":
    main()
