#!/usr/bin/env python3
"""Two devices exchange end-to-end encrypted messages; one of them is offline at first.

usage: demo.py BUILD_FOLDER [BOARD_BUILD_FOLDER]     (./dev demo calls it)
Everything is real: ginneld, Mosquitto, TLS 1.3, SQLite, in a temporary folder that is removed at the end. As root the
site and each device are hosts of their own (network namespaces), the broker is inside the site's WireGuard tunnel, and
an observer records the wire between them. Without root, or without /dev/net/tun, the demo says so and goes without.
With a firmware image, and QEMU to run it, a microcontroller is the third device.
"""
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / folder) for folder in (".", "../test/firmware")]
import wire  # noqa: E402
from firmware import Firmware  # noqa: E402
from site_under_test import Device, Failed, Site, search_files, search_memory, wait_until  # noqa: E402

BOLD, GREEN, DIM, PLAIN = ("\033[1m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("",) * 4
FROM_ALICE = ["Hello Bob, are you there?", "The pump in hall 3 runs hot: 81 °C.", "Shall I stop it?"]
FROM_BOB = ["Here now. Yes, stop it.", "Thanks, Alice."]
FROM_CHIP = ["Valve closed."]
TO_CHIP = ["Close valve 7."]
IMAGE = "apps/firmware/qemu_virt/firmware.img"
started = time.monotonic()


def say(text):
    print(f"{DIM}{time.monotonic() - started:5.1f} s{PLAIN}  {text}", flush=True)


def show(message, to):
    print(f"          {BOLD}{message['from']:>6} to {to.name}:{PLAIN} {message['text']}", flush=True)


def hexdump(blob, lines=4):
    for at in range(0, min(len(blob), 16 * lines), 16):
        row = blob[at:at + 16]
        text = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
        print(f"          {DIM}{at:04x}  {row.hex(' '):<48}  {text}{PLAIN}")


def expect(condition, what):
    if not condition:
        raise Failed(f"this should be so and is not: {what}")


def why_no_tunnel():
    """What the tunnel lacks here; nothing if it can be made."""
    missing = [program for program in ("ip", "unshare", "wg", "ping") if not wire.found(program)]
    if missing:
        return f"not installed: {' '.join(missing)}"
    if os.geteuid() != 0:
        return "it needs root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun cannot be opened"
    if subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
        return "network namespaces cannot be made"
    return None


def why_no_chip(image, net):
    """What the microcontroller lacks here; nothing if it can take part."""
    if not image or not image.exists():
        return "its image is not built"
    if not shutil.which("qemu-system-riscv32"):
        return "not installed: qemu-system-riscv32"
    return None if net else "its network needs the namespaces"


def start_chip(image, site, net):
    chip = Firmware(image, site, "chip", net)
    chip.start()
    chip.enrol()
    say("chip enrolled over its console: a microcontroller (RV32IMAC, 400 KiB of RAM, no operating system) in QEMU; "
        f"{chip.numbers()['stack']} bytes of stack used, and its tunnel is up")
    return chip


def talk_to_chip(chip, alice):
    """A first message with its post-quantum key agreement, computed on the chip, and back."""
    for text in TO_CHIP:
        alice.send("chip", text)
    for text in chip.listen("alice", len(TO_CHIP)):
        show({"from": "alice", "text": text}, chip)
    for text in FROM_CHIP:
        chip.send("alice", text)
    heard = alice.listen(len(FROM_CHIP))
    for message in heard:
        show(message, alice)
    expect([m["text"] for m in heard] == FROM_CHIP, "alice got every message of the chip once")
    expect(chip.safety_number("alice") == alice.safety_number("chip").replace(" ", ""), "their numbers agree")
    say("alice and the chip have the same safety number, too")


def bring_up(device):
    device.ginnel("tunnel", "up", "--interface", f"ginnel-{device.name}")


def observe(net, site, devices, peers):
    """Takes the tunnels up; from then on everything on the wire is recorded."""
    observer = wire.Observer(net)
    with net.hosts["alice"].entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.sendto(b"a control that is to be seen", (wire.SITE, 9))
    wait_until(lambda: observer.count(b"a control that is to be seen") > 0, "the observer to see what is plain")
    expect(observer.kinds()["other"] > 0, "the observer calls it neither WireGuard nor address resolution")
    observer.stop()
    for device in devices:
        wait_until(lambda: not net.connected(device.name), f"the connection that enrolled {device.name} to be closed")
    observer = wire.Observer(net)
    for device in devices:
        bring_up(device)
        state = device.json("tunnel", "status")[0]
        say(f"{device.name} brings its tunnel up: {state['address']} on {state['interface']}")
    for device in devices:
        wait_until(lambda: device.json("status")[0].get("server", {}).get("one_time_keys", 0) > 0,
                   f"{device.name}'s keys to be published", 60)
    status = site.status()
    expect(site.status()["tunnel"]["peers"] == peers, "the gateway knows every device")
    say(f"the broker listens inside only: mqtts://[{status['broker_host']}]:{status['mqtt_port']}")
    return observer


def report(observer, secrets):
    observer.stop()
    kinds = observer.kinds()
    expect(kinds["WireGuard"] > 0, "the observer saw the tunnel")
    expect(kinds["other"] == 0, f"nothing but the tunnel on the wire: {kinds} {observer.others()}")
    for needle in (*secrets, b"ginnel/1/", b"alice", b"MQTT"):
        expect(observer.count(needle) == 0, f"{needle} is not on the wire")
    say(f"an observer saw {len(observer.frames)} frames on the wire: {kinds['WireGuard']} of WireGuard, "
        f"{kinds['returned']} returned while the gateway was dead, {kinds['address resolution']} of address resolution, none else, and not one word of the messages")


def demo(build, folder, net, image):
    chip = None
    if net:
        site = Site(build, folder, "site", ["--host", wire.SITE, "--tunnel", wire.SITE])
    else:
        site = Site(build, folder)
    try:
        say("ginneld starts on an empty folder: CA, certificates, database and broker are made now")
        site.start()
        alice, bob = [Device(site, name, name if net else None) for name in ("alice", "bob")]
        for device in (alice, bob):
            device.enrol()
            say(f"{device.name} enrolled with one token; the keys were born on the device")
        if why := why_no_chip(image, net):
            say(f"without the microcontroller: {why}")
        else:
            chip = start_chip(image, site, net)
        observer = observe(net, site, (alice, bob), 3 if chip else 2) if net else None

        say("alice writes while bob is away")
        for text in FROM_ALICE:
            alice.send("bob", text)
            show({"from": "alice", "text": text}, bob)
        wait_until(lambda: site.status()["mails"] == len(FROM_ALICE), "the mailbox to hold alice's messages")

        say("what the database holds of it:")
        with sqlite3.connect(f"file:{site.data / 'ginnel.db'}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT s.name, r.name, ciphertext FROM mails JOIN accounts s ON s.id = sender "
                                    "JOIN accounts r ON r.id = recipient ORDER BY sequence").fetchall()
        database.close()
        expect(len(rows) == len(FROM_ALICE), "one row a message")
        for sender, recipient, ciphertext in rows:
            print(f"          {sender} to {recipient}, {len(ciphertext)} bytes")
        hexdump(rows[-1][2][-64:])
        secrets = [text.encode() for text in FROM_ALICE]
        broker = site.broker_pid()
        places = {"files of server and broker": lambda needle: search_files(site.data, needle),
                  "memory of ginneld": lambda needle: search_memory(site.process.pid, needle),
                  "memory of the broker": lambda needle: search_memory(broker, needle)}
        to_be_found = {"files of server and broker": rows[-1][2][-64:], "memory of ginneld": b"ginnel/1/",
                       "memory of the broker": b"ginnel/1/"}
        for place, search in places.items():
            expect(search(to_be_found[place]) > 0, f"the search of the {place} finds what is there")
            expect(all(search(secret) == 0 for secret in secrets), f"no plaintext in the {place}")
            say(f"searched the {place}: none of the {len(secrets)} texts is there")

        say("the server is killed with SIGKILL, and started again")
        site.kill()
        site.start()

        say("bob comes")
        heard = bob.listen(len(FROM_ALICE))
        for message in heard:
            show(message, bob)
        expect([m["text"] for m in heard] == FROM_ALICE, "bob got every message once, in order")
        for text in FROM_BOB:
            bob.send("alice", text)
        heard = alice.listen(len(FROM_BOB))
        for message in heard:
            show(message, alice)
        expect([m["text"] for m in heard] == FROM_BOB, "alice got every answer once, in order")

        numbers = alice.safety_number("bob"), bob.safety_number("alice")
        expect(numbers[0] == numbers[1], "both safety numbers agree")
        say("both safety numbers agree:")
        digits = numbers[0].replace(" ", "")
        for at in (0, 30):
            print("          " + " ".join(digits[at + i:at + i + 5] for i in range(0, 30, 5)))

        if chip:
            talk_to_chip(chip, alice)
        status = wait_until(lambda: (lambda s: s["mails"] == 0 and s)(site.status()), "every mail to be acknowledged")
        if observer:
            report(observer, [text.encode() for text in FROM_ALICE + FROM_BOB + TO_CHIP + FROM_CHIP])
        messages = len(FROM_ALICE) + len(FROM_BOB) + (len(TO_CHIP) + len(FROM_CHIP) if chip else 0)
        say(f"the mailbox is empty again; {status['devices']} devices, {messages} messages, nothing lost, nothing twice")
        site.stop()
        say(f"{GREEN}all is well{PLAIN}")
    except Failed:
        if site.log.exists():
            print("--- the end of ginneld's log\n" + site.log.read_text(errors="replace")[-3000:], file=sys.stderr)
        raise
    finally:
        if chip:
            chip.kill()
        if site.process and site.process.poll() is None:
            site.stop()


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    why = why_no_tunnel()
    if why:
        say(f"without the tunnel, on loopback: {why}")
    else:
        wire.isolate()
    with tempfile.TemporaryDirectory(prefix="ginnel-demo-") as folder:
        try:
            image = pathlib.Path(sys.argv[2]).resolve() / IMAGE if len(sys.argv) == 3 else None
            demo(sys.argv[1], folder, None if why else wire.Wire(["alice", "bob"]), image)
        except (Failed, wire.Failed, RuntimeError) as failure:
            print(f"\nThe demo failed: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
