"""A peer that the checks play: sockets, an inbox, and the usual courses of a conversation."""
import asyncio
import os
import time

import oracle
from lab import Failed
from . import packets, target

KINDS = {oracle.INITIATION: "initiation", oracle.RESPONSE: "response", oracle.COOKIE_REPLY: "cookie reply",
         oracle.TRANSPORT: "transport message"}
PATIENCE = 3.0  # seconds for an answer that must come
QUIET = 0.4     # seconds in which an answer that must not come would have come


class Received:
    """A datagram, when it came, and to which of our sockets."""

    def __init__(self, message, where):
        self.at, self.message, self.where = time.monotonic(), message, where
        self.kind = int.from_bytes(message[:4], "little")


class Socket(asyncio.DatagramProtocol):
    """One of a peer's addresses."""

    def __init__(self, peer, family, address):
        self.peer, self.family, self.address = peer, family, address

    @classmethod
    async def open(cls, peer, family=4, host=0, port=0):
        make = lambda: cls(peer, family, target.OUR_ADDRESSES[family][host])
        loop = asyncio.get_running_loop()
        transport, self = await loop.create_datagram_endpoint(make, (target.OUR_ADDRESSES[family][host], port))
        self.transport, self.port = transport, transport.get_extra_info("sockname")[1]
        return self

    def datagram_received(self, data, _):
        self.peer.receive(Received(data, self))

    def send(self, message):
        self.transport.sendto(message, (target.OUTER[self.family], self.peer.lab.target.port))

    @property
    def endpoint(self):
        return self.address, self.port


