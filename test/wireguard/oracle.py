"""WireGuard's handshake, cookies and transport, written from the paper alone.

It shares nothing with core/wg: what the two agree on, the paper says. Every message is built from explicit
inputs (ephemeral keys, indices, timestamps, nonces), so that a caller can also build a wrong one.
Spec: [WG] 5.4.
"""
import hashlib
import hmac
import os
import struct
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
LABEL_MAC1 = b"mac1----"
LABEL_COOKIE = b"cookie--"
INITIATION, RESPONSE, COOKIE_REPLY, TRANSPORT = 1, 2, 3, 4
INITIATION_SIZE, RESPONSE_SIZE, COOKIE_REPLY_SIZE, KEEPALIVE_SIZE = 148, 92, 64, 32
ZERO16, ZERO32 = bytes(16), bytes(32)


class Refused(Exception):
    """A message that an honest peer would have built otherwise; the text says what is wrong."""


# --- primitives ---

def blake2s(*parts):
    """BLAKE2s-256 of the parts, one after another."""
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key, *parts):
    """BLAKE2s with a key of up to 32 bytes and 16 bytes of output."""
    return hashlib.blake2s(b"".join(parts), key=key, digest_size=16).digest()


def kdf(count, key, ikm):
    """HKDF over HMAC-BLAKE2s: `count` outputs of 32 bytes."""
    def hmac_blake2s(k, text):
        return hmac.new(k, text, hashlib.blake2s).digest()

    secret, outputs, last = hmac_blake2s(key, ikm), [], b""
    for number in range(1, count + 1):
        last = hmac_blake2s(secret, last + bytes([number]))
        outputs.append(last)
    return outputs


def public_key(private):
    """The X25519 public key of 32 private bytes."""
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(*raw)


def dh(private, public):
    """X25519. Refuses the all-zero result of a low-order point."""
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise Refused("low-order point") from error


def reckless_dh(private, public):
    """X25519 with zeros for a low-order point: how an attacker computes, who knows that result beforehand."""
    try:
        return dh(private, public)
    except Refused:
        return ZERO32


def seal(key, counter, plaintext, additional):
    """ChaCha20-Poly1305 with the counter as the last 8 bytes of the nonce, little-endian."""
    return ChaCha20Poly1305(key).encrypt(bytes(4) + struct.pack("<Q", counter), plaintext, additional)


def unseal(key, counter, ciphertext, additional):
    """The inverse of seal()."""
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(4) + struct.pack("<Q", counter), ciphertext, additional)
    except InvalidTag as error:
        raise Refused("bad tag") from error


