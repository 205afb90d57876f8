"""Inner IP packets: echo requests and what comes back."""
import ipaddress
import struct

ECHO_REQUEST = {4: 8, 6: 128}
ECHO_REPLY = {4: 0, 6: 129}
PROTOCOL = {4: 1, 6: 58}


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def ip_packet(source, destination, protocol, payload):
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source.packed + destination.packed + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0) + source.packed + destination.packed
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def echo(source, destination, number=1, body=b"ginnel", kind=ECHO_REQUEST):
    """An ICMP echo request, or with ECHO_REPLY an answer that nobody has asked for."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    version = source.version
    icmp = struct.pack(">BBHHH", kind[version], 0, 0, 0x6763, number & 0xFFFF) + body
    pseudo = b"" if version == 4 else source.packed + destination.packed + struct.pack(">II", len(icmp), 58)
    icmp = icmp[:2] + struct.pack(">H", checksum(pseudo + icmp)) + icmp[4:]
    return ip_packet(source, destination, PROTOCOL[version], icmp)


class Inner:
    """A decrypted packet taken apart; `number` and `body` are those of an echo."""

    def __init__(self, padded):
        self.padded = padded
        self.version = padded[0] >> 4 if padded else 0
        self.is_reply = self.is_request = False
        self.number = None
        if self.version == 4 and len(padded) >= 28:
            size, start = struct.unpack(">H", padded[2:4])[0], 4 * (padded[0] & 15)
            self.source, self.destination, protocol = padded[12:16], padded[16:20], padded[9]
        elif self.version == 6 and len(padded) >= 48:
            size, start = 40 + struct.unpack(">H", padded[4:6])[0], 40
            self.source, self.destination, protocol = padded[8:24], padded[24:40], padded[6]
        else:
            return
        self.packet, self.padding = padded[:size], padded[size:]
        self.source, self.destination = str(ipaddress.ip_address(self.source)), str(ipaddress.ip_address(self.destination))
        if protocol == PROTOCOL[self.version]:
            icmp = self.packet[start:]
            self.is_reply, self.is_request = icmp[0] == ECHO_REPLY[self.version], icmp[0] == ECHO_REQUEST[self.version]
            self.number, self.body = struct.unpack(">H", icmp[6:8])[0], icmp[8:]
