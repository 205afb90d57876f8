#!/usr/bin/env python3
"""What the whole device takes: instructions and memory of the firmware at a real site, bytes that a message writes to flash.

Usage: report.py BOARD_BUILD TINY_BOARD_BUILD BUILD
QEMU takes a nanosecond for each instruction (-icount shift=0), and the time that the board sleeps is left out. Milliseconds
are those of 160 MHz with an instruction a cycle: an estimate. Messages have 100 bytes.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]
import board  # noqa: E402
import wire  # noqa: E402
from firmware import Firmware  # noqa: E402
from linux import Linux  # noqa: E402
from site_under_test import Failed, Site, wait_until  # noqa: E402
from talk import Talk  # noqa: E402

COUNTED, AT_125_MHZ = ("-icount", "shift=0"), ("-icount", "shift=3")  # 1 ns, 8 ns for each instruction
INSTRUCTIONS_PER_US, CLOCK_HZ = 1000, 160e6
MESSAGES = 16  # as many as the smaller one has room for


def output_of(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=280)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def show(what, instructions, more=""):
    print(f"{what:55}{instructions / 1e6:10.2f}{instructions / CLOCK_HZ * 1000:10.1f}  {more}".rstrip(), flush=True)


def rows(pattern, text):
    found = re.findall(pattern, text, re.M)
    if not found:
        sys.exit(f"nothing was measured:\n{text}")
    return found


def calls(image):
    """Primitives, handshakes, packets, sessions."""
    print(f"{'one call':55}{'million':>10}{'ms':>10}  bytes of stack")
    report = output_of(ROOT / "bench/board/run.sh", image)
    for what, stack, mean in rows(r"^(.*?)  +\d+ +(\d+) +(\d+) +\d+$", report):
        show(what, int(mean), stack)


def handshakes(build):
    """TLS alone: until the connection is open."""
    print(f"\n{'a TLS handshake':55}{'million':>10}{'ms':>10}  bytes of stack, of mbedTLS's arena")
    said = output_of("/usr/bin/python3", ROOT / "test/firmware/tls_test.py", build)  # Debian's, which has cryptography
    for what, instructions, stack, arena in rows(r"^(.*): instructions=(\d+) stack=(\d+) arena=(\d+)$", said):
        show(what, int(instructions), f"{stack}, {arena}")


class Device(Talk):
    """A board and a Linux device that talk through tunnel and TLS."""

    def __init__(self, net, image, build, folder, number):
        folder = pathlib.Path(folder) / f"site{number}"
        folder.mkdir()
        self.site = Site(build, folder, "site", ["--host", wire.SITE, "--tunnel", wire.SITE])
        super().__init__(Firmware(image, self.site, f"chip{number}", net, number), Linux(self.site, f"alice{number}", "alice"))

    def awake(self):
        """Instructions so far."""
        return self.chip.numbers()["awake_us"] * INSTRUCTIONS_PER_US

    def takes(self, what, count, act, event):
        """What one of `count` takes, of which the console says that it has happened; asking is left out."""
        first = self.awake()
        before, start = self.awake(), len(self.chip.board.console)
        act()
        for _ in range(count):
            start = self.chip.wait_for(event, start).end()
        show(what, (self.awake() - before - (before - first)) / count)

    def measure(self):
        self.site.start()
        self.chip.start(more=COUNTED)
        self.chip.enrol()
        self.alice.enrol()
        self.alice.ginnel("tunnel", "up", "--interface", f"ginnel-{self.alice.name}")
        self.alice.start_listening()
        wait_until(lambda: f"user {self.alice.name}" in " ".join(self.chip.ask("users")), "the board to hear of alice")
        self.alice_sends("hello")
        self.all_arrive()
        self.chip_sends("hello")
        self.all_arrive()
        self.takes("a message taken", MESSAGES, self.alice_talks, r"\* received \d+\n")
        self.all_arrive()
        self.takes("a message sent, with the console's share", MESSAGES, self.chip_talks, r"\* sent \d+\n")
        self.all_arrive()
        numbers = self.chip.numbers()
        self.chip.kill()
        self.chip.start(more=COUNTED)
        self.chip.wait_for(r"\* state online\n")
        show("from the start to online: tunnel, TLS, subscription", self.awake())
        self.chip.kill()
        self.chip.start(more=AT_125_MHZ)
        up = self.chip.wait_for(r"\* tunnel up after (\d+) ms\n")[1]
        print(f"tunnel up after {up} ms at 125 million instructions a second")
        print("most memory used, bytes: " + " ".join(f"{name}={numbers[name]}" for name in ("stack", "mbedtls", "lwip_heap"))
              + f"; packets: lwip_pool={numbers['lwip_pool']}")

    def alice_talks(self):
        for i in range(MESSAGES):
            self.alice_sends(f"{i} ".ljust(100, "x"))

    def chip_talks(self):
        for i in range(MESSAGES):
            self.chip_sends(f"{i} ".ljust(100, "y"))

    def stop(self):
        self.chip.kill()
        self.alice.stop_listening()
        if self.site.process:
            self.site.stop()


def main():
    small, tiny, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    images = [each / "apps/firmware/qemu_virt/firmware.img" for each in (small, tiny)]
    for image in images:
        board.need(image)
    if not shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        wire.skip("not installed: mosquitto")
    wire.isolate()
    net = wire.Wire(["alice"])
    calls(small / "bench/board/board_report.img")
    handshakes(small)
    with tempfile.TemporaryDirectory(prefix="ginnel-report-") as folder:
        for number, (image, profile) in enumerate(zip(images, ("400 KB", "128 KB"))):
            print(f"\n{'the firmware for ' + profile + ' of RAM':55}{'million':>10}{'ms':>10}")
            device = Device(net, image, build, folder, number)
            try:
                device.measure()
            except (Failed, wire.Failed, RuntimeError, subprocess.SubprocessError) as failure:
                sys.exit(f"FAILED: {failure}")
            finally:
                device.stop()
    print("\na message on flash, 64 blocks of 4 KiB")
    written = output_of(build / "ports/flash/flash_messenger_test", "--gtest_filter=*IsWrittenLittleForAMessage")
    print("\n".join(rows(r"^.* a message$", written)))


if __name__ == "__main__":
    main()
