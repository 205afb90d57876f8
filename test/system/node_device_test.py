#!/usr/bin/env python3
"""A device of examples/node-libsignal and one of ginnel, through a real ginneld and Mosquitto.

usage: node_device_test.py BUILD_FOLDER [MESSAGES]
Skipped, with exit code 77 and the reason, where node or the npm packages of the example are missing.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from site_under_test import Device, Failed, Site, inside, run, wait_until  # noqa: E402

EXAMPLE = ROOT / "examples" / "node-libsignal"
NODE = (20, 19)
SKIPPED = 77
# Between names like these, libsignal would write them into each message, which ginnel refuses: the example must not let it.
PHONE = "3f2b8c1e-7a44-4d0b-9a52-6f0c1d2e3b4a"
BOB = "0b0b8c1e-7a44-4d0b-9a52-6f0c1d2e3b4b"


def reason_to_skip():
    node = shutil.which("node")
    if not node:
        return "no node"
    version = run([node, "-p", "process.versions.node"]).strip()
    if tuple(int(part) for part in version.split(".")[:2]) < NODE:
        return f"node {version}; {NODE[0]}.{NODE[1]} or newer is needed"
    if not (EXAMPLE / "node_modules" / "@signalapp" / "libsignal-client").is_dir():
        return f"{EXAMPLE.relative_to(ROOT)} has no node_modules: ./dev setup, or npm install there"
    return None


class NodeDevice(Device):
    """The example, with ginnel's own interface."""

    def app(self, *arguments, timeout=90, stdin=None):
        return run([*inside(self.namespace), "node", EXAMPLE / "app.mjs", "--home", self.home, *arguments], timeout, stdin)

    def enrol(self):
        self.app("enroll", self.site.invite(self.name))

    def send(self, to, text):
        self.app("send", to, text)

    def send_all(self, to, texts):
        self.app("send", to, "-", stdin="\n".join(texts).encode())

    def listen(self, count, timeout=60):
        lines = self.app("listen", "--json", "--count", str(count), "--timeout", str(timeout), timeout=timeout + 30)
        return [m for m in map(json.loads, lines.splitlines()) if m["event"] == "message"]

    def start_listening(self):
        heard = self.messages()
        with open(self.heard, "ab") as out, open(self.site.folder / f"{self.name}.err", "ab") as err:
            if heard and not self.heard.read_bytes().endswith(b"\n"):
                out.write(b"\n")
            self.listener = subprocess.Popen(
                [*inside(self.namespace), "node", EXAMPLE / "app.mjs", "--home", self.home, "listen", "--json",
                 "--after", str(heard[-1]["id"] if heard else 0)], stdout=out, stderr=err, stdin=subprocess.DEVNULL)

    def safety_number(self, other):
        return json.loads(self.app("verify", other, "--json"))["safety_number"]

    def state(self):
        return json.loads((self.home / "state.json").read_text())


def expect(got, wanted, what):
    if got != wanted:
        raise Failed(f"{what}:\nwanted {wanted}\ngot    {got}")


def texts(messages):
    return [m["text"] for m in messages]


def first_messages_cross(bob, phone):
    """Both write first, each while the other is away: two sessions, one on each side's bundle."""
    bob.send(PHONE, "from bob, to nobody there")
    phone.send(BOB, "from the phone, too")
    expect(texts(phone.listen(1)), ["from bob, to nobody there"], "the phone's first message")
    expect(texts(bob.listen(1, 60)), ["from the phone, too"], "bob's first message")
    expect(phone.safety_number(BOB), bob.safety_number(PHONE).replace(" ", ""), "the safety numbers")
    print("first messages crossed offline; the safety numbers are equal", flush=True)


