#!/usr/bin/env python3
"""The whole device within 128 KB of RAM: it enrols, talks through its tunnel, and is started anew.

Usage: tiny_test.py BOARD_BUILD BUILD [KILLS]
What holds the program to its RAM is the linker, and on the board its memory protection.
"""
import device_test


class Test(device_test.Test):
    messages = 30
    room = 16
    longest = 640

    def mail_waits(self):
        """More mail than it has room for waits at the site while it is away, one of them too large for it."""
        self.chip.kill()
        for i in range(self.room + 4):
            self.alice_sends(f"{i} waits ".ljust(self.longest, "x"))
        self.alice.post("chip", "x" * 50_000)
        self.alice_sends("after the large one")
        self.chip.start()
        self.chip.online()
        self.chip_sends("here again")
        self.all_arrive()

    def steps(self):
        return (("it enrols", self.enrols), (f"{self.messages} messages each way", self.talk),
                ("messages of the largest size", self.largest), ("no room is left", self.is_full), ("mail waits for it", self.mail_waits),
                ("safety numbers", self.safety_numbers), (f"it loses power {self.kills} times", self.loses_power),
                ("site and broker die", self.site_dies), ("it renews its certificate", self.renews))


if __name__ == "__main__":
    device_test.main(Test)