def hchacha20(key, nonce16):
    """The subkey derivation of XChaCha20. Spec: [XChaCha] 2.2."""
    s = list(struct.unpack("<4I8I4I", b"expand 32-byte k" + key + nonce16))

    def quarter(a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            s[z] ^= s[x]
            s[z] = (s[z] << turn | s[z] >> (32 - turn)) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return struct.pack("<8I", *s[:4], *s[12:])


def xseal(key, nonce24, plaintext, additional):
    """XChaCha20-Poly1305."""
    return ChaCha20Poly1305(hchacha20(key, nonce24[:16])).encrypt(bytes(4) + nonce24[16:], plaintext, additional)


def xunseal(key, nonce24, ciphertext, additional):
    """The inverse of xseal()."""
    try:
        return ChaCha20Poly1305(hchacha20(key, nonce24[:16])).decrypt(bytes(4) + nonce24[16:], ciphertext, additional)
    except InvalidTag as error:
        raise Refused("bad tag") from error


def tai64n(seconds=None):
    """A TAI64N label, 12 bytes, of a Unix time in seconds (now, if none is given)."""
    nanoseconds = time.time_ns() if seconds is None else round(seconds * 1_000_000_000)
    return struct.pack(">QI", (1 << 62) + 10 + nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)


def new_index():
    return int.from_bytes(os.urandom(4), "little")


# --- macs and cookies ---

def with_macs(body, receiver_public, cookie=None):
    """Appends mac1, and mac2 (zeros without a cookie), to a handshake message."""
    with_mac1 = body + mac(blake2s(LABEL_MAC1, receiver_public), body)
    return with_mac1 + (mac(cookie, with_mac1) if cookie else ZERO16)


def mac1_of(message):
    return message[-32:-16]


def check_macs(message, our_public, cookie=None):
    """Refuses a wrong mac1; with a cookie also a wrong mac2."""
    if not hmac.compare_digest(mac1_of(message), mac(blake2s(LABEL_MAC1, our_public), message[:-32])):
        raise Refused("mac1")
    if cookie is not None and not hmac.compare_digest(message[-16:], mac(cookie, message[:-16])):
        raise Refused("mac2")


def make_cookie(secret, address_and_port):
    """The cookie of a source: 4 or 16 bytes of address, 2 of port, big-endian."""
    return mac(secret, address_and_port)


def cookie_reply(receiver_index, our_public, nonce24, cookie, their_mac1):
    """Answers a handshake message whose mac1 is `their_mac1`."""
    sealed = xseal(blake2s(LABEL_COOKIE, our_public), nonce24, cookie, their_mac1)
    return struct.pack("<II", COOKIE_REPLY, receiver_index) + nonce24 + sealed


def open_cookie_reply(message, their_public, our_last_mac1, our_index=None):
    """Returns the cookie."""
    if len(message) != COOKIE_REPLY_SIZE:
        raise Refused("size")
    kind, receiver = struct.unpack("<II", message[:8])
    if kind != COOKIE_REPLY or (our_index is not None and receiver != our_index):
        raise Refused("type or receiver index")
    return xunseal(blake2s(LABEL_COOKIE, their_public), message[8:32], message[32:], our_last_mac1)


# --- the handshake ---

class Noise:
    """Chaining key and hash of one handshake, and what they were after each step."""

    def __init__(self, responder_public):
        self.ck = blake2s(CONSTRUCTION)
        self.h = blake2s(self.ck, IDENTIFIER)
        self.steps = []
        self.mark("start")
        self.mix_hash(responder_public)
        self.mark("responder static")

    def mark(self, name, **values):
        self.steps.append({"step": name, "chaining_key": self.ck, "hash": self.h, **values})

    def mix_hash(self, value):
        self.h = blake2s(self.h, value)

    def mix_key(self, ikm):
        """Returns the key for the next sealed field."""
        self.ck, key = kdf(2, self.ck, ikm)
        return key

    def mix_only(self, ikm):
        (self.ck,) = kdf(1, self.ck, ikm)

    def mix_psk(self, psk):
        self.ck, tau, key = kdf(3, self.ck, psk)
        self.mix_hash(tau)
        return key

    def seal(self, name, key, plaintext):
        sealed = seal(key, 0, plaintext, self.h)
        self.mix_hash(sealed)
        self.mark(name, key=key, sealed=sealed)
        return sealed

    def unseal(self, name, key, sealed):
        plaintext = unseal(key, 0, sealed, self.h)
        self.mix_hash(sealed)
        self.mark(name, key=key, sealed=sealed)
        return plaintext

    def ephemeral(self, name, public):
        self.mix_only(public)
        self.mix_hash(public)
        self.mark(name)

    def keys(self):
        """Transport keys: initiator to responder, responder to initiator."""
        return kdf(2, self.ck, b"")


class Initiator:
    """One handshake attempt, from the initiator's side."""

    def __init__(self, static, responder_public, psk=ZERO32, dh=dh):
        self.static, self.responder_public, self.psk, self.dh = static, responder_public, psk, dh
        self.noise, self.index, self.last_mac1 = None, None, None

    def initiation(self, cookie=None, index=None, ephemeral=None, timestamp=None, ephemeral_public=None,
                   static_public=None):
        """Builds the first message. What is not given is drawn or read from the clock."""
        self.index = new_index() if index is None else index
        self.ephemeral = ephemeral or os.urandom(32)
        self.static_public = static_public or public_key(self.static)
        ephemeral_public = ephemeral_public or public_key(self.ephemeral)
        noise = self.noise = Noise(self.responder_public)
        noise.ephemeral("initiator ephemeral", ephemeral_public)
        if ephemeral_public == public_key(self.ephemeral):
            shared = self.dh(self.ephemeral, self.responder_public)
        else:
            shared = ZERO32  # what a low-order ephemeral gives with any key
        static = noise.seal("static", noise.mix_key(shared), self.static_public)
        key = noise.mix_key(self.dh(self.static, self.responder_public))
        stamp = noise.seal("timestamp", key, timestamp or tai64n())
        body = struct.pack("<II", INITIATION, self.index) + ephemeral_public + static + stamp
        message = with_macs(body, self.responder_public, cookie)
        self.last_mac1 = mac1_of(message)
        return message

    def finish(self, message):
        """Takes the response and returns the Session."""
        if len(message) != RESPONSE_SIZE:
            raise Refused("size")
        kind, sender, receiver = struct.unpack("<III", message[:12])
        if kind != RESPONSE or receiver != self.index:
            raise Refused("type or receiver index")
        check_macs(message, self.static_public)
        noise = self.noise
        noise.ephemeral("responder ephemeral", message[12:44])
        noise.mix_only(self.dh(self.ephemeral, message[12:44]))
        noise.mark("ee")
        noise.mix_only(self.dh(self.static, message[12:44]))
        noise.mark("se")
        noise.unseal("empty", noise.mix_psk(self.psk), message[44:60])
        sending, receiving = noise.keys()
        return Session(self.index, sender, sending, receiving)


class Responder:
    """One handshake attempt, from the responder's side."""

    def __init__(self, static, dh=dh):
        self.static, self.dh = static, dh
        self.public = public_key(static)

    def accept(self, message, cookie=None):
        """Takes an initiation; initiator_public and timestamp are set then."""
        if len(message) != INITIATION_SIZE:
            raise Refused("size")
        kind, self.their_index = struct.unpack("<II", message[:8])
        if kind != INITIATION:
            raise Refused("type")
        check_macs(message, self.public, cookie)
        noise = self.noise = Noise(self.public)
        self.their_ephemeral = message[8:40]
        noise.ephemeral("initiator ephemeral", self.their_ephemeral)
        key = noise.mix_key(self.dh(self.static, self.their_ephemeral))
        self.initiator_public = noise.unseal("static", key, message[40:88])
        key = noise.mix_key(self.dh(self.static, self.initiator_public))
        self.timestamp = noise.unseal("timestamp", key, message[88:116])
        return self

    def response(self, psk=ZERO32, cookie=None, index=None, ephemeral=None, ephemeral_public=None):
        """Builds the second message and returns it with the Session."""
        index = new_index() if index is None else index
        ephemeral = ephemeral or os.urandom(32)
        honest = ephemeral_public is None
        ephemeral_public = ephemeral_public or public_key(ephemeral)
        noise = self.noise
        noise.ephemeral("responder ephemeral", ephemeral_public)
        noise.mix_only(self.dh(ephemeral, self.their_ephemeral) if honest else ZERO32)
        noise.mark("ee")
        noise.mix_only(self.dh(ephemeral, self.initiator_public) if honest else ZERO32)
        noise.mark("se")
        empty = noise.seal("empty", noise.mix_psk(psk), b"")
        body = struct.pack("<III", RESPONSE, index, self.their_index) + ephemeral_public + empty
        message = with_macs(body, self.initiator_public, cookie)
        self.last_mac1 = mac1_of(message)
        receiving, sending = noise.keys()
        return message, Session(index, self.their_index, sending, receiving)


# --- transport ---

class Session:
    """A pair of transport keys. Counters may be chosen, and nothing is checked for replay: the caller is the judge."""

    def __init__(self, index, their_index, sending, receiving):
        self.index, self.their_index = index, their_index
        self.sending, self.receiving = sending, receiving
        self.counter = 0

    def seal(self, packet=b"", counter=None, padding=None, receiver=None):
        """One transport message; zeros fill the packet up to a multiple of 16 unless `padding` says how many."""
        if counter is None:
            counter, self.counter = self.counter, self.counter + 1
        padding = -len(packet) % 16 if padding is None else padding
        receiver = self.their_index if receiver is None else receiver
        sealed = seal(self.sending, counter, packet + bytes(padding), b"")
        return struct.pack("<IIQ", TRANSPORT, receiver, counter) + sealed

    def open(self, message):
        """Returns counter and padded packet."""
        if len(message) < KEEPALIVE_SIZE:
            raise Refused("size")
        kind, receiver, counter = struct.unpack("<IIQ", message[:16])
        if kind != TRANSPORT or receiver != self.index:
            raise Refused("type or receiver index")
        return counter, unseal(self.receiving, counter, message[16:], b"")
