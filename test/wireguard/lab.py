"""Network namespaces, tunnels and their configuration sockets, for the tests of this folder.

isolate() puts the test into namespaces of its own: network, mounts (with an own /run, where the sockets of
tunnels are) and processes. Nothing outside is touched, and nothing is left behind when the test ends.
"""
import contextlib
import ctypes
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time
import traceback

SKIP = 77  # the exit status that ctest takes for "skipped"
CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x20000
SOCKETS = pathlib.Path("/var/run/wireguard")


class Failed(Exception):
    """Something did not happen as it must; the text says what."""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def isolate(*needed):
    """Starts this program again inside namespaces of its own, or skips if the machine lacks something."""
    missing = [program for program in ("ip", "wg", "ping", *needed) if not found(program)]
    if missing:
        skip(f"not installed: {' '.join(missing)}")
    if os.environ.get("GINNEL_LAB") == "inside":
        os.environ.pop("GINNEL_LAB")
        furnish()
        return
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        skip("/dev/net/tun cannot be opened")
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        skip("this user may not make network namespaces (root, or user namespaces, are needed)")
    os.environ["GINNEL_LAB"] = "inside"
    sys.stdout.flush()
    child = subprocess.Popen([*command, sys.executable, *sys.argv])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: child.kill())
    status = child.wait()
    sys.exit(status if status >= 0 else 1)


def take_precedence():
    """Goes before everything else on the machine, if it may: where time is measured, or told to the tenth of a second."""
    with contextlib.suppress(OSError):
        os.setsid()
        os.nice(-20)
        pathlib.Path("/proc/self/autogroup").write_text("-20")  # where the kernel shares by sessions


def furnish():
    """Makes fresh namespaces fit to work in."""
    shell("mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up")


def isolate_again():
    """Puts this process into network and mount namespaces of its own, inside those of isolate()."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    furnish()


def found(program):
    """Whether this machine has it."""
    return any(os.access(f"{folder}/{program}", os.X_OK)
               for folder in os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin"])


def shell(command, check=True, timeout=120, stdin=None):
    """Runs a shell command in the test's own namespace; returns its output."""
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=timeout, input=stdin)
    if check and done.returncode != 0:
        raise Failed(f"{command}: exit {done.returncode}: {done.stdout[-400:]}{done.stderr[-800:]}")
    return done.stdout if check else done


