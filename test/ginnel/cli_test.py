#!/usr/bin/env python3
"""The commands of ginnel against a real ginneld with its broker: cli_test.py BUILD_FOLDER [unittest arguments]"""
import base64
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from site_under_test import Site, wait_until  # noqa: E402

BUILD = None  # set by main
PATIENCE = 60  # seconds, where a test waits for what must happen: disks of busy machines stall
SITE = None


def setUpModule():
    global SITE, FOLDER
    FOLDER = tempfile.TemporaryDirectory(prefix="ginnel-cli-")
    SITE = Site(BUILD, FOLDER.name)
    SITE.start()


def tearDownModule():
    SITE.stop()
    FOLDER.cleanup()


class Done:
    """What a command that has ended left behind."""

    def __init__(self, completed):
        self.code = completed.returncode
        self.out = completed.stdout
        self.text = completed.stdout.decode(errors="replace")
        self.err = completed.stderr.decode(errors="replace")

    def __repr__(self):
        return f"exit code {self.code}\n{self.text}{self.err}"

    def objects(self):
        return [json.loads(line) for line in self.text.splitlines()]


class Device:
    count = 0

    def __init__(self, name=None):
        Device.count += 1
        self.name = name or f"device-{Device.count}"
        self.home = pathlib.Path(FOLDER.name) / f"home-{Device.count}"
        self.running = []

    def command(self, *arguments):
        return [str(pathlib.Path(BUILD) / "apps/ginnel/ginnel"), "--home", str(self.home), *map(str, arguments)]

    def run(self, *arguments, stdin=b"", timeout=240):
        return Done(subprocess.run(self.command(*arguments), input=stdin, capture_output=True, timeout=timeout))

    def start(self, *arguments, **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        process = subprocess.Popen(self.command(*arguments), **more)
        self.running.append(process)
        return process

    def owner(self, *arguments, **more):
        """Starts a command that stays, and waits until it owns the home."""
        process = self.start(*arguments, **more)
        wait_until(lambda: (self.home / "socket").exists() or process.poll() is not None, "the socket", PATIENCE)
        return process

    def stop(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()


def png_of_code(text, scale=6):
    """A picture of a QR code as the terminal shows it: half blocks, light where there is ink."""
    rows = []
    for line in text.rstrip("\n").split("\n"):
        rows.append([c in "\u2588\u2580" for c in line])
        rows.append([c in "\u2588\u2584" for c in line])
    width = max(len(row) for row in rows)
    pixels = b""
    for row in rows:
        line = b"".join((b"\xff" if light else b"\0") * scale for light in row + [True] * (width - len(row)))
        pixels += (b"\0" + line) * scale

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width * scale, len(rows) * scale, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


class Test(unittest.TestCase):
    def device(self, enrolled=True):
        device = Device()
        self.addCleanup(device.stop)
        if enrolled:
            done = device.run("enroll", SITE.invite(device.name), "--json", "--timeout", PATIENCE)
            self.assertEqual(done.code, 0, done)
            self.assertTrue(done.objects()[0]["keys_published"], done)
        return device

    def send(self, sender, to, *arguments, stdin=b""):
        done = sender.run("send", to.name, "--timeout", PATIENCE, *arguments, stdin=stdin)
        self.assertEqual(done.code, 0, done)
        return done

    def listen(self, device, count, *arguments):
        done = device.run("listen", "--json", "--count", count, "--timeout", PATIENCE, *arguments)
        self.assertEqual(done.code, 0, done)
        return [o for o in done.objects() if o["event"] == "message"]


class Groups(Test):
    def group(self, owner, *members):
        name = f"Team {owner.name}"
        done = owner.run("group", "create", name, *(m.name for m in members), "--json", "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        return name, done.objects()[0]["id"]

    def send_to(self, sender, group, text):
        done = sender.run("group", "send", group, text, "--json", "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.objects()[0]["event"], "sent", done)

    def heard(self, device, count):
        """Messages of groups, as (sender, group, text), and the last change of a group."""
        done = device.run("listen", "--json", "--count", count, "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        self.assertNotIn("unreadable", [o["event"] for o in done.objects()])
        messages = [(o["from"], o["group"], o["text"]) for o in done.objects() if o["event"] == "message"]
        changes = [o for o in done.objects() if o["event"] == "group_changed"]
        return messages, changes[-1] if changes else None

    def test_three_devices_talk_and_one_is_removed(self):
        alice, bob, carol = self.device(), self.device(), self.device()
        group, group_id = self.group(alice, bob, carol)
        self.send_to(alice, group, "hello all")
        for member in (bob, carol):
            messages, change = self.heard(member, 1)
            self.assertEqual(messages, [(alice.name, group, "hello all")])
            self.assertEqual(sorted(change["members"]), sorted([alice.name, bob.name, carol.name]))
            self.assertEqual(change["owner"], alice.name)
        self.send_to(bob, group, "hello of bob")
        self.assertEqual(self.heard(alice, 1)[0], [(bob.name, group, "hello of bob")])
        self.assertEqual(self.heard(carol, 1)[0], [(bob.name, group, "hello of bob")])

        # Only the owner removes; then bob reads nothing new, whoever writes.
        refused = bob.run("group", "remove", group, carol.name)
        self.assertEqual(refused.code, 5, refused)
        done = alice.run("group", "remove", group, bob.name, "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        self.assertNotIn(bob.name, done.text)
        self.send_to(alice, group, "without bob")
        self.assertEqual(self.heard(carol, 1)[0], [(alice.name, group, "without bob")])
        self.send_to(carol, group, "without bob either")
        self.assertEqual(self.heard(alice, 1)[0], [(carol.name, group, "without bob either")])
        self.send(alice, bob, "you are out")
        done = bob.run("listen", "--json", "--count", 1, "--timeout", PATIENCE)
        events = [(o["event"], o.get("text")) for o in done.objects()]
        self.assertEqual(events, [("group_changed", None), ("message", "you are out")])
        self.assertEqual(done.objects()[0]["members"], [])
        refused = bob.run("group", "send", group_id, "still here?")
        self.assertEqual(refused.code, 5, refused)

        # And comes back: reads what is new.
        done = alice.run("group", "add", group_id, bob.name, "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        self.send_to(alice, group, "welcome back")
        self.assertEqual(self.heard(bob, 1)[0], [(alice.name, group, "welcome back")])

    def test_text_for_people_names_the_group(self):
        alice, bob = self.device(), self.device()
        group, _ = self.group(alice, bob)
        self.send_to(alice, group, "hello")
        done = bob.run("listen", "--count", 1, "--timeout", PATIENCE)
        self.assertIn(f"The group {group} is now: ", done.text)
        self.assertIn(f"{alice.name} in {group}: hello", done.text)
        listed = bob.run("group", "list")
        self.assertIn(group, listed.text)
        self.assertIn(f"(of {alice.name})", listed.text)

    def test_a_running_ginnel_does_the_work(self):
        alice, bob = self.device(), self.device()
        alice.owner("daemon")
        group, _ = self.group(alice, bob)
        done = alice.run("group", "send", group, "hello", "--wait", "--timeout", PATIENCE, "--json")
        self.assertEqual(done.objects()[0]["event"], "sent", done)
        self.assertEqual(self.heard(bob, 1)[0], [(alice.name, group, "hello")])

    def test_a_member_leaves(self):
        alice, bob = self.device(), self.device()
        group, _ = self.group(alice, bob)
        self.send_to(alice, group, "hello")
        self.heard(bob, 1)
        done = bob.run("group", "leave", group, "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        listener = alice.start("listen", "--json", "--timeout", PATIENCE)
        change = json.loads(listener.stdout.readline())
        self.assertEqual((change["event"], change["members"]), ("group_changed", [alice.name]))
        listener.send_signal(signal.SIGINT)
        self.assertEqual(listener.wait(PATIENCE), 0)
        done = alice.run("group", "send", group, "anybody?")
        self.assertEqual(done.code, 5, done)

    def test_what_cannot_be_is_refused(self):
        alice = self.device()
        self.assertEqual(alice.run("group", "create", "Nobody's", "nobody").code, 2)
        self.assertEqual(alice.run("group", "create", "a\nb").code, 2)
        self.assertEqual(alice.run("group", "send", "no such group", "hello").code, 2)
        self.assertEqual(alice.run("group").code, 2)
        self.assertEqual(alice.run("group", "list").code, 0)


class Enrolment(Test):
    def test_makes_a_private_home(self):
        device = self.device()
        self.assertEqual(stat.S_IMODE(device.home.stat().st_mode), 0o700)
        names = {file.name for file in device.home.iterdir()}
        self.assertLessEqual({"device.json", "store.db", "lock"}, names)
        self.assertNotIn("enrolling", names)
        for file in device.home.iterdir():
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)

    def test_says_hello_to_people(self):
        device = self.device(enrolled=False)
        done = device.run("enroll", SITE.invite(device.name))
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"This device is {device.name} now.", done.text)

    def test_is_the_same_when_repeated(self):
        device = self.device(enrolled=False)
        token = SITE.invite(device.name)
        self.assertEqual(device.run("enroll", token).code, 0)
        before = (device.home / "device.json").read_bytes()
        again = device.run("enroll", token, "--json")
        self.assertEqual(again.code, 0, again)
        self.assertTrue(again.objects()[0]["before"])
        self.assertEqual((device.home / "device.json").read_bytes(), before)

    def test_goes_on_after_being_killed_anywhere(self):
        # Killed later and later, until it gets through by itself.
        for delay in (0.005, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.25):
            with self.subTest(delay=delay):
                device = self.device(enrolled=False)
                token = SITE.invite(device.name)
                process = device.start("enroll", token)
                time.sleep(delay)
                process.kill()
                process.wait()
                if (device.home / "device.json").exists():
                    self.assertEqual(device.run("verify", "nobody").code, 2)  # usable as it is
                again = device.run("enroll", token)
                self.assertEqual(again.code, 0, again)
                self.assertFalse((device.home / "enrolling").exists())
                self.assertEqual(device.run("doctor").code, 0)

    def test_goes_on_when_the_answer_was_kept_from_it(self):
        device = self.device(enrolled=False)
        token = SITE.invite(device.name)
        self.assertEqual(device.run("enroll", token).code, 0)
        # As if the power had gone before the last step: no settings, a store.
        keys = device.home / "device.json"
        self.assertEqual(device.run("reset", "--everything").code, 2)
        keys.unlink()
        again = device.run("enroll", token)
        self.assertEqual(again.code, 5, again)  # the keys that were enrolled are gone
        self.assertIn("used before", again.err)

    def test_renews_a_device_in_its_home(self):
        device = self.device()
        peer = self.device()
        self.send(peer, device, "kept")
        done = device.run("enroll", SITE.invite(device.name), "--json")
        self.assertEqual(done.code, 0, done)
        self.assertFalse(done.objects()[0]["before"])
        self.assertEqual([m["text"] for m in self.listen(device, 1)], ["kept"])

    def test_does_not_make_two_devices_in_one_home(self):
        device = self.device()
        done = device.run("enroll", SITE.invite("another-name"))
        self.assertIn(done.code, (2, 5), done)
        self.assertEqual(device.run("status", "--json").objects()[0]["name"], device.name)

    def test_tells_what_is_wrong_with_an_invitation(self):
        token = SITE.invite("wrong-tokens")
        mistyped = token[:20] + ("2" if token[20] != "2" else "3") + token[21:]
        for text in ("", "nonsense", "GNL1-", token[:-1], mistyped, token + "0", "GNL1-" + "0" * 500):
            with self.subTest(text=text):
                done = self.device(enrolled=False).run("enroll", text)
                self.assertEqual(done.code, 2, done)
        done = self.device(enrolled=False).run("enroll", mistyped)
        self.assertIn("mistyped", done.err)

    def test_tells_a_used_invitation(self):
        first = self.device(enrolled=False)
        token = SITE.invite(first.name)
        self.assertEqual(first.run("enroll", token).code, 0)
        done = self.device(enrolled=False).run("enroll", token)
        self.assertEqual(done.code, 5, done)
        self.assertIn("used before", done.err)

    def test_tells_an_expired_invitation(self):
        token = json.loads(SITE.ginneld("invite", "late", "--ttl", "1s", "--json"))["token"]
        time.sleep(2.1)
        done = self.device(enrolled=False).run("enroll", token)
        self.assertEqual(done.code, 5, done)
        self.assertIn("expired", done.err)

    def test_takes_an_invitation_in_small_letters_and_pieces(self):
        device = self.device(enrolled=False)
        token = SITE.invite(device.name).lower()
        done = device.run("enroll", token[:10] + " " + token[10:])
        self.assertEqual(done.code, 0, done)


class Messages(Test):
    def test_wait_for_who_is_away_and_come_in_order(self):
        alice, bob = self.device(), self.device()
        texts = [f"message {i}" for i in range(5)]
        for text in texts:
            self.send(alice, bob, text)
        heard = self.listen(bob, 5)
        self.assertEqual([m["text"] for m in heard], texts)
        self.assertEqual({m["from"] for m in heard}, {alice.name})
        ids = [m["id"] for m in heard]
        self.assertEqual(ids, sorted(set(ids)))
        for message in heard:
            self.assertEqual(set(message), {"event", "id", "from", "text", "sent_at", "received_at"})
        self.send(bob, alice, "answer")
        self.assertEqual([m["text"] for m in self.listen(alice, 1)], ["answer"])
        nothing = bob.run("listen", "--count", 1, "--timeout", 1)
        self.assertEqual(nothing.code, 6, nothing)

    def test_come_from_argument_file_and_standard_input(self):
        alice, bob = self.device(), self.device()
        every_byte = bytes(range(256))
        file = alice.home / "file"
        file.write_bytes(every_byte)
        self.send(alice, bob, "\u00e9 and \u4f60\u597d")
        self.send(alice, bob, stdin=b"a line\n")
        self.send(alice, bob, "--file", "-", stdin=b"a line\n")
        self.send(alice, bob, "--file", file)
        self.send(alice, bob, stdin=b"x" * 60000)
        heard = self.listen(bob, 5)
        self.assertEqual([m.get("text") for m in heard],
                         ["\u00e9 and \u4f60\u597d", "a line", "a line\n", None, "x" * 60000])
        self.assertEqual(base64.b64decode(heard[3]["base64"]), every_byte)

    def test_come_raw(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "--file", "-", stdin=bytes(range(256)))
        done = bob.run("listen", "--raw", "--count", 1, "--timeout", PATIENCE)
        self.assertEqual((done.code, done.out), (0, bytes(range(256))))

    def test_cannot_command_the_terminal(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "\x1b]0;owned\x07\x9b2J\n[99] 12:00:00 " + alice.name + ": forged")
        done = bob.run("listen", "--count", 1, "--timeout", PATIENCE)
        self.assertEqual(done.code, 0, done)
        self.assertNotIn("\x1b", done.text)
        self.assertNotIn("\x07", done.text)
        self.assertNotIn("\n[99]", done.text)
        self.assertIn("\\x1b]0;owned\\x07", done.text)

    def test_that_cannot_be_sent_are_refused(self):
        alice, bob = self.device(), self.device()
        for arguments, stdin, code in ((("no-such-device", "x"), b"", 5), ((alice.name, "x"), b"", 2),
                                       ((bob.name,), b"", 2), ((bob.name, ""), b"", 2),
                                       ((bob.name,), b"x" * 60001, 2), (("Not A Name", "x"), b"", 2),
                                       ((bob.name, "--file", "/no/such/file"), b"", 2)):
            with self.subTest(arguments=arguments):
                done = alice.run("send", *arguments, stdin=stdin)
                self.assertEqual(done.code, code, done)
        self.assertEqual(alice.run("status", "--json").objects()[0]["queued"], 0)

    def test_are_skipped_by_after(self):
        alice, bob = self.device(), self.device()
        for i in range(3):
            self.send(alice, bob, f"{i}")
        first = self.listen(bob, 1)[0]
        second = first["id"] + 1
        rest = self.listen(bob, 1, "--after", second)
        self.assertEqual([m["text"] for m in rest], ["2"])
        self.assertEqual(bob.run("listen", "--count", 1, "--timeout", 1).code, 6)

    def test_survive_a_listener_that_is_killed(self):
        alice, bob = self.device(), self.device()
        sent, heard, last = [], {}, 0
        for round_number in range(6):
            with open(bob.home / "heard", "wb") as out:
                listener = bob.owner("listen", "--json", "--after", last, stdout=out)
                for i in range(3):
                    text = f"{round_number}.{i}"
                    self.send(alice, bob, text)
                    sent.append(text)
                time.sleep(0.03 * round_number)
                listener.kill()
                listener.wait()
            lines = (bob.home / "heard").read_bytes().split(b"\n")[:-1]
            for message in map(json.loads, lines):
                if message["event"] == "message":
                    self.assertGreater(message["id"], last)
                    last = message["id"]
                    heard[last] = message["text"]
        missing = len(sent) - len(heard)
        if missing:
            for message in self.listen(bob, missing, "--after", last):
                heard[message["id"]] = message["text"]
        self.assertEqual([heard[i] for i in sorted(heard)], sent)

    def test_that_cannot_be_printed_stay(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "precious")
        with open("/dev/full", "wb") as full:
            listener = bob.start("listen", "--json", "--timeout", 20, stdout=full)
            self.assertEqual(listener.wait(2 * PATIENCE), 1)
        self.assertEqual([m["text"] for m in self.listen(bob, 1)], ["precious"])

    def test_are_queued_without_a_server(self):
        alice, bob = self.device(), self.device()
        SITE.kill()
        try:
            done = alice.run("send", bob.name, "patience", "--timeout", 1, "--json")
            self.assertEqual(done.code, 6, done)
            self.assertEqual(done.objects()[0]["event"], "queued")
            sick = alice.run("doctor", "--timeout", 1, "--json")
            self.assertEqual(sick.code, 4, sick)
            states = {o["name"]: o["state"] for o in sick.objects()}
            self.assertEqual((states["store"], states["broker"]), ("ok", "failed"))
        finally:
            SITE.start()
        self.assertEqual(alice.run("status", "--timeout", PATIENCE).code, 0)
        wait_until(lambda: alice.run("status", "--json").objects()[0]["queued"] == 0, "the outbox to empty", PATIENCE)
        self.assertEqual([m["text"] for m in self.listen(bob, 1)], ["patience"])


class Owner(Test):
    def test_does_the_work_of_other_commands(self):
        alice, bob = self.device(), self.device()
        daemon = alice.owner("daemon")
        self.send(alice, bob, "by the daemon", "--wait")
        self.assertEqual([m["text"] for m in self.listen(bob, 1)], ["by the daemon"])
        for arguments in (("contacts",), ("verify", bob.name), ("status",), ("doctor",), ("reset", bob.name)):
            done = alice.run(*arguments, "--json")
            self.assertEqual(done.code, 0, done)
        self.send(bob, alice, "to the daemon")
        self.assertEqual([m["text"] for m in self.listen(alice, 1)], ["to the daemon"])
        self.assertIsNone(daemon.poll())
        daemon.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(PATIENCE), 0)
        self.assertFalse((alice.home / "socket").exists())

    def test_is_the_only_one(self):
        alice = self.device()
        alice.owner("daemon")
        self.assertEqual(alice.run("daemon").code, 8)
        listener = alice.start("listen")
        time.sleep(0.5)
        self.assertEqual(alice.run("listen", "--timeout", 1).code, 8)
        listener.kill()
        listener.wait()
        self.assertEqual(alice.run("listen", "--timeout", 0.2).code, 0)
        self.assertEqual(alice.run("reset", "--everything", "--yes").code, 8)
        self.assertEqual(alice.run("enroll", SITE.invite(alice.name)).code, 8)

    def test_is_followed_by_a_listener_when_it_dies(self):
        alice, bob = self.device(), self.device()
        daemon = bob.owner("daemon")
        listener = bob.start("listen", "--json", "--count", 2, "--timeout", 2 * PATIENCE)
        self.send(alice, bob, "one")
        time.sleep(0.5)
        daemon.kill()
        daemon.wait()
        self.send(alice, bob, "two")
        out, _ = listener.communicate(timeout=150)
        self.assertEqual([json.loads(line)["text"] for line in out.splitlines()], ["one", "two"])

    def test_socket_is_for_its_user_and_bounded(self):
        alice = self.device()
        alice.owner("daemon")
        self.assertEqual(stat.S_IMODE((alice.home / "socket").stat().st_mode), 0o600)
        import socket
        for garbage in (b"not json\n", b"[]\n", b'{"op":"send"}\n', b"x" * 500000):
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(str(alice.home / "socket"))
                link.settimeout(10)
                try:
                    link.sendall(garbage)
                    link.recv(1000)
                except OSError:
                    pass
        self.assertEqual(alice.run("status").code, 0)


class People(Test):
    def test_safety_numbers_agree(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "hello")
        self.listen(bob, 1)
        numbers = [a.run("verify", b.name, "--json").objects()[0] for a, b in ((alice, bob), (bob, alice))]
        self.assertEqual(numbers[0]["safety_number"], numbers[1]["safety_number"])
        self.assertRegex(numbers[0]["safety_number"], r"^(\d{5} ){11}\d{5}$")
        self.assertEqual(numbers[0]["state"], "unverified")

        self.assertEqual(alice.run("verify", bob.name, "--mark").code, 0)
        states = {c["name"]: c["state"] for c in alice.run("contacts", "--json").objects()}
        self.assertEqual(states[bob.name], "verified")

        digits = alice.run("verify", bob.name, "--digits").text
        self.assertIn(numbers[0]["safety_number"][:35], digits)
        self.assertNotIn("\u2588", digits)
        code = alice.run("verify", bob.name, "--qr").text
        self.assertIn("\u2588", code)
        self.assertNotIn(numbers[0]["safety_number"][:11], code)

    def test_a_scanned_code_is_compared_and_noted(self):
        alice, bob, eve = self.device(), self.device(), self.device()
        for to in (bob, eve):
            self.send(alice, to, "hello")
            self.listen(to, 1)
        shown = bob.run("verify", alice.name, "--json").objects()[0]
        eves = eve.run("verify", alice.name, "--json").objects()[0]
        for wrong, code in ((eves["scannable"], 5), (eves["safety_number"], 5), ("nonsense", 2), ("1" * 59, 2),
                            (base64.b64encode(b"short").decode(), 2), (str(alice.home / "socket-not-there"), 2)):
            done = alice.run("verify", bob.name, "--scanned", wrong)
            self.assertEqual(done.code, code, (wrong, done))
            self.assertEqual(alice.run("verify", bob.name, "--json").objects()[0]["state"], "unverified", wrong)
        right = [shown["scannable"], shown["safety_number"]]
        if shutil.which("zbarimg"):
            picture = alice.home.parent / "code.png"
            picture.write_bytes(png_of_code(bob.run("verify", alice.name, "--qr").text))
            right.append(str(picture))
            picture_of_eve = alice.home.parent / "eve.png"
            picture_of_eve.write_bytes(png_of_code(eve.run("verify", alice.name, "--qr").text))
            self.assertEqual(alice.run("verify", bob.name, "--scanned", picture_of_eve).code, 5)
            empty = alice.home.parent / "empty.png"
            empty.write_bytes(png_of_code("\u2588" * 40 + "\n"))
            self.assertEqual(alice.run("verify", bob.name, "--scanned", empty).code, 2)
        else:
            print("zbarimg is not installed: pictures are not tried", file=sys.stderr)
        for scanned in right:
            done = alice.run("verify", bob.name, "--scanned", scanned)
            self.assertEqual(done.code, 0, (scanned, done))
            self.assertIn(" is verified.", done.text)

    def test_a_newcomer_is_found(self):
        alice = self.device()
        bob = self.device()
        self.assertEqual(alice.run("verify", bob.name).code, 0)
        self.assertIn(bob.name, {c["name"] for c in alice.run("contacts", "--json").objects()})

    def test_a_new_session_still_talks(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "one")
        self.assertEqual(alice.run("reset", bob.name).code, 0)
        self.send(alice, bob, "two")
        self.assertEqual([m["text"] for m in self.listen(bob, 2)], ["one", "two"])

    def test_a_home_that_is_put_back_heals_by_itself(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "one")
        self.listen(bob, 1)
        self.send(bob, alice, "two")
        self.listen(alice, 1)
        copy = alice.home.with_name(alice.home.name + "-copy")
        shutil.copytree(alice.home, copy, ignore=shutil.ignore_patterns("socket"))
        self.send(alice, bob, "three")
        self.listen(bob, 1)
        for text in ("four", "five"):
            self.send(bob, alice, text)
        self.listen(alice, 2)
        shutil.rmtree(alice.home)
        copy.rename(alice.home)
        self.send(bob, alice, "six")  # on a session that is gone for alice, or not: she reads it or says so
        done = alice.run("listen", "--timeout", 15)
        self.assertIn("put back to an older state", done.text)
        self.assertIn(" 2 received", done.text)
        self.assertEqual([line for line in done.text.splitlines() if "four" in line or "five" in line], [])
        self.send(alice, bob, "seven")
        self.assertEqual([m["text"] for m in self.listen(bob, 1)], ["seven"])
        self.send(bob, alice, "eight")
        self.assertEqual([m["text"] for m in self.listen(alice, 1)], ["eight"])
        self.assertIn("healed by itself; 2 received messages were lost", alice.run("status").text)
        self.assertEqual(alice.run("doctor").code, 0)

    def test_a_changed_key_is_shouted_about_and_blocks(self):
        alice, bob = self.device(), self.device()
        self.send(alice, bob, "before")
        SITE.ginneld("revoke", bob.name)
        impostor = self.device(enrolled=False)
        impostor.name = bob.name
        self.assertEqual(impostor.run("enroll", SITE.invite(bob.name)).code, 0)
        self.send(impostor, alice, "it is me")
        done = alice.run("listen", "--count", 1, "--timeout", PATIENCE)
        self.assertIn("WARNING", done.text)
        refused = alice.run("send", bob.name, "secret")
        self.assertEqual(refused.code, 5, refused)
        self.assertIn("--accept-new-key", refused.err)
        self.assertEqual(alice.run("verify", bob.name).code, 5)
        self.assertEqual(alice.run("verify", bob.name, "--mark").code, 5)
        self.assertEqual(alice.run("verify", bob.name, "--accept-new-key").code, 0)
        self.send(alice, impostor, "welcome")
        self.assertIn("welcome", [m["text"] for m in self.listen(impostor, 1)])


class Chat(Test):
    def test_works_in_a_pipe(self):
        alice, bob = self.device(), self.device()
        done = alice.run("chat", bob.name, stdin=b"one\ntwo\n\nthree")
        self.assertEqual(done.code, 0, done)
        self.assertEqual([m["text"] for m in self.listen(bob, 3)], ["one", "two", "three"])

    def test_takes_only_the_messages_of_its_contact(self):
        alice, bob, carol = self.device(), self.device(), self.device()
        self.send(bob, alice, "from bob")
        self.send(carol, alice, "from carol")
        chat = alice.owner("chat", bob.name, "--json", stdin=subprocess.PIPE)
        line = json.loads(chat.stdout.readline())
        self.assertEqual((line["from"], line["text"]), (bob.name, "from bob"))
        self.assertEqual([m["text"] for m in self.listen(alice, 1)], ["from carol"])
        chat.stdin.close()
        self.assertEqual(chat.wait(PATIENCE), 0)

    def test_edits_on_a_terminal(self):
        alice, bob = self.device(), self.device()
        ours, theirs = pty.openpty()
        chat = alice.owner("chat", bob.name, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen = b""

        def read_until(text):
            nonlocal seen
            deadline = time.monotonic() + PATIENCE
            while text not in seen and time.monotonic() < deadline:
                if select.select([ours], [], [], 0.2)[0]:
                    seen += os.read(ours, 4096)
            self.assertIn(text, seen)

        read_until(b"> ")
        os.write(ours, b"half a li")
        read_until(b"half a li")
        self.send(bob, alice, "interruption")
        read_until(b"interruption\r\n")
        read_until(b"interruption\r\n\r\x1b[K> half a li")  # what was typed is still there
        os.write(ours, b"xx\x7f\x7fne\r")
        self.assertEqual([m["text"] for m in self.listen(bob, 1)], ["half a line"])
        os.write(ours, b"\x04")
        self.assertEqual(chat.wait(PATIENCE), 0)
        os.close(ours)


class Health(Test):
    def test_doctor_finds_a_healthy_device_healthy(self):
        done = self.device().run("doctor", "--json")
        self.assertEqual(done.code, 0, done)
        names = [o["name"] for o in done.objects()]
        self.assertEqual(names, ["files", "certificate", "store", "broker", "server", "clock", "keys", "history", "outbox"])
        self.assertEqual({o["state"] for o in done.objects()}, {"ok"})

    def test_doctor_finds_open_files(self):
        device = self.device()
        (device.home / "device.json").chmod(0o644)
        done = device.run("doctor", "--json")
        self.assertEqual(done.code, 7, done)
        check = done.objects()[0]
        self.assertEqual((check["name"], check["state"]), ("files", "failed"))
        self.assertIn("chmod", check["advice"])

    def test_doctor_finds_a_damaged_store(self):
        device = self.device()
        with open(device.home / "store.db", "r+b") as store:
            store.seek(0)
            store.write(b"garbage" * 100)
        done = device.run("doctor", "--json")
        self.assertEqual(done.code, 7, done)
        check = done.objects()[-1]
        self.assertEqual((check["name"], check["state"]), ("store", "failed"))
        self.assertEqual(device.run("send", "somebody", "x").code, 7)

    def test_a_revoked_device_is_told(self):
        device = self.device()
        SITE.ginneld("revoke", device.name)
        done = device.run("doctor", "--timeout", 5, "--json")
        self.assertEqual(done.code, 5, done)

    def test_reset_everything_erases(self):
        device = self.device()
        self.assertEqual(device.run("reset", "--everything").code, 2)
        self.assertTrue((device.home / "device.json").exists())
        self.assertEqual(device.run("reset", "--everything", "--yes").code, 0)
        self.assertEqual([f.name for f in device.home.iterdir()], ["lock"])
        self.assertEqual(device.run("status").code, 3)


class CommandLine(Test):
    def test_without_a_device_says_what_to_do(self):
        device = self.device(enrolled=False)
        for arguments in (("send", "bob", "x"), ("listen",), ("contacts",), ("status",), ("doctor",), ("daemon",),
                          ("verify", "bob"), ("chat", "bob"), ("reset", "bob")):
            with self.subTest(arguments=arguments):
                done = device.run(*arguments)
                self.assertEqual(done.code, 3, done)
                self.assertIn("ginnel enroll", done.err)
        self.assertFalse(device.home.exists())

    def test_refuses_wrong_arguments(self):
        device = self.device(enrolled=False)
        for arguments in ((), ("fly",), ("send",), ("enroll",), ("listen", "--count", "x"), ("listen", "--timeout", "-1"),
                          ("send", "bob", "text", "--file", "f"), ("reset",), ("reset", "bob", "--everything"),
                          ("--home",), ("status", "extra")):
            with self.subTest(arguments=arguments):
                self.assertEqual(device.run(*arguments).code, 2)

    def test_helps(self):
        device = self.device(enrolled=False)
        done = device.run("--help")
        self.assertEqual(done.code, 0)
        self.assertIn("Exit codes", done.text)
        for command in ("enroll", "send", "listen", "chat", "contacts", "verify", "status", "doctor", "reset", "daemon"):
            self.assertIn(command, done.text)
            self.assertEqual(device.run(command, "--help").code, 0)

    def test_errors_are_objects_with_json(self):
        done = self.device(enrolled=False).run("--json", "status")
        error = done.objects()[0]
        self.assertEqual((error["event"], error["kind"], error["exit_code"], done.code), ("error", "not_enrolled", 3, 3))
        self.assertEqual(done.err, "")


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
