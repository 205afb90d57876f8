"""A device in QEMU: the firmware on a board, driven over its console as programs do it."""
import os
import re
import time

import board
from site_under_test import Failed, wait_until


def unescape(text):
    return re.sub(r"\\(n|\\|x..)", lambda m: {"n": "\n", "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16)), text)


class Firmware:
    """One board on the wire, with its flash in folder/name.img; it keeps that when it is killed."""

    def __init__(self, image, site, name, wire=None, number=0, **told):
        self.image, self.site, self.name, self.wire, self.number = image, site, name, wire, number
        self.path = site.folder / f"{name}.img"
        self.tap = f"tap-{name}"
        self.link = f"tap,ifname={self.tap},script=no,downscript=no"  # what QEMU's -netdev takes
        self.told = {"device_key": os.urandom(32).hex(), **told}
        self.board, self.answered, self.heard = None, 0, {}
        wire.host.shell(f"ip tuntap add {self.tap} mode tap && ip link set {self.tap} master bridge up")
        self.told = {"ip4": f"10.99.0.{100 + number}", **self.told}
        board.make_flash(self.path)

    def start(self, entropy=board.ENTROPY, more=(), worn_out=False):
        """`worn_out`: whatever is written to its flash fails."""
        board.provision(self.path, **self.told)
        self.board = board.Board(
            self.image, *entropy, *board.flash(self.path, worn_out),
            *board.network(self.link, f"52:54:00:12:34:{self.number:02x}"),
            *more, before=["ip", "netns", "exec", self.wire.host.name])
        self.answered = 0
        self.wait_for(r"ginnel firmware: ready\n")

    def wait_for(self, pattern, start=0, timeout=120):
        return self.board.wait_for(pattern, start, timeout)

    def kill(self):
        if self.board:
            self.board.kill()
            self.board = None

    def ask(self, line, timeout=120):
        """The lines of a command's answer; an error is one. What has happened meanwhile is left out."""
        self.board.type(line + "\n")
        answer = self.wait_for(r"(?m)^(?:ok|error: (.*))\n", self.answered, timeout)
        lines = self.board.console[self.answered:answer.start()].splitlines()
        self.answered = answer.end()
        if answer[1]:
            raise Failed(f"{self.name}: {line}: {answer[1]}")
        return [text for text in lines if not text.startswith("* ")]

    def enrol(self):
        self.ask(f"enrol {self.site.invite(self.name)}")
        self.online()

    def online(self, timeout=120):
        self.wait_state("online", timeout)

    def state(self):
        return self.ask("status")[0].partition(" ")[2]

    def wait_state(self, state, timeout=120):
        deadline = time.monotonic() + timeout
        while self.state() != state:
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} is not {state}:\n{self.board.console[-2000:]}")
            time.sleep(0.05)

    def numbers(self):
        """All name=number of its status."""
        return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", " ".join(self.ask("status")))}

    def send(self, to, text):
        return int(self.ask(f"send {to} {text}")[-1].split()[1])

    def take(self):
        """Takes what is unread: into `heard` by its number, then it is marked as read."""
        for line in self.ask("inbox"):
            kind, number, sender, text = (line.split(" ", 3) + [""])[:4]
            self.heard[int(number)] = (kind, sender, unescape(text))
            self.ask(f"read {number}")

    def listen(self, sender, count, timeout=120):
        """Waits until it has had `count` texts of one sender, and gives them."""
        def enough():
            self.take()
            return len(self.heard_from(sender)) >= count
        wait_until(enough, f"{count} messages of {sender} at {self.name}", timeout)
        return self.heard_from(sender)

    def heard_from(self, sender):
        return [text for _, (kind, name, text) in sorted(self.heard.items()) if kind == "message" and name == sender]

    def safety_number(self, other):
        return self.ask(f"verify {other}")[-1].split()[1]
