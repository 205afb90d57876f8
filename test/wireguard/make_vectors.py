#!/usr/bin/env python3
"""Writes test/vectors/wireguard/handshake.json: whole handshakes with every intermediate value.

All randomness is BLAKE2s of a name, so the file can be made again at any time and is always the same.
Usage: make_vectors.py [--check] FILE
"""
import json
import pathlib
import struct
import sys

import oracle


def named(name, size=32):
    """The fixed random bytes of that name."""
    return oracle.blake2s(b"ginnel wireguard vector: " + name.encode())[:size]


def index(name):
    return struct.unpack("<I", named(name, 4))[0]


def printable(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list) else value


def ipv4(payload, source=(10, 99, 0, 1), destination=(10, 99, 0, 2)):
    """A UDP-less IPv4 packet with a right header checksum; protocol 253 is for experiments."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 64, 253, 0, bytes(source), bytes(destination))
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return header[:10] + struct.pack(">H", checksum) + header[12:] + payload


def ipv6(payload, source=1, destination=2):
    net = bytes.fromhex("fd990000000000000000000000000000")
    address = [net[:15] + bytes([host]) for host in (source, destination)]
    return struct.pack(">IHBB", 6 << 28, len(payload), 253, 64) + address[0] + address[1] + payload


def macs_of(message, receiver_public, cookie=None):
    return {"mac1_key": oracle.blake2s(oracle.LABEL_MAC1, receiver_public), "mac1": message[-32:-16],
            "mac2": message[-16:], "cookie": cookie or b""}


def transport(initiator, responder):
    """Both directions, the sizes around the padding, a keepalive, and counters at the edges."""
    packets = [("i2r", 0, b""), ("r2i", 0, ipv4(b"ping")), ("i2r", 1, ipv4(b"x" * 12)), ("i2r", 2, ipv4(b"x" * 13)),
               ("r2i", 1, ipv6(b"six")), ("i2r", 3, ipv6(bytes(range(200)))), ("r2i", 2, b""),
               ("i2r", 4, ipv4(bytes(i & 0xFF for i in range(1400)))), ("i2r", 2**32 - 1, ipv4(b"a")),
               ("i2r", 2**32, ipv4(b"b")), ("r2i", 2**60, ipv4(b"c")), ("i2r", 2**64 - 2**13 - 2, ipv4(b"d"))]
    messages = []
    for direction, counter, packet in packets:
        sender, receiver = (initiator, responder) if direction == "i2r" else (responder, initiator)
        message = sender.seal(packet, counter)
        opened = receiver.open(message)
        assert opened[0] == counter and opened[1].startswith(packet) and len(opened[1]) % 16 == 0
        messages.append({"direction": direction, "counter": str(counter), "packet": packet, "padded": opened[1],
                         "message": message})
    return messages


def handshake(name, psk, cookies):
    """One handshake. With `cookies` both sides are under load: each first message is answered by a cookie reply."""
    static_i, static_r = named(name + " initiator static"), named(name + " responder static")
    public_i, public_r = oracle.public_key(static_i), oracle.public_key(static_r)
    ephemeral_i, ephemeral_r = named(name + " initiator ephemeral"), named(name + " responder ephemeral")
    index_i, index_r = index(name + " initiator index"), index(name + " responder index")
    timestamp = oracle.tai64n(1_800_000_000.25)
    out = {"name": name, "initiator": {"static_private": static_i, "static_public": public_i,
                                       "ephemeral_private": ephemeral_i, "ephemeral_public": oracle.public_key(ephemeral_i),
                                       "index": index_i},
           "responder": {"static_private": static_r, "static_public": public_r, "ephemeral_private": ephemeral_r,
                         "ephemeral_public": oracle.public_key(ephemeral_r), "index": index_r},
           "psk": psk, "timestamp": timestamp}

    def cookie_exchange(side, refused, sender_public, our_index):
        """`refused` is answered by a cookie reply from the owner of sender_public; returns the cookie and the record."""
        secret, nonce = named(f"{name} {side} cookie secret"), named(f"{name} {side} cookie nonce", 24)
        source = bytes([192, 0, 2, 7]) + struct.pack(">H", 51820) if side == "responder" \
            else bytes.fromhex("20010db8000000000000000000000007") + struct.pack(">H", 51821)
        cookie = oracle.make_cookie(secret, source)
        reply = oracle.cookie_reply(our_index, sender_public, nonce, cookie, oracle.mac1_of(refused))
        assert oracle.open_cookie_reply(reply, sender_public, oracle.mac1_of(refused), our_index) == cookie
        return cookie, {"refused": refused, "secret": secret, "source_address_and_port": source, "cookie": cookie,
                        "nonce": nonce, "key": oracle.blake2s(oracle.LABEL_COOKIE, sender_public), "reply": reply}

    initiator = oracle.Initiator(static_i, public_r, psk)
    fixed = {"index": index_i, "ephemeral": ephemeral_i, "timestamp": timestamp}
    cookie = None
    if cookies:
        refused = initiator.initiation(index=index_i, ephemeral=named(name + " refused ephemeral"),
                                       timestamp=oracle.tai64n(1_799_999_990))
        cookie, out["cookie_for_initiator"] = cookie_exchange("responder", refused, public_r, index_i)
    initiation = initiator.initiation(cookie, **fixed)
    out["initiation"] = {"message": initiation, **macs_of(initiation, public_r, cookie)}
    cookie_r = None
    responder = oracle.Responder(static_r).accept(initiation, cookie)
    assert responder.initiator_public == public_i and responder.timestamp == timestamp
    if cookies:  # the refused response has the same state before it: a second responder makes it
        twin = oracle.Responder(static_r).accept(initiation, cookie)
        refused, _ = twin.response(psk, None, index_r, named(name + " refused response ephemeral"))
        cookie_r, out["cookie_for_responder"] = cookie_exchange("initiator", refused, public_i, index_r)
    response, session_r = responder.response(psk, cookie_r, index_r, ephemeral_r)
    out["response"] = {"message": response, **macs_of(response, public_i, cookie_r)}
    if cookie_r:
        oracle.check_macs(response, public_i, cookie_r)
    session_i = initiator.finish(response)
    assert initiator.noise.steps == responder.noise.steps
    assert (session_i.sending, session_i.receiving) == (session_r.receiving, session_r.sending)
    out["steps"] = initiator.noise.steps
    out["keys"] = {"initiator_to_responder": session_i.sending, "responder_to_initiator": session_i.receiving}
    out["transport"] = transport(session_i, session_r)
    return out


def primitives():
    """Small known answers under the handshake."""
    key, text = named("primitive key"), named("primitive text")
    nonce = named("primitive nonce", 24)
    kdfs = [{"key": key, "input": ikm, "outputs": oracle.kdf(3, key, ikm)} for ikm in (b"", b"x", text, text + text)]
    return {"kdf": kdfs, "mac": [{"key": key[:n], "input": text, "mac": oracle.mac(key[:n], text)} for n in (16, 32)],
            "xchacha20poly1305": {"key": key, "nonce": nonce, "plaintext": text[:16], "additional": text[16:],
                                  "subkey": oracle.hchacha20(key, nonce[:16]),
                                  "sealed": oracle.xseal(key, nonce, text[:16], text[16:])}}


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    psk = named("the preshared key")
    vectors = {"origin": "test/wireguard/make_vectors.py; its oracle completes handshakes with wireguard-go and Linux",
               "primitives": primitives(),
               "handshakes": [handshake("plain", oracle.ZERO32, False), handshake("psk", psk, False),
                              handshake("cookies", oracle.ZERO32, True), handshake("psk and cookies", psk, True)]}
    text = json.dumps(printable(vectors), indent=1) + "\n"
    path = pathlib.Path(arguments[0])
    if "--check" in sys.argv:
        if path.read_text() != text:
            sys.exit(f"{path} is not what make_vectors.py writes")
    else:
        path.write_text(text)


if __name__ == "__main__":
    main()
