#!/usr/bin/env python3
"""Plays a peer of WireGuard implementations, honest, wrong and hostile, and prints how each behaves.

Usage: wg_torture.py [--fast] [--only TEXT] [--json FILE] [--markdown FILE] IMPLEMENTATION...

An implementation is a userspace program (`PROGRAM INTERFACE`, with the configuration socket that wg(8) knows), or
`kernel:FOLDER`, Linux's own in a virtual machine (FOLDER: what kernel/build.sh has made). Each is put into namespaces
of its own; they run at the same time. --fast leaves the long timers out (about 40 s instead of four minutes).
The exit status is 1 if a check fails, 77 if nothing could be run.
"""
import argparse
import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import lab


def run_here(arguments):
    """One implementation, in this process's own namespaces."""
    from torture import bench, checks, target  # noqa: F401 (the checks register themselves)
    label, what = named(arguments.implementations[0])
    kernel = what.startswith("kernel:")
    driver = target.KernelDriver(what.partition(":")[2]) if kernel else target.ProgramDriver(what)
    driver.name = label or driver.name

    def report(result):
        if result["status"] != "pass" or not arguments.quiet:
            print(f"{driver.name}: {result['status']:4} {result['group']}: {result['title']} "
                  f"({result['seconds']} s) {result['note']}", flush=True)

    try:
        results = asyncio.run(bench.run(target.Target(driver), arguments.fast, arguments.only, report))
    finally:
        driver.stop()
    pathlib.Path(arguments.json).write_text(json.dumps({"name": driver.name, "results": results}, indent=1))
    if not results:
        raise lab.Failed("no check has such a name")
    return any(result["status"] == "FAIL" for result in results)


def named(text):
    """Splits NAME=IMPLEMENTATION; the name may be left out."""
    label, _, what = text.rpartition("=")
    return label, what


def table(runs):
    """Markdown: a row a behaviour, a column an implementation."""
    lines = ["| behaviour | " + " | ".join(run["name"] for run in runs) + " |", "|---|" + "---|" * len(runs)]
    notes, group = [], None
    for row in zip(*(run["results"] for run in runs)):
        if row[0]["group"] != group:
            group = row[0]["group"]
            lines.append(f"| **{group}** |" + " |" * len(runs))
        cells = []
        for result in row:
            cell = result["status"]
            if result["note"] and cell == "pass":
                cell += f" ({result['note']})"
            elif result["note"]:
                notes.append(result["note"])
                cell += f" [{len(notes)}]"
            cells.append(cell)
        lines.append(f"| {row[0]['title']} | " + " | ".join(cells) + " |")
    lines += [""] + [f"- [{number}] {note}" for number, note in enumerate(notes, 1)]
    counts = [f"{run['name']}: {sum(r['status'] == 'pass' for r in run['results'])} of {len(run['results'])} pass"
              for run in runs]
    return "\n".join([*lines, "", "; ".join(counts) + "."]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="without the long timers")
    parser.add_argument("--only", help="the checks whose `group: title` contains this text")
    parser.add_argument("--json", help="where to write the results")
    parser.add_argument("--markdown", help="where to write the table")
    parser.add_argument("--quiet", action="store_true", help="print only what does not pass, and the count")
    parser.add_argument("implementations", nargs="+")
    arguments = parser.parse_args()
    if os.environ.pop("WG_TORTURE_ONE", None) or os.environ.get("GINNEL_LAB"):
        os.environ["WG_TORTURE_ONE"] = "1"
        lab.isolate()
        lab.take_precedence()
        os.environ.pop("WG_TORTURE_ONE", None)
        sys.exit(run_here(arguments))
    earlier = [text for text in arguments.implementations if text.endswith(".json")]
    runs = [run for path in earlier for run in json.loads(pathlib.Path(path).read_text())]
    with tempfile.TemporaryDirectory() as folder:
        children = []
        for number, text in enumerate(text for text in arguments.implementations if text not in earlier):
            label, what = named(text)
            if not what.startswith("kernel:"):
                what = os.path.abspath(shutil.which(what) or sys.exit(f"there is no program {what}"))
            command = [sys.executable, __file__, "--json", f"{folder}/{number}", f"{label}={what}"]
            command += [flag for flag in ("--fast", "--quiet") if getattr(arguments, flag[2:])]
            command += ["--only", arguments.only] if arguments.only else []
            children.append(subprocess.Popen(command, env={**os.environ, "WG_TORTURE_ONE": "1"}))
        statuses = [child.wait() for child in children]
        files = [path for number in range(len(children)) if (path := pathlib.Path(folder, str(number))).exists()]
        runs = [json.loads(path.read_text()) for path in files] + runs
        if runs:
            print(table(runs), end="")
        if arguments.json:
            pathlib.Path(arguments.json).write_text(json.dumps(runs, indent=1) + "\n")
        if arguments.markdown:
            pathlib.Path(arguments.markdown).write_text(table(runs))
    sys.exit(next((status for status in statuses if status not in (0, lab.SKIP)), max(statuses, default=0)))


if __name__ == "__main__":
    main()
