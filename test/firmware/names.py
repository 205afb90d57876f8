"""A server for names, as small as can be: it knows addresses of version 4, or nothing at all."""
import contextlib
import socket
import struct
import threading

A, IN, NO_SUCH_NAME = 1, 1, 3


class Names:
    """Answers on port 53 of the host on which this is made."""

    def __init__(self, address, known):
        self.known, self.answers, self.asked = known, True, []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, whom = self.udp.recvfrom(512)
            with contextlib.suppress(ValueError, IndexError, struct.error):
                self.udp.sendto(self.answer(query), whom)

    def answer(self, query):
        labels, at = [], 12
        while size := query[at]:
            labels.append(query[at + 1:at + 1 + size].decode())
            at += 1 + size
        question = query[12:at + 5]
        name = ".".join(labels)
        self.asked.append(name)
        address = self.known.get(name) if self.answers and question[-4:] == struct.pack(">HH", A, IN) else None
        flags = 0x8580 | (0 if address else NO_SUCH_NAME)
        head = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if address else 0, 0, 0)
        if not address:
            return head + question
        return head + question + struct.pack(">HHHIH", 0xC00C, A, IN, 1, 4) + socket.inet_aton(address)
