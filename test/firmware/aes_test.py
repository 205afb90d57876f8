#!/usr/bin/env python3
"""AES of messages by mbedTLS, as on a chip that has a peripheral for it, against the portable code.

Usage: aes_test.py BOARD_BUILD
"""
import pathlib
import sys

import board


def main():
    image = pathlib.Path(sys.argv[1]) / "test/firmware/aes.img"
    board.need(image)
    status, console = board.run(image)
    if status != 0 or console != "all checked\n":
        sys.exit(f"status {status}:\n{console}")
    print("mbedTLS does what the portable code does")


if __name__ == "__main__":
    main()
