#!/usr/bin/env python3
"""1,000 messages among 10 devices while the server, the broker and the devices are killed at random points.

usage: survival_test.py BUILD_FOLDER [MESSAGES] [SEED]
Nothing may be lost, nothing shown twice, and each sender's order kept.
"""
import collections
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from site_under_test import Device, Failed, Site, wait_until  # noqa: E402

DEVICES = 10


class Kills(threading.Thread):
    """Kills one thing after another until told to stop."""

    def __init__(self, site, devices, chance):
        super().__init__()
        self.site, self.devices, self.chance = site, devices, chance
        self.enough = threading.Event()
        self.counts = collections.Counter()
        self.problem = None

    def run(self):
        try:
            while not self.enough.wait(self.chance.uniform(0.3, 2.0)):
                what = self.chance.choice(["server", "server", "broker", "device"])
                self.counts[what] += 1
                if what == "server":
                    self.site.kill()
                    self.site.start()
                elif what == "broker":
                    pid = self.site.broker_pid()
                    if pid:
                        os.kill(pid, signal.SIGKILL)
                else:
                    device = self.chance.choice(self.devices)
                    with device.busy:
                        device.stop_listening(signal.SIGKILL)
                        device.start_listening()
        except Exception as problem:  # reported by the main thread
            self.problem = problem


def survive(build, folder, messages, chance):
    site = Site(build, folder)
    devices = [Device(site, f"device-{i}") for i in range(DEVICES)]
    try:
        site.start()
        for device in devices:
            device.busy = threading.Lock()
            device.enrol()
            device.start_listening()
        kills = Kills(site, devices, chance)
        kills.start()
        sent = collections.defaultdict(list)
        for number in range(messages):
            a, b = chance.sample(devices, 2)
            text = f"{a.name} {b.name} {number}"
            with a.busy:  # a command that is cut off cannot say whether it was done
                a.send(b.name, text)
            sent[a.name, b.name].append(text)
        kills.enough.set()
        kills.join()
        if kills.problem:
            raise kills.problem

        def everything():
            return sum(len(set(m["text"] for m in d.messages())) for d in devices) >= messages

        wait_until(everything, "every message to arrive", 180)
        time.sleep(2)  # a message shown twice would come now
        for device in devices:
            heard = collections.defaultdict(list)
            ids = [m["id"] for m in device.messages()]
            for message in device.messages():
                heard[message["from"]].append(message["text"])
            if len(set(ids)) != len(ids) or ids != sorted(ids):
                raise Failed(f"{device.name} showed an id twice or out of order")
            for sender in devices:
                if heard[sender.name] != sent[sender.name, device.name]:
                    raise Failed(f"{sender.name} to {device.name}:\nsent  {sent[sender.name, device.name]}\n"
                                 f"heard {heard[sender.name]}")
        print(f"{messages} messages among {DEVICES} devices, killed: {dict(kills.counts)}; "
              "nothing lost, nothing twice, order kept")
    except Failed:
        print("--- the end of ginneld's log\n" + site.log.read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        for device in devices:
            device.stop_listening()
        site.stop()


def main():
    build = sys.argv[1]
    messages = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="ginnel-survival-") as folder:
        survive(build, folder, messages, random.Random(seed))


if __name__ == "__main__":
    main()
