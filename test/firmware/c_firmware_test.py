#!/usr/bin/env python3
"""examples/c/firmware.c on the board: C, ginnel.h and libsodium, and no randomness that is not there.

Usage: c_firmware_test.py BOARD_BUILD
"""
import pathlib
import sys

import board


def main():
    image = pathlib.Path(sys.argv[1]) / "test/firmware/c_firmware.img"
    board.need(image)
    assert board.run(image, *board.ENTROPY) == (0, "display: 21.5 degrees\nsensor: shown\n")
    status, console = board.run(image)
    assert status == 1 and console.startswith("identity: "), console
    print("C firmware does what it must")


if __name__ == "__main__":
    main()