def many_both_ways(site, bob, phone, count):
    """Both listen and write; each is killed in the middle, and so are server and broker."""
    bob.start_listening()
    phone.start_listening()
    before = {d: len(d.messages()) for d in (bob, phone)}
    quarter = count // 4
    to_phone, to_bob = ([f"{n} \u00e9 to {d}" for n in range(4 * quarter)] for d in ("phone", BOB))

    def write():
        for part in range(4):
            phone.send_all(BOB, to_bob[part * quarter:(part + 1) * quarter])

    problems = []

    def guarded():
        try:
            write()
        except Exception as problem:  # raised again below
            problems.append(problem)

    writer = threading.Thread(target=guarded)
    writer.start()
    for part in range(4):
        for text in to_phone[part * quarter:(part + 1) * quarter]:
            bob.send(PHONE, text)
        if part == 0:
            phone.stop_listening(signal.SIGKILL)
            phone.start_listening()
        elif part == 1:
            bob.stop_listening(signal.SIGKILL)
            bob.start_listening()
        elif part == 2:
            site.kill()
            site.start()
            os.kill(site.broker_pid(), signal.SIGKILL)
            phone.stop_listening(signal.SIGTERM)
            phone.start_listening()
    writer.join()
    if problems:
        raise problems[0]
    wait_until(lambda: len(phone.messages()) - before[phone] >= len(to_phone) and
               len(bob.messages()) - before[bob] >= len(to_bob), "every message to arrive", 240)
    expect(texts(phone.messages())[before[phone]:], to_phone, "what the phone heard")
    expect(texts(bob.messages())[before[bob]:], to_bob, "what bob heard")
    for device in (bob, phone):
        ids = [m["id"] for m in device.messages()]
        expect(ids, sorted(set(ids)), f"the ids at {device.name}")
        device.stop_listening()
    expect(phone.state()["outgoing"], [], "what waits at the phone")
    print(f"{len(to_phone)} messages each way, all four killed in the middle: nothing lost, nothing twice, in order", flush=True)


def keys_are_filled_up(bob, phone):
    """Session after session, each on a one-time KEM key, until there are few: the phone makes new ones."""
    made = phone.state()["keys"]["lastKem"]
    phone.start_listening()
    heard = len(phone.messages())
    for number in range(8):
        bob.ginnel("reset", PHONE)
        bob.send(PHONE, f"session {number}")
    wait_until(lambda: len(phone.messages()) == heard + 8, "eight sessions", 60)
    expect(texts(phone.messages())[heard:], [f"session {n}" for n in range(8)], "the messages of eight sessions")
    wait_until(lambda: phone.state()["keys"]["lastKem"] > made and not phone.state()["publishing"], "new KEM keys", 60)
    phone.stop_listening()
    print("eight sessions later there are new prekeys", flush=True)


def a_changed_key_stops_sending(site, bob, phone):
    """bob's device is replaced: the phone says so and sends nothing until its user has agreed."""
    site.ginneld("revoke", BOB)
    new = Device(site, BOB)
    new.home = site.folder / "bob-2"
    new.heard = site.folder / "bob-2.heard"
    new.enrol()
    try:
        phone.send(BOB, "too early")
        raise Failed("the phone wrote to a key that nobody has verified")
    except Failed as problem:
        if "another key" not in str(problem):
            raise
    phone.app("verify", BOB, "--accept-new-key")
    expect(phone.safety_number(BOB), new.safety_number(PHONE).replace(" ", ""), "the new safety numbers")
    phone.send(BOB, "to the new bob")
    expect(texts(new.listen(2, 60)), ["too early", "to the new bob"], "what the new bob heard")
    print("a changed key stops sending until it is accepted", flush=True)


def main():
    reason = reason_to_skip()
    if reason:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory(prefix="ginnel-node-") as folder:
        site = Site(sys.argv[1], folder)
        bob, phone = Device(site, BOB), NodeDevice(site, PHONE)
        try:
            site.start()
            bob.enrol()
            phone.enrol()
            first_messages_cross(bob, phone)
            many_both_ways(site, bob, phone, count)
            keys_are_filled_up(bob, phone)
            a_changed_key_stops_sending(site, bob, phone)
        except Failed:
            for log in (site.log, site.folder / f"{PHONE}.err"):
                if log.exists():
                    print(f"--- the end of {log.name}\n" + log.read_text(errors="replace")[-3000:], file=sys.stderr)
            raise
        finally:
            for device in (bob, phone):
                device.stop_listening()
            site.stop()


if __name__ == "__main__":
    main()
