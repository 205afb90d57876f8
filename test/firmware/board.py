"""A board in QEMU, for the tests of this folder."""
import codecs
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

QEMU = pathlib.Path(__file__).parents[2] / "ports/qemu_virt/qemu.sh"
FLASH_SIZE = 32 * 1024 * 1024
BLOCK_SIZE = 256 * 1024
ENTROPY = ["-object", "rng-random,filename=/dev/urandom,id=entropy", "-device", "virtio-rng-device,rng=entropy"]


def need(image):
    """Ends the test as skipped where there is no board to run, and says why."""
    for missing, present in (("qemu-system-riscv32", shutil.which("qemu-system-riscv32")),
                             (f"{image}: ./dev firmware makes it", pathlib.Path(image).exists())):
        if not present:
            print(f"skipped: there is no {missing}")
            sys.exit(77)


def make_flash(path, provisioning=""):
    """An erased flash unit, with the provisioning block's text."""
    with open(path, "wb") as flash:
        flash.write(b"\xff" * FLASH_SIZE)
        flash.seek(BLOCK_SIZE)
        flash.write(provisioning.encode())


def provision(path, **told):
    """Writes the provisioning block of a flash unit that is there."""
    text = "".join(f"{name}={value}\n" for name, value in told.items()).encode()
    with open(path, "r+b") as unit:
        unit.seek(BLOCK_SIZE)
        unit.write(text.ljust(4096, b"\xff"))


def flash(path, worn_out=False):
    return ["-drive", f"if=pflash,unit=1,format=raw,readonly={'on' if worn_out else 'off'},file={path}"]


def network(backend, mac="52:54:00:12:34:56"):
    """`backend`: what QEMU's -netdev takes, without an id."""
    kind, comma, rest = backend.partition(",")
    return ["-netdev", f"{kind},id=net{comma}{rest}", "-device", f"virtio-net-device,netdev=net,mac={mac}"]


def run(image, *arguments, timeout=240):
    """The exit status and the console of a program that ends."""
    done = subprocess.run([str(QEMU), str(image), *arguments], capture_output=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


class Board:
    """A program that runs until it is stopped; what it writes is in `console`."""

    def __init__(self, image, *arguments, before=()):
        """`before`: words of a command that starts it, as `ip netns exec`."""
        self.process = subprocess.Popen([*before, str(QEMU), str(image), *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.console = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")  # a part may end within a letter
        while part := self.process.stdout.read1(4096):
            self.console += decoder.decode(part)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait_for(self, pattern, start=0, timeout=120):
        """The first match on the console from `start` on."""
        deadline = time.monotonic() + timeout
        while True:
            if match := re.compile(pattern).search(self.console, start):
                return match
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"no {pattern!r} on the console:\n{self.console}")
            time.sleep(0.02)

    def status(self):
        """The numbers of a line `status name=number ...` that is asked for by an `s`."""
        start = len(self.console)
        self.type("s")
        line = self.wait_for(r"status (.*)\n", start)[1]
        return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", line)}

    def kill(self):
        """As if power had failed."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
