#!/usr/bin/env python3
"""Messages per second from device to device through ginneld and Mosquitto.

usage: site_bench.py BUILD_FOLDER [PAIRS] [MESSAGES_PER_PAIR]
The server's folder is on disk, with every commit synced. The devices, which would be other machines, keep theirs in
memory, so that they do not wait for the server's disk.
"""
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from site_under_test import Device, Site, run  # noqa: E402


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    build = pathlib.Path(sys.argv[1])
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    with tempfile.TemporaryDirectory(prefix="ginnel-bench-") as disk, \
            tempfile.TemporaryDirectory(prefix="ginnel-bench-", dir="/dev/shm") as memory:
        site = Site(build, disk)
        try:
            site.start()
            homes = []
            for i in range(2 * pairs):
                device = Device(site, f"device-{i}")
                device.home = pathlib.Path(memory) / device.name
                device.enrol()
                homes.append(device.home)
            pids = {"ginneld": site.process.pid, "mosquitto": site.broker_pid()}
            before = {name: cpu_seconds(pid) for name, pid in pids.items()}
            start = time.monotonic()
            print(run([build / "bench" / "site_bench", count, *homes], timeout=400).strip())
            elapsed = time.monotonic() - start
            for name, pid in pids.items():
                used = cpu_seconds(pid) - before[name]
                print(f"{name}: {1e6 * used / (pairs * count):.0f} us of CPU a message, {used:.1f} s in {elapsed:.1f} s")
        finally:
            site.stop()


if __name__ == "__main__":
    main()
