#!/usr/bin/env python3
"""The whole device where things are not as they should be: names, weather on the wire, clocks, flash, servers.

Usage: faults_test.py BOARD_BUILD BUILD [--all]
Two sites, both known by a name only: one with a tunnel and one without. A device of examples/node-libsignal is at the
second one, where node and its packages are there. --all: more messages, in worse weather.
"""
import contextlib
import datetime
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "test/system")]
import board  # noqa: E402
import node_device_test as node  # noqa: E402
import wire  # noqa: E402
from firmware import Firmware  # noqa: E402
from linux import Linux  # noqa: E402
from names import Names  # noqa: E402
from site_under_test import Failed, Site, wait_until  # noqa: E402
from storm import Storm  # noqa: E402
from talk import Talk  # noqa: E402
from wire import expect  # noqa: E402

HOST = "site.test"
PATIENCE = 240  # seconds; nothing takes so long, but on a machine that does much else
WRONG_DATE = r"\* state (?:offline|connecting): the server's certificate is not valid now"


def rtc(days):
    """QEMU's arguments for a clock that is so many days ahead."""
    when = datetime.datetime.utcnow() + datetime.timedelta(days=days)
    return ["-rtc", f"base={when:%Y-%m-%dT%H:%M:%S}"]


class Test(Talk):
    """A board and a Linux device at one site."""

    def __init__(self, net, names, image, build, folder, number, more=()):
        self.net, self.names = net, names
        folder = pathlib.Path(folder) / f"site{number}"
        folder.mkdir()
        self.site = Site(build, folder, "site", ["--host", HOST, *more])
        super().__init__(Firmware(image, self.site, f"chip{number}", net, number, dns=wire.SITE, clock="rtc"),
                         Linux(self.site, f"alice{number}", "alice"))

    def enrols_by_name(self):
        """The name is not known at first."""
        self.site.start()
        self.names.answers = False
        self.chip.start()
        self.chip.ask(f"enrol {self.site.invite(self.chip.name)}")
        self.chip.wait_for(r"\* state enrolling: the server's name cannot be resolved\n", timeout=PATIENCE)
        self.names.answers = True
        self.chip.online(PATIENCE)
        expect(HOST in self.names.asked, "it asked for the name")
        self.alice.enrol()

    def alice_listens(self):
        self.alice.start_listening()
        wait_until(lambda: f"user {self.alice.name}" in " ".join(self.chip.ask("users")), "chip to hear of alice", PATIENCE)

    def restarts(self, **arguments):
        self.chip.kill()
        self.chip.start(**arguments)

    def right_again(self, word):
        """With all as it should be, what was said meanwhile arrives, and what is said now."""
        self.restarts()
        self.chip.online(PATIENCE)
        self.say(1, word)
        self.all_arrive(PATIENCE)
        expect(self.chip.numbers()["unreadable"] == 0, "everything is read")

    def flash_fails(self):
        """Nothing can be written: it says so, and whatever it has not kept, it has not acknowledged."""
        self.restarts(worn_out=True)
        self.alice_sends("to a board that cannot keep it")
        self.chip.wait_for(r"\* state \w+: the flash store failed\n", timeout=PATIENCE)
        with contextlib.suppress(Failed):
            self.chip.send(self.alice.name, "what cannot be kept")
            raise RuntimeError("a message is taken that is not kept")
        self.right_again("with flash that works")

    def store_is_full(self, image):
        """Until what is in it is read; then the server's next attempt brings what there was no room for."""
        image, self.chip.image = self.chip.image, image
        self.restarts()
        for i in range(40):
            self.alice_sends(f"{i} ".ljust(2048, "x"))
        self.chip.wait_for(r"\* state \w+: the flash store failed\n", timeout=PATIENCE)
        print("  unread:", self.chip.numbers()["unread"])
        with contextlib.suppress(Failed):
            for i in range(40):
                self.chip.send(self.alice.name, "y" * 2048)
                self.sent["chip"].append("y" * 2048)
            raise RuntimeError("the store has room")
        self.all_arrive(PATIENCE)
        self.chip.image = image
        self.right_again("with room")

    def ends(self):
        self.chip.kill()
        self.alice.stop_listening()
        if self.site.process:
            self.site.stop()


class TunnelTest(Test):
    def __init__(self, *arguments):
        super().__init__(*arguments, ["--tunnel", HOST])
        self.storm = Storm(self.net.host, self.chip.tap, 4000, seed=1)
        self.chip.link = self.storm.link

    def enrols(self):
        self.enrols_by_name()
        self.alice.ginnel("tunnel", "up", "--interface", "ginnel-alice")
        self.alice_listens()

    def bad_weather(self, messages, lost, late, doubled):
        self.storm.rages(lost, late, doubled)
        self.say(messages, "in the storm")
        self.all_arrive(PATIENCE)
        print("  " + " ".join(f"{name}={count}" for name, count in self.storm.counts.items()))
        expect(self.storm.counts["lost"] > 0 and self.storm.counts["late"] > 0, "there was a storm")
        expect(self.chip.numbers()["unreadable"] == 0, "everything is read")
        self.storm.ends()

    def comes_up_in_bad_weather(self, lost, late, doubled):
        """Handshakes of tunnel and TLS too."""
        self.chip.kill()
        self.storm.rages(lost, late, doubled)
        self.chip.start()
        self.say(10, "out of the storm")
        self.all_arrive(PATIENCE)
        self.storm.ends()

    def time_jumps(self):
        """Two years ahead and two back: the tunnel does not mind, TLS does and says so; then all is as before."""
        for days in (730, -730):
            self.restarts(more=rtc(days))
            self.chip.wait_for(WRONG_DATE, timeout=PATIENCE)
            expect(self.chip.numbers()["handshakes"] >= 1, f"the tunnel comes up, {days} days from now")
            self.chip_sends(f"{days} days from now")
            self.alice_sends(f"to one that is {days} days away")
        self.right_again("today")
        self.chip.told["clock"] = "none"  # the tunnel goes on from what is in flash
        self.right_again("without a clock for the tunnel")
        self.chip.told["clock"] = "rtc"


