#!/usr/bin/env python3
"""What tunnels cost: userspace programs side by side, in turns, on this machine.

Usage: tunnel_bench.py [--rounds N] [--seconds N] [--only TEXT] [--markdown FILE] PROGRAM...

Both ends of a tunnel run the same program, in two network namespaces with a cable between them, and share the
processors with iperf3: compare columns of one run, not runs. CPU seconds are those of the programs alone. Where it
may (root), the bench goes before everything else on the machine: otherwise a program of many threads would get more
of a busy machine than a program of one.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test/wireguard"))

import lab  # noqa: E402
import oracle  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
THERE = "10.99.0.2"


def cpu_seconds(process):
    """User and system time of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


class Pair:
    """Two ends of one tunnel."""

    def __init__(self, program):
        self.hosts = [lab.Host("a"), lab.Host("b")]
        lab.cable(self.hosts[0], "out0", self.hosts[1], "out0")
        private = [os.urandom(32), os.urandom(32)]
        self.tunnels = []
        for number, host in enumerate(self.hosts):
            host.shell(f"ip address add 10.77.0.{1 + number}/24 dev out0")
            tunnel = lab.Tunnel(program, f"wg{number}", host)
            tunnel.set(f"private_key={private[number].hex()}", "listen_port=51820",
                       f"public_key={oracle.public_key(private[1 - number]).hex()}",
                       f"endpoint=10.77.0.{2 - number}:51820", f"allowed_ip=10.99.0.{2 - number}/32")
            host.shell(f"ip address add 10.99.0.{1 + number}/24 dev wg{number}; ip link set wg{number} mtu 1420 up")
            self.tunnels.append(tunnel)
        self.hosts[0].shell(f"ping -q -c 2 -W 5 {THERE}")

    def cpu(self):
        return sum(cpu_seconds(tunnel.process) for tunnel in self.tunnels)

    def iperf(self, options, seconds):
        """Runs iperf3; returns bytes that arrived, the seconds that took, and the per cent lost."""
        server = self.hosts[1].popen(["iperf3", "-s", "-1"])
        try:
            lab.wait_until(lambda: ":5201" in self.hosts[1].shell("ss -Hltn"), "iperf3")
            out = self.hosts[0].shell(f"iperf3 -J -c {THERE} -t {seconds} {options}", timeout=seconds + 60)
            end = json.loads(out)["end"]
        finally:
            server.kill()
            server.wait()
        if "sum_received" in end and "-u" not in options.split():
            return end["sum_received"]["bytes"], end["sum_received"]["seconds"], 0.0
        total = end["sum"]
        return total["bytes"] * (1 - total["lost_percent"] / 100), total["seconds"], total["lost_percent"]

    def stop(self):
        for tunnel in self.tunnels:
            tunnel.stop()
        for host in self.hosts:
            lab.shell(f"ip netns del {host.name}", check=False)


def stream(options):
    def measure(program, seconds):
        pair = Pair(program)
        try:
            before = pair.cpu()
            arrived, took, lost = pair.iperf(options, seconds)
            used = pair.cpu() - before
            resident = max(resident_mb(tunnel.process) for tunnel in pair.tunnels)
        finally:
            pair.stop()
        return {"CPU s/GB": used / (arrived / 1e9), "Mb/s": arrived * 8 / took / 1e6, "lost %": lost,
                "MB resident": resident}
    return measure


def flood(program, seconds):
    pair = Pair(program)
    try:
        before = pair.cpu()
        out = pair.hosts[0].shell(f"ping -q -f -s 1000 -w {seconds} {THERE}", check=False, timeout=seconds + 30).stdout
        used = pair.cpu() - before
    finally:
        pair.stop()
    count = int(re.search(r"(\d+) received", out).group(1))
    return {"ms": float(re.search(r"= [\d.]+/([\d.]+)/", out).group(1)), "us of CPU per echo": 1e6 * used / count}