def wait_until(condition, what, timeout=10):
    """Polls until condition() is true; its value is returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"waited {timeout} s for {what}")
        time.sleep(0.02)


class Host:
    """A host of the laboratory: one network namespace."""

    def __init__(self, name):
        self.name = name
        shell(f"ip netns add {name} && ip -n {name} link set lo up")
        # Addresses are used the moment they are added.
        for key in ("all/dad_transmits", "default/dad_transmits", "all/accept_dad", "default/accept_dad"):
            self.shell(f"echo 0 >/proc/sys/net/ipv6/conf/{key}")

    def shell(self, command, check=True, timeout=120, stdin=None):
        return shell(f"ip netns exec {self.name} sh -c {shlex.quote(command)}", check, timeout, stdin)

    def ok(self, command, timeout=120):
        """Whether a command succeeds."""
        return self.shell(command, False, timeout).returncode == 0

    def popen(self, command, **arguments):
        arguments = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **arguments}
        return subprocess.Popen(["ip", "netns", "exec", self.name, *command], **arguments)

    @contextlib.contextmanager
    def entered(self):
        """This thread opens its sockets on that host."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as ours, open(f"/run/netns/{self.name}", "rb") as theirs:
            if libc.setns(theirs.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(ours.fileno(), CLONE_NEWNET)


def cable(left, left_interface, right, right_interface):
    """Joins two hosts (None: the test's own namespace) by a veth pair that is up."""
    def inside(host):
        return f"netns {host.name}" if host else ""

    shell(f"ip link add {left_interface} {inside(left)} type veth peer name {right_interface} {inside(right)}")
    for host, interface in ((left, left_interface), (right, right_interface)):
        shell(f"ip {'-n ' + host.name if host else ''} link set {interface} up")


class Tunnel:
    """A running userspace implementation: `PROGRAM INTERFACE` on a host.

    The UDP socket belongs to the host where the program started (None: the test's own namespace); the interface may
    then be moved to another.
    """

    def __init__(self, program, interface, host, environment=None):
        self.interface, self.host = interface, host
        self.path = SOCKETS / f"{interface}.sock"
        arguments = {"env": {**os.environ, **(environment or {})}}
        if host:
            self.process = host.popen([program, "-f", interface], **arguments)
        else:
            self.process = subprocess.Popen([program, "-f", interface], stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL, **arguments)
        try:
            wait_until(lambda: self.answers() or self.process.poll() is not None, f"{program}'s socket")
        except Failed:
            self.stop()
            raise
        if self.process.poll() is not None:
            raise Failed(f"{program} -f {interface} ended with {self.process.returncode}")

    def answers(self):
        """Whether the program is ready: its socket takes connections a moment before."""
        try:
            return self.ask("get=1\n\n") != ""
        except OSError:
            return False

    def ask(self, request, timeout=20):
        """One request over the configuration socket; returns the reply up to the empty line."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(self.path))
            connection.sendall(request if isinstance(request, bytes) else request.encode())
            reply = bytearray()
            while not reply.endswith(b"\n\n"):
                part = connection.recv(1 << 20)
                if not part:
                    break
                reply += part
        return reply.decode()

    def set(self, *lines):
        reply = self.ask("set=1\n" + "".join(line + "\n" for line in lines) + "\n")
        if reply != "errno=0\n\n":
            raise Failed(f"{reply.strip() or 'no answer'} to {' '.join(lines[:3])} ({len(lines)} lines)")

    def get(self):
        """The reply to get=1 as a list of (key, value)."""
        return [tuple(line.split("=", 1)) for line in self.ask("get=1\n\n").splitlines() if line]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class NotApplicable(Exception):
    """This machine or program cannot be tried so; the text says why."""


class Steps:
    """Named steps, each reported as it ends. Titles in `known` are faults of a program that is not ours to mend."""

    def __init__(self, known=()):
        self.known, self.failures = known, []

    @contextlib.contextmanager
    def step(self, title):
        begun = time.monotonic()
        try:
            yield
        except NotApplicable as reason:
            print(f"n.a.  {title}: {reason}", flush=True)
        except (Failed, OSError, subprocess.SubprocessError) as error:
            if title in self.known:
                print(f"known {title}: {error}", flush=True)
            else:
                self.failures.append(title)
                print(f"FAIL  {title}: {error}", flush=True)
        else:
            print(f"ok    {title} ({time.monotonic() - begun:.1f} s)", flush=True)

    def side_by_side(self, steps, at_a_time=4):
        """Runs steps, (title, function), at the same time, each in a process and in namespaces of its own."""
        waiting, running = list(steps), {}
        while waiting or running:
            if waiting and len(running) < at_a_time:
                title, function = waiting.pop(0)
                child = os.fork()
                if child == 0:
                    os._exit(self.alone(title, function))
                running[child] = title
                continue
            child, status = os.wait()
            title = running.pop(child, None)  # None: an orphan, as this process is the first of its namespace
            if title and status != 0:
                self.failures.append(title)

    def alone(self, title, function):
        """The exit status of a process for one step."""
        self.failures = []
        try:
            isolate_again()
            with self.step(title):
                function()
            return 1 if self.failures else 0
        except BaseException:  # a process for one step ends here whatever happens
            traceback.print_exc()
            return 1

    def exit(self):
        if self.failures:
            print(f"{len(self.failures)} failed")
        sys.exit(1 if self.failures else 0)


def expect(condition, what):
    if not condition:
        raise Failed(what)
