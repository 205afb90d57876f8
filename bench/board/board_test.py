#!/usr/bin/env python3
"""The core on a bare RV32IMAC board, in QEMU: computes what it computes here,
within its stack, and without branches in the field that secrets go through.

Usage: board_test.py HOST_PROGRAM BOARD_BUILD
Exits with 77, and says why, where there is no board build (`./dev board`).
"""
import pathlib
import re
import shutil
import subprocess
import sys

STACK_LIMIT = 10 * 1024
# Functions of core/crypto/field25519_32.h that must be straight lines.
STRAIGHT = ("add", "subtract", "multiply", "square", "multiply_small", "choose", "swap_if")


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def digests(report):
    found = re.findall(r"^digest of (\w+) ([0-9a-f]{64})$", report, re.M)
    if len(found) != 3 or not report.endswith("known answers: ok\n"):
        sys.exit("no whole report:\n" + report)
    return found


def check_stack(report):
    rows = re.findall(r"^((?:bundle|session|safety number|tunnel).*?)  +\d+ +(\d+) +\d+ +\d+$", report, re.M)
    if len(rows) < 15:
        sys.exit("rows are missing in the report:\n" + report)
    over = [f"{what}: {stack}" for what, stack in rows if int(stack) > STACK_LIMIT]
    if over:
        sys.exit(f"more than {STACK_LIMIT} bytes of stack:\n" + "\n".join(over))


def check_branches(elf):
    names = output_of("riscv64-unknown-elf-nm", "-SC", str(elf))
    code = output_of("riscv64-unknown-elf-objdump", "-d", "--no-show-raw-insn", str(elf))
    branches = [int(at, 16) for at in re.findall(r"^ *([0-9a-f]+):\s+b\w+\s", code, re.M)]
    for function in STRAIGHT:
        spans = re.findall(rf"^([0-9a-f]+) ([0-9a-f]+) \w core::crypto::field32::{function}\(", names, re.M)
        if not spans:
            sys.exit(f"no field32::{function} in {elf}")
        for start, size in spans:
            if any(0 <= at - int(start, 16) < int(size, 16) for at in branches):
                sys.exit(f"a branch in field32::{function}")


def check_no_heap(elf):
    names = output_of("riscv64-unknown-elf-nm", "-C", str(elf))
    heap = re.findall(r"^.* (\w*alloc|free|_?sbrk|operator (?:new|delete).*|v?s?n?printf)$", names, re.M)
    if heap:
        sys.exit(f"{elf} has a heap: {heap}")


def main():
    host, build = sys.argv[1], pathlib.Path(sys.argv[2])
    image = build / "bench/board/board_report.img"
    for missing, present in (("qemu-system-riscv32", shutil.which("qemu-system-riscv32")),
                             (f"{image}: ./dev board makes it", image.exists())):
        if not present:
            print(f"skipped: there is no {missing}")
            return 77
    board = output_of(str(pathlib.Path(__file__).with_name("run.sh")), str(image))
    print(board)
    here, there = digests(output_of(host)), digests(board)
    if here != there:
        sys.exit(f"the board computes something else:\n{here}\n{there}")
    check_stack(board)
    check_branches(image.with_suffix(".elf"))
    for program in ("board_report", "c_library_size", "tunnel_size"):
        check_no_heap(image.with_name(program + ".elf"))
    print("the board computes the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