def peers(count):
    """Configures that many peers, in requests of 1,000."""
    def measure(program, _):
        host = lab.Host("a")
        tunnel = lab.Tunnel(program, "wg0", host)
        try:
            tunnel.set(f"private_key={os.urandom(32).hex()}")
            host.shell("ip link set wg0 up")
            requests = [[line for n in range(first, min(first + 1000, count)) for line in
                         (f"public_key={os.urandom(32).hex()}", f"allowed_ip=10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32")]
                        for first in range(0, count, 1000)]
            begun = time.monotonic()
            for lines in requests:
                tunnel.set(*lines)
            took = time.monotonic() - begun
            begun = time.monotonic()
            found = sum(key == "public_key" for key, _ in tunnel.get())
            lab.expect(found == count, f"{found} of {count} peers")
            return {"s to set": took, "s to get": time.monotonic() - begun, "MB resident": resident_mb(tunnel.process)}
        finally:
            tunnel.stop()
            lab.shell("ip netns del a", check=False)
    return measure


def idle(program, _):
    """Memory of one end that has carried a few packets."""
    pair = Pair(program)
    try:
        return {"MB resident": resident_mb(pair.tunnels[0].process)}
    finally:
        pair.stop()


MEASURES = [
    ("TCP, 1 stream", stream("")),
    ("TCP, 4 streams", stream("-P 4")),
    ("TCP, 1 stream, other way", stream("-R")),
    ("UDP, 1392 B at 100 Mb/s", stream("-u -l 1392 -b 100M")),
    ("echo, 1000 B, flood", flood),
    ("one peer", idle),
    ("1,000 peers", peers(1_000)),
    ("100,000 peers", peers(100_000)),
]


def cell(values):
    """Median and range of what the rounds gave, or why there is none."""
    numbers = [value for value in values if not isinstance(value, str)]
    if not numbers:
        return values[0]
    middle = figure(statistics.median(numbers))
    return middle if len(numbers) == 1 else f"{middle} ({figure(min(numbers))} to {figure(max(numbers))})"


def figure(number):
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"


def table(names, results):
    lines = ["| | | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for title, _ in MEASURES:
        runs = {name: results.get((title, name), []) for name in names}
        keys = dict.fromkeys(key for name in names for run in runs[name] for key in run if key != "refused")
        for number, key in enumerate(keys or ["refused"]):
            cells = [cell([run.get(key, run.get("refused", "")) for run in runs[name]]) for name in names if runs[name]]
            if cells:
                lines.append(f"| {title if number == 0 else ''} | {key} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def version(program):
    out = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"v?\d+\.[\d.]+", out)
    return f"{os.path.basename(program)} {found.group(0) if found else ''}".strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each stream")
    parser.add_argument("--only", default="", help="the measures whose title contains this text")
    parser.add_argument("--markdown", help="where to write the table too")
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    programs = [shutil.which(program) or sys.exit(f"there is no program {program}") for program in arguments.programs]
    lab.isolate("iperf3")
    lab.take_precedence()
    names, results = [version(program) for program in programs], {}
    for number in range(arguments.rounds):
        for title, measure in MEASURES:
            if arguments.only not in title:
                continue
            for name, program in zip(names, programs):
                try:
                    result = measure(program, arguments.seconds)
                except lab.Failed as error:
                    if not str(error).startswith("errno="):
                        raise
                    result = {"refused": "refused: " + str(error).split()[0]}
                results.setdefault((title, name), []).append(result)
                figures = ", ".join(f"{value if isinstance(value, str) else round(value, 3)} {key}"
                                    for key, value in result.items())
                print(f"round {number + 1}: {name}: {title}: {figures}", flush=True)
    text = table(names, results)
    print("\n" + text, end="")
    if arguments.markdown:
        pathlib.Path(arguments.markdown).write_text(text)


if __name__ == "__main__":
    main()
