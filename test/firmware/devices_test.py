#!/usr/bin/env python3
"""The board's entropy, clocks, flash and network, with and without the devices; and what it does when it traps.

Usage: devices_test.py BOARD_BUILD
"""
import pathlib
import re
import sys
import tempfile
import time

import board


def checked(image, *arguments):
    """What the program says of each device, if everything holds."""
    status, console = board.run(image, *arguments)
    if status != 0 or "FAILED" in console or not console.endswith("all checked\n"):
        sys.exit(f"status {status}:\n{console}")
    return dict(re.findall(r"^([a-z ]+): ([0-9a-f]+|none)$", console, re.M))


def check_panics(image):
    """A full stack, a broken invariant and a loop that does not end: each is told at the next start, once."""
    with tempfile.TemporaryDirectory() as folder:
        flash = pathlib.Path(folder) / "flash.img"
        board.make_flash(flash)
        status, console = board.run(image, *board.flash(flash))
        told = re.findall(r"^(no panic|cause=\d+) ?$", console, re.M)
        assert status == 0 and told == ["no panic", "cause=7", "cause=3", f"cause={1 << 31 | 7}"], f"{status} {console}"
        status, console = board.run(image, *board.flash(flash))
        assert console.startswith("no panic"), console


def main():
    image = pathlib.Path(sys.argv[1]) / "test/firmware/devices.img"
    board.need(image)
    check_panics(pathlib.Path(sys.argv[1]) / "test/firmware/panics.img")
    bare = checked(image)
    assert (bare["entropy"], bare["network"]) == ("none", "none"), bare

    with tempfile.TemporaryDirectory() as folder:
        flash = pathlib.Path(folder) / "flash.img"
        board.make_flash(flash)
        devices = [*board.ENTROPY, *board.flash(flash), *board.network("user")]
        first, second = checked(image, *devices), checked(image, *devices)
    assert first["network"] == "525400123456", first
    assert len(first["entropy"]) == 64 and first["entropy"] != second["entropy"], "the same randomness twice"
    assert first["flash"] == "ff" * 8, first
    assert second["flash"] == "0102030405060730", f"flash does not keep what it is given: {second}"
    assert (first["store"], second["store"]) == ("00" * 8, "00" * 7 + "01"), "the store does not count its boots"
    assert abs(int(second["wall time"], 16) - time.time() * 1000) < 60_000, "the wall time is wrong"
    print("the devices do what they must")


if __name__ == "__main__":
    main()
