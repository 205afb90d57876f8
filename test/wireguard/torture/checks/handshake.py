"""The three handshake messages: what is answered, and what must not be. Spec: [WG] 5.4."""
import asyncio
import os
import time

import oracle
from lab import expect
from ..bench import check

# The points of small order and their twins above the prime, as X25519 reads them. Spec: [RFC7748] 6.1.
LOW_ORDER = [bytes.fromhex(text) for text in (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]


@check("handshake", "answers over IPv4 and over IPv6")
async def responds(bench):
    for family in (4, 6):
        peer = await bench.peer(family=family)
        session = await peer.connect()
        await peer.echo(session)
        await peer.echo(session, version=6)


@check("handshake", "initiates when its host sends, and sends what waited")
async def initiates(bench):
    peer = await bench.peer()
    for size in (16, 17, 18):
        await bench.target.send(peer.inner, size)
    session = peer.answer(await peer.initiation())
    sizes = sorted([len((await peer.request(session)).body) for _ in range(3)])
    expect(sizes == [16, 17, 18], f"of three packets that waited came {sizes}")


@check("handshake", "mixes the preshared key, in both roles")
async def preshared(bench):
    peer = await bench.peer(psk=os.urandom(32))
    await peer.echo(await peer.connect())
    other = await bench.peer(psk=os.urandom(32))
    await other.connected_by_target()


@check("handshake", "refuses a wrong preshared key, in both roles")
async def wrong_preshared(bench):
    peer = await bench.peer(psk=os.urandom(32))
    right, peer.psk = peer.psk, os.urandom(32)
    initiator = peer.initiator()
    peer.send(initiator.initiation())
    received = await peer.response_to(initiator)
    try:
        initiator.finish(received.message)
    except oracle.Refused:
        pass
    else:
        expect(False, "its response opens with a key that it cannot have")
    other = await bench.peer(psk=os.urandom(32))
    await bench.target.send(other.inner)
    responder = await other.initiation()
    message, _ = responder.response(right)
    other.send(message)
    await other.none(oracle.TRANSPORT, why="after a response with another preshared key")


async def ignores(bench, make, why):
    """An initiation made wrong is not answered, and the same peer still connects."""
    peer = await bench.peer()
    for message in make(peer):
        await peer.unanswered(message, why)
    await peer.echo(await peer.connect())


@check("handshake", "ignores an initiation with a wrong mac1")
async def wrong_mac1(bench):
    def make(peer):
        message = peer.initiator().initiation()
        yield message[:116] + bytes([message[116] ^ 1]) + message[117:]
        yield message[:116] + oracle.ZERO16 + message[132:]
    await ignores(bench, make, "to an initiation with a wrong mac1")


@check("handshake", "ignores an initiation with reserved bytes set")
async def reserved_bytes(bench):
    def make(peer):
        for place in (1, 2, 3):
            body = bytearray(peer.initiator().initiation()[:116])
            body[place] = 1
            yield oracle.with_macs(bytes(body), bench.target.public)
    await ignores(bench, make, "although a reserved byte is set")


@check("handshake", "ignores an initiation too short or too long")
async def sizes(bench):
    def make(peer):
        message = peer.initiator().initiation()
        yield message + b"\0"
        yield message[:-1]
        yield message + message
        yield oracle.with_macs(message[:115], bench.target.public)
        yield oracle.with_macs(message[:116] + b"\0", bench.target.public)
    await ignores(bench, make, "to a message of another size")


@check("handshake", "ignores an initiation with each field damaged")
async def damaged(bench):
    def make(peer):
        for place in (8, 39, 40, 87, 88, 115):
            body = bytearray(peer.initiator().initiation()[:116])
            body[place] ^= 1
            yield oracle.with_macs(bytes(body), bench.target.public)
    await ignores(bench, make, "to a damaged initiation")


@check("handshake", "ignores a stranger's key")
async def stranger(bench):
    peer = await bench.peer()
    stranger = oracle.Initiator(os.urandom(32), bench.target.public)
    await peer.unanswered(stranger.initiation(), "to a stranger")
    await peer.echo(await peer.connect())


@check("handshake", "ignores an initiation with a low-order ephemeral key")
async def low_order_initiation(bench):
    await ignores(bench, lambda peer: (peer.initiator().initiation(ephemeral_public=point) for point in LOW_ORDER),
                  "to a low-order ephemeral key")


@check("handshake", "ignores a response with a low-order ephemeral key")
async def low_order_response(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    responder = await peer.initiation()
    for point in LOW_ORDER:
        twin = oracle.Responder(peer.private).accept(responder.message)
        message, _ = twin.response(peer.psk, ephemeral_public=point)
        peer.send(message)
    await peer.none(oracle.TRANSPORT, why="after a response with a low-order ephemeral key")
    session = peer.answer(responder)
    await peer.request(session)


@check("handshake", "stays silent towards a peer whose key is a low-order point")
async def low_order_static(bench):
    peer = await bench.peer()
    for number, point in enumerate(LOW_ORDER):
        inner = f"10.99.250.{1 + number}"
        if point != oracle.ZERO32:  # wg(8) itself takes zeros for "no key"
            await bench.target.peer(point, endpoint=peer.main.endpoint, allowed=[inner + "/32"])
            await bench.target.send(inner)
    await peer.none(oracle.INITIATION, during=1, why="to a peer whose key is a low-order point")


@check("handshake", "ignores a replayed initiation")
async def replayed(bench):
    peer = await bench.peer()
    first = peer.initiator()
    message = first.initiation()
    peer.send(message)
    await peer.response_to(first)
    await peer.unanswered(message, "to a replayed initiation")
    await peer.echo(await peer.connect())
    await peer.unanswered(message, "to an older, replayed initiation")


@check("handshake", "ignores an initiation with an old or equal timestamp")
async def old_timestamps(bench):
    peer = await bench.peer()
    begun = time.time()
    now = oracle.tai64n(begun)
    first = peer.initiator()
    peer.send(first.initiation(timestamp=now))
    await peer.response_to(first)
    await asyncio.sleep(0.05)
    await peer.unanswered(peer.initiator().initiation(timestamp=now), "to a new initiation with the same timestamp")
    for seconds in (1, 86_400):
        old = oracle.tai64n(begun - seconds)
        await peer.unanswered(peer.initiator().initiation(timestamp=old), "to an older timestamp")
    await peer.echo(await peer.connect())


@check("handshake", "answers a peer at most once in 20 ms")
async def rate(bench):
    peer = await bench.peer()
    # Again if it was not once: two that are sent at once may be 20 ms apart where they are read, on a busy machine.
    for _ in range(4):
        messages = [peer.initiator().initiation() for _ in range(2)]
        for message in messages:
            peer.send(message)
        await asyncio.sleep(1)
        count = sum(received.kind == oracle.RESPONSE for received in peer.inbox)
        peer.forget()
        if count == 1:
            break
    expect(count == 1, f"{count} responses to two initiations at once, four times")
    await peer.echo(await peer.connect())


@check("handshake", "draws unpredictable session indices")
async def indices(bench):
    peer = await bench.peer()
    seen = []
    for _ in range(24):
        initiator = peer.initiator()
        peer.send(initiator.initiation())
        seen.append(int.from_bytes((await peer.response_to(initiator)).message[4:8], "little"))
        await asyncio.sleep(0.03)
    expect(len(set(seen)) == len(seen), "an index came twice")
    near = sum(abs(a - b) < 1 << 20 for a, b in zip(seen, seen[1:]))
    expect(near <= 2, f"{near} of {len(seen) - 1} indices are next to the one before")


@check("handshake", "serves two peers that chose the same index")
async def same_index(bench):
    peers = [await bench.peer(), await bench.peer()]
    for peer in peers:
        initiator = peer.initiator()
        peer.send(initiator.initiation(index=0x01020304))
        peer.session = peer.adopt(initiator.finish((await peer.response_to(initiator)).message))
        peer.send(peer.session.seal())
    for peer in peers * 2:
        await peer.echo(peer.session)


@check("handshake", "ignores broken responses and still takes the right one")
async def broken_responses(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    responder = await peer.initiation()
    message, session = responder.response(peer.psk)
    peer.adopt(session)

    def with_body(body):
        return oracle.with_macs(bytes(body), bench.target.public)

    def flipped(place):
        body = bytearray(message[:60])
        body[place] ^= 1
        return with_body(body)

    wrong = {"a wrong mac1": message[:60] + bytes([message[60] ^ 1]) + message[61:], "a byte more": message + b"\0",
             "a byte less": message[:-1], "a reserved byte": flipped(2), "another receiver index": flipped(8),
             "a damaged ephemeral key": flipped(20), "a damaged tag": flipped(59)}
    for name, broken in wrong.items():
        peer.send(broken)
        await peer.none(oracle.TRANSPORT, during=0.15, why=f"after a response with {name}")
    peer.send(message)
    await peer.request(session)


@check("handshake", "takes a response that comes two seconds late")
async def late_response(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    responder = await peer.initiation()
    await asyncio.sleep(2)
    await peer.request(peer.answer(responder))


@check("handshake", "takes a response once")
async def response_twice(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    message, session = (await peer.initiation()).response(peer.psk)
    peer.adopt(session)
    peer.send(message)
    await peer.request(session)
    await asyncio.sleep(0.3)
    peer.forget()
    peer.send(message)
    await peer.none(oracle.TRANSPORT, oracle.INITIATION, why="after a replayed response")
    await peer.echo(session)


@check("handshake", "repeats with a new index and key, and drops the older attempt")
async def retried(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    first = await peer.initiation()
    second = await peer.initiation(within=8)
    expect(first.their_index != second.their_index, "the index is the same")
    expect(first.their_ephemeral != second.their_ephemeral, "the ephemeral key is the same")
    expect(first.timestamp < second.timestamp, "the timestamp is not later")
    peer.answer(first)
    await peer.none(oracle.TRANSPORT, why="after a response to the older initiation")
    await peer.request(peer.answer(second))


@check("handshake", "comes up when both sides initiate at once")
async def both_at_once(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    await peer.initiation()
    session = await peer.connect()
    await peer.request(session)
    await peer.echo(session)