class OpenTest(Test):
    """The site without a tunnel, so that TLS is all that stands between the board and whoever answers."""

    def enrols(self):
        self.enrols_by_name()
        self.alice_listens()

    def talks_to_libsignal(self, messages):
        if reason := node.reason_to_skip():
            print(f"  left out: {reason}")
            return
        phone = node.NodeDevice(self.site, "phone", "alice")
        phone.enrol()
        wait_until(lambda: "user phone" in " ".join(self.chip.ask("users")), "chip to hear of the phone", PATIENCE)
        phone.start_listening()
        try:
            to_phone, to_chip = ([f"{i} é to {whom}" for i in range(messages)] for whom in ("phone", "chip"))
            for text in to_phone:
                self.chip.send("phone", text.replace("é", r"\xc3\xa9"))
            phone.send_all(self.chip.name, to_chip)
            heard = self.chip.listen("phone", messages, PATIENCE)
            wait_until(lambda: len(phone.messages()) >= messages, "what the board wrote to the phone", PATIENCE)
            expect(heard == to_chip, f"all of the phone's messages once, in order: {heard}")
            expect([m["text"] for m in phone.messages()] == to_phone, f"all of the board's messages once, in order: {phone.messages()}")
            expect(phone.safety_number(self.chip.name) == self.chip.safety_number("phone"), "both safety numbers agree")
        finally:
            phone.stop_listening()

    def impostor(self):
        """Somebody else answers at the broker's address, with a certificate of the right name."""
        port = self.site.status()["mqtt_port"]
        self.site.kill()
        key, certificate = self.site.folder / "key.pem", self.site.folder / "certificate.pem"
        wire.shell(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {key} -out {certificate}"
                   f" -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}")
        server = self.net.hosts["site"].popen(["openssl", "s_server", "-quiet", "-tls1_3", "-accept", str(port), "-cert", str(certificate),
                                               "-key", str(key)], stdin=subprocess.PIPE)
        try:
            self.chip.wait_for(r"\* state (?:offline|connecting): it is not the server it should be\n", timeout=PATIENCE)
            self.chip_sends("not to a stranger")
        finally:
            server.kill()
            server.wait()
        self.site.start()
        self.all_arrive(PATIENCE)

    def wrong_dates(self):
        self.restarts(more=rtc(730))
        self.chip.wait_for(WRONG_DATE, timeout=PATIENCE)
        self.right_again("at the right time")


def main():
    build_of_boards = pathlib.Path(sys.argv[1]).resolve()
    image = build_of_boards / "apps/firmware/qemu_virt/firmware.img"
    build, everything = pathlib.Path(sys.argv[2]).resolve(), "--all" in sys.argv
    board.need(image)
    if not shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        wire.skip("not installed: mosquitto")
    wire.isolate("openssl")
    with tempfile.TemporaryDirectory(prefix="ginnel-faults-") as folder:
        hosts = pathlib.Path(folder) / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{wire.SITE} {HOST}\n")
        wire.shell(f"mount --bind {hosts} /etc/hosts")  # for Linux devices
        net = wire.Wire(["alice"])
        with net.hosts["site"].entered():
            names = Names(wire.SITE, {HOST: wire.SITE})
        inside, outside = (kind(net, names, image, build, folder, number)
                           for number, kind in enumerate((TunnelTest, OpenTest)))
        steps = [("it enrols by a name", inside.enrols),
                 ("10 % of all frames are lost, others late or double", lambda: inside.bad_weather(100 if everything else 30, 0.1, 0.1, 0.02)),
                 ("time jumps", inside.time_jumps),
                 ("flash fails", inside.flash_fails),
                 ("without a tunnel", outside.enrols),
                 ("libsignal", lambda: outside.talks_to_libsignal(50 if everything else 5)),
                 ("another server in the broker's place", outside.impostor),
                 ("flash fails", outside.flash_fails)]
        if everything:
            steps[2:2] = [("it comes up in the storm", lambda: inside.comes_up_in_bad_weather(0.2, 0.2, 0.05))]
            full = build_of_boards / "test/firmware/full.img"
            steps += [("wrong dates without a tunnel", outside.wrong_dates),
                      ("the store is full", lambda: outside.store_is_full(full))]
        try:
            for title, step in steps:
                begun = time.monotonic()
                step()
                print(f"{title}: {time.monotonic() - begun:.1f} s", flush=True)
        except (Failed, wire.Failed, RuntimeError, subprocess.SubprocessError) as failure:
            for each in (inside, outside):
                if each.chip.board:
                    print(f"--- {each.chip.name}\n{each.chip.board.console[-3000:]}")
                if each.site.process:
                    print(f"--- ginneld\n{each.site.log.read_text(errors='replace')[-2000:]}")
            sys.exit(f"FAILED: {failure}")
        finally:
            for each in (inside, outside):
                each.ends()


if __name__ == "__main__":
    main()
