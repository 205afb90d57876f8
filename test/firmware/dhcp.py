"""A server that gives addresses, as small as can be: there is one address, for whoever asks."""
import contextlib
import socket
import struct
import threading

REQUEST, REPLY, MAGIC = 1, 2, b"\x63\x82\x53\x63"
DISCOVER, OFFER, ASK, ACK, NAK = 1, 2, 3, 5, 6
MASK, ASKED_FOR, LEASE, KIND, SERVER, END = 1, 50, 51, 53, 54, 255
LEASE_S = 120  # it is asked for again after half of it


class Dhcp:
    """Answers on port 67 of the host on which this is made. `given` is the address; another one is refused."""

    def __init__(self, address, interface, given):
        self.address, self.given = address, given
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.udp.bind(("", 67))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            message = self.udp.recv(1500)
            with contextlib.suppress(IndexError, KeyError, struct.error):
                if answer := self.answer(message):
                    self.udp.sendto(answer, ("255.255.255.255", 68))

    def answer(self, message):
        options = options_of(message)
        kind = options[KIND][0]
        if message[0] != REQUEST or kind not in (DISCOVER, ASK):
            return None
        given = socket.inet_aton(self.given)
        if kind == ASK and options.get(ASKED_FOR, message[12:16]) != given:
            return self.reply(message, NAK, bytes(4), b"")
        more = bytes([MASK, 4, 255, 255, 255, 0]) + struct.pack(">BBI", LEASE, 4, LEASE_S)
        return self.reply(message, OFFER if kind == DISCOVER else ACK, given, more)

    def reply(self, message, kind, given, more):
        head = bytes([REPLY]) + message[1:3] + b"\0" + message[4:8] + bytes(2) + message[10:12] + bytes(4) + given + bytes(8)
        options = bytes([KIND, 1, kind, SERVER, 4]) + socket.inet_aton(self.address) + more + bytes([END])
        return head + message[28:44] + bytes(192) + MAGIC + options


def options_of(message):
    """By their number."""
    options, at = {}, 240
    while message[at] != END:
        if message[at] == 0:
            at += 1
            continue
        size = message[at + 1]
        options[message[at]] = message[at + 2:at + 2 + size]
        at += 2 + size
    return options
