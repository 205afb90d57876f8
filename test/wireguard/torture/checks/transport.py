"""Transport messages: padding, replay, counters, and what is malformed. Spec: [WG] 5.4.6."""
import asyncio
import os
import struct

import oracle
from lab import expect
from .. import packets, target
from ..bench import check

REJECT_AFTER_MESSAGES = 2**64 - 2**13 - 1
WANTED_WINDOW = 2048


@check("transport", "pads to 16 bytes with zeros")
async def padding(bench):
    peer = await bench.peer()
    session = await peer.connect()
    for size in range(34):
        inner = await peer.echo(session, body=os.urandom(size))
        expect(len(inner.padded) % 16 == 0, f"{len(inner.padded)} bytes are no multiple of 16")
        expect(len(inner.padding) < 16 and not any(inner.padding), "padding is not up to 15 zeros")


@check("transport", "carries full packets and pads none beyond the MTU")
async def full_size(bench):
    peer = await bench.peer()
    session = await peer.connect()
    inner = await peer.echo(session, body=os.urandom(1420 - 28))
    expect(len(inner.packet) == 1420, f"a packet of 1420 bytes came back as {len(inner.packet)}")
    expect(len(inner.padded) == 1420, f"padded to {len(inner.padded)}, MTU 1420")


@check("transport", "takes packets that are not padded, or padded too much")
async def trims(bench):
    peer = await bench.peer()
    session = await peer.connect()
    for version in (4, 6):
        await peer.echo(session, version, padding=0)
        source, destination = (peer.inner, target.INNER) if version == 4 else (peer.inner6, target.INNER6)
        peer.echoes += 1
        peer.send(session.seal(packets.echo(source, destination, peer.echoes, b"trim me") + b"\xa5" * 100, padding=0))
        inner = await peer.pong(peer.echoes)
        expect(inner.body == b"trim me", f"IPv{version}: bytes behind the packet's end came through")


@check("transport", "does not answer a keepalive")
async def keepalive(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    for _ in range(3):
        peer.send(session.seal())
    await peer.none(oracle.TRANSPORT, during=1.5, why="although there was nothing to say")


@check("transport", "delivers a packet once")
async def replay(bench):
    peer = await bench.peer()
    session = await peer.connect()
    number = peer.ping(session, counter=5)
    await peer.pong(number)
    session.counter = 6
    peer.ping(session, counter=5)
    expect(not await peer.delivered(session, peer.echoes), "a second packet with a counter seen before came through")
    peer.ping(session, counter=3)
    expect(await peer.delivered(session, peer.echoes), "an older counter not seen before was refused")
    peer.ping(session, counter=3)
    expect(not await peer.delivered(session, peer.echoes), "an older counter came through twice")


@check("transport", "ignores damaged messages, and a forged counter does not move the window")
async def forged(bench):
    peer = await bench.peer()
    session = await peer.connect()
    message = session.seal(packets.echo(peer.inner, target.INNER, 900), counter=1 << 40)
    for place in (4, 8, 13, 16, len(message) - 1):
        peer.send(message[:place] + bytes([message[place] ^ 1]) + message[place + 1:])
    peer.send(message[:-1])
    peer.send(message + b"\0")
    peer.send(message[:1] + b"\1" + message[2:])
    peer.send(message[:3] + b"\1" + message[4:])
    expect(not await peer.delivered(session, 900), "a damaged message came through")


@check("transport", "survives datagrams of every odd size")
async def odd_sizes(bench):
    peer = await bench.peer()
    session = await peer.connect()
    index = struct.pack("<I", session.their_index)
    for size in (0, 1, 3, 4, 5, 8, 15, 16, 31, 32, 63, 64, 91, 92, 93, 147, 149, 1500, 9000, 65507):
        for kind in (0, 1, 2, 3, 4, 5, 255):
            peer.send((struct.pack("<I", kind) + index + os.urandom(size))[:size])
            await asyncio.sleep(0.01)  # more at once would be lost before they are read
    peer.send(session.seal(packets.echo(peer.inner, target.INNER, 901, os.urandom(60_000))))
    await asyncio.sleep(0.2)
    await peer.echo(session)


@check("transport", f"accepts reordered packets at least {WANTED_WINDOW} back, and not for ever")
async def window(bench):
    peer = await bench.peer()
    session = await peer.connect()
    newest = 60_000
    await peer.echo(session, counter=newest)

    async def accepted(back):
        """Tries a counter, then moves the window far on, so that no counter is tried twice."""
        nonlocal newest
        number = peer.ping(session, counter=newest - back)
        newest += 100_000
        session.counter = newest
        return await peer.delivered(session, number)

    low, high = 0, 50_000
    expect(not await accepted(high), "no limit: 50,000 back is accepted")
    while high - low > 1:
        middle = (low + high) // 2
        if await accepted(middle):
            low = middle
        else:
            high = middle
    expect(low >= WANTED_WINDOW, f"only {low} back")
    return f"{low} back"


@check("transport", "forgets nothing within the window when the counter jumps")
async def window_jump(bench):
    peer = await bench.peer()
    session = await peer.connect()
    for base in (100, 1_088, 9_400, 1 << 20, (1 << 32) - 100, (1 << 32) + 500, 1 << 40):
        await peer.echo(session, counter=base)
        session.counter = base + 50
        for back, due in ((0, False), (3, True), (3, False), (1, True), (1, False), (64, True), (64, False)):
            found = await peer.delivered(session, peer.ping(session, counter=base - back))
            expect(found == due, f"counter {base} - {back}: {'accepted' if found else 'refused'}")


@check("transport", "refuses the last counters, from Reject-After-Messages on")
async def reject_after_messages(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    beside = await peer.connect()  # bounds the answers: the counters of the first session are at their end
    await peer.echo(beside)

    async def accepted(counter):
        return await peer.delivered(beside, peer.ping(session, counter=counter))

    low, high = REJECT_AFTER_MESSAGES - 1, 2**64 - 1
    expect(await accepted(low), "refused one less than the limit")
    expect(not await accepted(high), "accepted 2^64 - 1")
    while high - low > 1:
        middle = (low + high) // 2
        if await accepted(middle):
            low = middle
        else:
            high = middle
    # The limit leaves room for the window; implementations differ in what they take its size for.
    expect(high <= 2**64 - 2**12, f"accepted 2^64 - {2**64 - low}")
    return f"from 2^64 - {2**64 - high} on"


@check("transport", "survives malformed inner packets")
async def malformed_inner(bench):
    peer = await bench.peer()
    session = await peer.connect()
    good4 = packets.echo(peer.inner, target.INNER, 902)
    good6 = packets.echo(peer.inner6, target.INNER6, 902)
    for version in (0, 1, 5, 7, 15):
        peer.send(session.seal(bytes([version << 4]) + good4[1:]))
    for size in (1, 4, 8, 19, 20):
        peer.send(session.seal(good4[:size], padding=0))
    for size in (1, 8, 39):
        peer.send(session.seal(good6[:size], padding=0))
    for total in (0, 19, len(good4) + 100, 65535):
        peer.send(session.seal(good4[:2] + struct.pack(">H", total) + good4[4:]))
    for payload in (len(good6), 65535):
        peer.send(session.seal(good6[:4] + struct.pack(">H", payload) + good6[6:]))
    for words in (0, 4, 15):
        peer.send(session.seal(bytes([0x40 | words]) + good4[1:]))
    peer.send(session.seal(b"", padding=16))
    expect(not await peer.delivered(session, 902), "a malformed packet came through")
