"""The cable of a board in bad weather: it loses, delays and doubles frames, by a dice that is the same every time."""
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import threading
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
LONGEST_DELAY = 0.05  # seconds


class Storm:
    """Carries frames between QEMU, to which they are datagrams, and a tap device. Fine weather until rages() is called."""

    def __init__(self, host, tap, port, seed):
        """`host`: whose tap device it is, and where QEMU runs; `port`: it and the next one are used there."""
        self.link = f"socket,udp=127.0.0.1:{port},localaddr=127.0.0.1:{port + 1}"  # what QEMU's -netdev takes
        self.dice = random.Random(seed)
        self.lost = self.late = self.doubled = 0.0
        self.counts = dict.fromkeys(("frames", "lost", "late", "doubled"), 0)
        with host.entered():
            self.qemu = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.qemu.bind(("127.0.0.1", port))
            self.qemu.setblocking(False)
            self.there = ("127.0.0.1", port + 1)
            self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
        threading.Thread(target=self.carry, daemon=True).start()

    def rages(self, lost, late, doubled):
        """How likely each is for a frame; a late one is overtaken by others."""
        self.lost, self.late, self.doubled = lost, late, doubled

    def ends(self):
        self.rages(0, 0, 0)

    def carry(self):
        waiting, number = [], 0
        while True:
            pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
            for source in select.select([self.qemu, self.tap], [], [], pause)[0]:
                frame = self.qemu.recv(65536) if source is self.qemu else os.read(self.tap, 65536)
                for delay in self.fate():
                    number += 1
                    heapq.heappush(waiting, (time.monotonic() + delay, number, source is self.qemu, frame))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, out, frame = heapq.heappop(waiting)
                if out:
                    os.write(self.tap, frame)
                else:
                    self.qemu.sendto(frame, self.there)

    def fate(self):
        """When a frame arrives, in seconds: never, once or twice."""
        self.counts["frames"] += 1
        if self.dice.random() < self.lost:
            self.counts["lost"] += 1
            return []
        late = self.dice.random() < self.late
        doubled = self.dice.random() < self.doubled
        self.counts["late"] += late
        self.counts["doubled"] += doubled
        return [self.dice.uniform(0, LONGEST_DELAY) if late else 0] + doubled * [self.dice.uniform(0, LONGEST_DELAY)]