class Peer:
    """Our end of one tunnel: a key, inner addresses, and everything that the target has sent to it."""

    def __init__(self, lab, number, psk):
        self.lab, self.psk = lab, psk
        self.private = os.urandom(32)
        self.public = oracle.public_key(self.private)
        self.inner = f"10.99.{1 + number // 200}.{1 + number % 200}"
        self.inner6 = f"fd99::{0x100 + number:x}"
        self.inbox, self.sessions, self.arrival = [], {}, asyncio.Event()
        self.echoes, self.initiated = 0, 0.0

    async def open(self, family=4, host=0):
        return await Socket.open(self, family, host)

    # --- datagrams ---

    def receive(self, received):
        self.inbox.append(received)
        self.arrival.set()

    def send(self, message, where=None):
        (where or self.main).send(message)

    async def take(self, *kinds, within=None, where=None, accept=lambda received: True):
        """The first message of these kinds that comes, or has come and was not taken."""
        within = self.patience if within is None else within
        deadline = time.monotonic() + within
        while True:
            for position, received in enumerate(self.inbox):
                if received.kind in kinds and (where is None or received.where is where) and accept(received):
                    return self.inbox.pop(position)
            self.arrival.clear()
            try:
                await asyncio.wait_for(self.arrival.wait(), max(0, deadline - time.monotonic()))
            except asyncio.TimeoutError:
                names = " or ".join(KINDS[kind] for kind in kinds)
                raise Failed(f"no {names} within {within:g} s") from None

    async def none(self, *kinds, during=QUIET, why="", accept=lambda received: True):
        """Fails if a message of these kinds comes."""
        try:
            received = await self.take(*kinds, within=during, accept=accept)
        except Failed:
            return
        raise Failed(f"{KINDS[received.kind]} {why}".rstrip())

    @property
    def patience(self):
        return PATIENCE * self.lab.target.driver.patience

    def forget(self):
        self.inbox.clear()

    # --- handshakes ---

    def initiator(self, **arguments):
        return oracle.Initiator(self.private, self.lab.target.public, self.psk, **arguments)

    def adopt(self, session):
        self.sessions[session.index] = session
        return session

    async def exchange(self, cookie=None, where=None):
        """We initiate; the session is not confirmed yet."""
        # Two initiations within 20 ms are an attack.
        await asyncio.sleep(self.initiated + 0.04 - time.monotonic())
        initiator = self.initiator()
        self.send(initiator.initiation(cookie), where)
        self.initiated = time.monotonic()
        return self.adopt(initiator.finish((await self.response_to(initiator)).message))

    async def response_to(self, initiator, within=None):
        mine = initiator.index.to_bytes(4, "little")
        return await self.take(oracle.RESPONSE, within=within, accept=lambda received: received.message[8:12] == mine)

    async def unanswered(self, message, why, where=None, during=QUIET):
        """Sends an initiation that must not be answered by a response."""
        self.send(message, where)
        index = message[4:8]
        await self.none(oracle.RESPONSE, during=during, why=why, accept=lambda received: received.message[8:12] == index)

    async def connect(self, where=None):
        """We initiate and confirm by a keepalive."""
        session = await self.exchange(where=where)
        self.send(session.seal(), where)
        return session

    async def initiation(self, within=None, where=None):
        """Takes the target's initiation; returns our half-done answer."""
        received = await self.take(oracle.INITIATION, within=within, where=where)
        responder = oracle.Responder(self.private).accept(received.message)
        if responder.initiator_public != self.lab.target.public:
            raise Failed("the initiation has another static key")
        responder.at, responder.message = received.at, received.message
        return responder

    def answer(self, responder, where=None):
        message, session = responder.response(self.psk)
        self.send(message, where)
        return self.adopt(session)

    async def connected_by_target(self):
        """The target initiates because its host sends; returns the session after its first data."""
        await self.lab.target.send(self.inner)
        session = self.answer(await self.initiation())
        await self.request(session)
        return session

    # --- data ---

    def opened(self, received):
        """The session and the padded packet of a transport message."""
        index = int.from_bytes(received.message[4:8], "little")
        if index not in self.sessions:
            raise Failed(f"transport message for index {index:#x}, which no session of this peer has")
        session = self.sessions[index]
        counter, packet = session.open(received.message)
        return session, counter, packet

    async def take_inner(self, accept, within=None, where=None, what="packet"):
        """The first decrypted packet with accept(inner); others are dropped."""
        within = self.patience if within is None else within
        deadline = time.monotonic() + within
        while True:
            try:
                received = await self.take(oracle.TRANSPORT, within=deadline - time.monotonic(), where=where)
            except Failed:
                raise Failed(f"no {what} within {within:g} s") from None
            session, counter, packet = self.opened(received)
            inner = packets.Inner(packet)
            inner.session, inner.counter, inner.at, inner.where = session, counter, received.at, received.where
            if accept(inner):
                return inner

    async def request(self, session=None, within=None, where=None):
        """The echo request of the target's host."""
        inner = await self.take_inner(lambda inner: inner.is_request, within, where, "data from the target")
        if session and inner.session is not session:
            raise Failed("data under another session")
        return inner

    def ping(self, session, version=4, body=b"ginnel", source=None, counter=None, where=None, **sealing):
        """Sends an echo request to the target's inner address; returns its number."""
        self.echoes += 1
        source = source or (self.inner if version == 4 else self.inner6)
        packet = packets.echo(source, target.INNER if version == 4 else target.INNER6, self.echoes, body)
        self.send(session.seal(packet, counter, **sealing), where)
        return self.echoes

    async def pong(self, number, within=None, where=None):
        return await self.take_inner(lambda inner: inner.is_reply and inner.number == number, within, where,
                                     "echo reply")

    async def echo(self, session, version=4, **arguments):
        """A round trip through the tunnel: proof that the session carries data both ways."""
        return await self.pong(self.ping(session, version, **arguments))

    async def delivered(self, session, number, probe=None):
        """Whether echo `number` is answered. Bounded by a later echo in `probe` (or the same session), which must be."""
        last = self.ping(probe or session)
        answered = False
        while True:
            inner = await self.take_inner(lambda inner: inner.is_reply and inner.number in (number, last), None,
                                          None, "echo reply to a good packet")
            answered |= inner.number == number
            if inner.number == last:
                break
        return answered

    async def send_quietly(self, session):
        """Sends data that nobody answers: an echo reply out of the blue."""
        self.send(session.seal(packets.echo(self.inner, target.INNER, 1, kind=packets.ECHO_REPLY)))
