#!/usr/bin/env python3
"""Ginnel's end-to-end layer and other libraries at the same work, in CPU seconds of one thread.

usage: run.py BUILD_FOLDER [ROUNDS] [--markdown]
The programs take turns, round after round, so that a busy machine is unfair to all alike. Shown are the medians of all
rounds (lowest to highest), and by how much Ginnel is faster: the median of the ratios within the rounds.
"""
import collections
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKS = {
    "set_up": "set-ups",
    "ping_pong": "ping-pong messages",
    "one_way": "one-way messages",
    "one_time_key": "one-time keys made",
    "kem_key": "KEM keys made",
    "verify_bundle": "bundles verified",
}
# Whom a peer is compared with: who keeps sessions stored, with who does; X3DH with X3DH.
AGAINST = {
    "libsignal-client": "ginnel, stored",
    "libsignal-protocol-c": "ginnel, version 3, stored",
    "libomemo-c": "ginnel, version 3, stored",
    "libolm": "ginnel, version 3",
    "libolm, pickled": "ginnel, version 3, stored",
}
# What does not depend on how sessions are kept is measured once.
IN_MEMORY = {"ginnel, stored": "ginnel", "ginnel, version 3, stored": "ginnel, version 3"}


def node_program():
    """The command, or why there is none."""
    node = shutil.which("node")
    if not node:
        return None, "no node"
    version = subprocess.run([node, "-p", "process.versions.node"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.split(".")[0]) < 20:
        return None, f"node {version}; 20 or newer is needed"
    if not (HERE / "node_modules").is_dir():
        return None, "its npm package is not installed: ./dev bench peers does it, with npm"
    return [node, HERE / "libsignal.mjs"], None


def programs(build):
    """What can run, by name, and why the others cannot."""
    found, missing = {}, {}
    for name, program, package in (("ginnel", "peer_ginnel", None),
                                   ("libsignal-protocol-c", "peer_signal_c", "libsignal-protocol-c-dev"),
                                   ("libomemo-c", "peer_omemo", "libomemo-c-dev"),
                                   ("libolm", "peer_olm", "libolm-dev")):
        path = build / "bench" / "peers" / program
        if path.exists():
            found[name] = [path]
        else:
            missing[name] = f"not built: {package} was not there when CMake ran" if package else "not built"
    command, reason = node_program()
    if command:
        found["libsignal-client"] = command
    else:
        missing["libsignal-client"] = reason
    return found, missing


def run_rounds(found, rounds):
    """Figures by peer and work, one for each round; and the peers' versions."""
    figures, versions = collections.defaultdict(lambda: collections.defaultdict(list)), {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for command in found.values():
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
            if done.returncode != 0:
                sys.exit(f"{command[-1]} failed:\n{done.stdout}{done.stderr}")
            for line in map(json.loads, done.stdout.splitlines()):
                figures[line["peer"]][line["work"]].append(line["per_cpu_second"])
                versions[line["peer"]] = line["version"]
    return figures, versions


def short(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def cell(values):
    return f"{short(statistics.median(values))} ({short(min(values))}-{short(max(values))})" if values else "-"


def ratio(figures, peer, work):
    row = AGAINST[peer]
    ours = figures[row].get(work) or figures[IN_MEMORY.get(row, row)].get(work)
    theirs = figures[peer].get(work)
    if not ours or not theirs:
        return "-"
    return f"{statistics.median(a / b for a, b in zip(ours, theirs)):.1f}"


def table(rows, markdown):
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--markdown"]
    markdown = "--markdown" in sys.argv
    rounds = int(arguments[1]) if len(arguments) > 1 else 5
    found, missing = programs(pathlib.Path(arguments[0]))
    figures, versions = run_rounds(found, rounds)
    names = {peer: peer if peer.startswith("ginnel") else peer.replace(",", f" {versions[peer]},", 1) if "," in peer
             else f"{peer} {versions[peer]}" for peer in figures}
    rows = [["per CPU second", *WORKS.values()]]
    rows += [[names[peer], *(cell(figures[peer].get(work)) for work in WORKS)] for peer in figures]
    print(table(rows, markdown))
    peers = [peer for peer in figures if peer in AGAINST]
    if peers:
        rows = [["times as fast", "as", *WORKS.values()]]
        rows += [[AGAINST[peer], names[peer], *(ratio(figures, peer, work) for work in WORKS)] for peer in peers]
        print("\n" + table(rows, markdown))
    for name, reason in missing.items():
        print(f"\nWithout {name}: {reason}")


if __name__ == "__main__":
    main()
