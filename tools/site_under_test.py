"""Starts a real site (ginneld and its broker) and real devices, for the demo and the system tests.

Everything runs in one folder, on loopback or in network namespaces given by name, on free ports, and only processes
started here are ended.
"""
import json
import os
import pathlib
import signal
import subprocess
import time


class Failed(Exception):
    """A program said no; the text is what it printed."""


def run(arguments, timeout=120, stdin=None):
    """Runs a program to its end and returns its standard output."""
    done = subprocess.run([str(a) for a in arguments], input=stdin, capture_output=True, timeout=timeout)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(a) for a in arguments)}\nexit code {done.returncode}\n"
                     f"{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def wait_until(condition, what, timeout=120):
    """Polls until condition() is true; its value is returned."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failed(f"waited {timeout} s for {what}")


def inside(namespace):
    """The words before a command that runs it in a network namespace; none for our own."""
    return ["ip", "netns", "exec", namespace] if namespace else []


class Site:
    """One ginneld with its broker, in folder/srv; `more` are further arguments of `ginneld run`."""

    def __init__(self, build, folder, namespace=None, more=()):
        self.namespace, self.more = namespace, list(more)
        self.programs = pathlib.Path(build) / "apps"
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "srv"
        self.log = self.folder / "ginneld.log"
        self.process = None

    def start(self):
        ports = self.data / "ports.json"
        before = ports.stat().st_mtime_ns if ports.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*inside(self.namespace), self.programs / "ginneld" / "ginneld", "run", "--data", self.data,
                 "--mqtt-port", "0", "--https-port", "0", *self.more],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

        def ready():
            if self.process.poll() is not None:
                raise Failed("ginneld ended:\n" + self.log.read_text(errors="replace")[-2000:])
            return ports.exists() and ports.stat().st_mtime_ns != before and self.status()

        wait_until(ready, "ginneld to be ready")

    def ginneld(self, *arguments):
        return run([self.programs / "ginneld" / "ginneld", *arguments, "--data", self.data])

    def status(self):
        try:
            return json.loads(self.ginneld("status", "--json"))
        except (Failed, ValueError):
            return None

    def invite(self, name):
        return json.loads(self.ginneld("invite", name, "--json"))["token"]

    def kill(self):
        """As a power cut would: SIGKILL."""
        self.process.kill()
        self.process.wait()

    def broker_pid(self):
        return self.status()["broker_pid"]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise Failed("ginneld did not stop on SIGTERM")


class Device:
    """One device with its home in folder/name."""

    def __init__(self, site, name, namespace=None):
        self.site = site
        self.namespace = namespace
        self.name = name
        self.home = site.folder / name
        self.listener = None
        self.heard = site.folder / f"{name}.heard"

    def ginnel(self, *arguments, timeout=120, stdin=None):
        return run([*inside(self.namespace), self.site.programs / "ginnel" / "ginnel", "--home", self.home, *arguments],
                   timeout, stdin)

    def json(self, *arguments, timeout=120):
        """The objects that a command prints with --json, one a line."""
        return [json.loads(line) for line in self.ginnel(*arguments, "--json", timeout=timeout).splitlines()]

    def enrol(self):
        self.ginnel("enroll", self.site.invite(self.name))

    def send(self, to, text):
        self.ginnel("send", to, text)

    def listen(self, count, timeout=30):
        """Waits for `count` messages and returns them."""
        return [m for m in self.json("listen", "--count", str(count), "--timeout", str(timeout), timeout=timeout + 30)
                if m.get("event") == "message"]

    def start_listening(self):
        """A listener in the background that goes on behind the last message printed; messages() reads them."""
        heard = self.messages()
        with open(self.heard, "ab") as out:
            if heard and not self.heard.read_bytes().endswith(b"\n"):
                out.write(b"\n")  # a line that a kill cut off
            self.listener = subprocess.Popen(
                [*inside(self.namespace), self.site.programs / "ginnel" / "ginnel", "--home", self.home, "listen", "--json",
                 "--after", str(heard[-1]["id"] if heard else 0)],
                stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def stop_listening(self, how=signal.SIGTERM):
        if self.listener:
            self.listener.send_signal(how)
            self.listener.wait(20)
            self.listener = None

    def messages(self):
        """What the listener has printed so far; a line cut off by a kill is left out."""
        lines = self.heard.read_bytes().split(b"\n")[:-1] if self.heard.exists() else []
        objects = []
        for line in lines:
            try:
                objects.append(json.loads(line))
            except ValueError:
                continue
        return [m for m in objects if m.get("event") == "message"]

    def safety_number(self, other):
        return self.json("verify", other)[0]["safety_number"]


def search_memory(pid, needle):
    """How often `needle` stands in the memory of a process."""
    count = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "w" not in rights:
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            if end - start > 1 << 30:
                continue  # reserved by a sanitizer
            try:
                memory.seek(start)
                count += memory.read(end - start).count(needle)
            except (OSError, ValueError, OverflowError):
                continue
    return count


def search_files(folder, needle):
    """How often `needle` stands in the files below a folder."""
    return sum(f.read_bytes().count(needle) for f in pathlib.Path(folder).rglob("*") if f.is_file())
