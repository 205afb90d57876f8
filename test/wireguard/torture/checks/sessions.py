"""Which keys are used when: confirmation, and the session before. Spec: [WG] 6."""
import asyncio

import oracle
from lab import expect
from ..bench import check


@check("sessions", "as responder sends no data before our first packet")
async def confirmation(bench):
    peer = await bench.peer()
    session = await peer.exchange()
    await bench.target.send(peer.inner)
    await peer.none(oracle.TRANSPORT, during=1, why="in a session that is not confirmed")
    peer.send(session.seal())
    await peer.request(session)


@check("sessions", "uses the old keys until the new ones are confirmed")
async def next_waits(bench):
    peer = await bench.peer()
    old = await peer.connect()
    await peer.echo(old)
    await asyncio.sleep(0.05)
    new = await peer.exchange()
    await bench.target.send(peer.inner)
    await peer.request(old)
    peer.send(new.seal())
    await asyncio.sleep(0.2)
    await bench.target.send(peer.inner)
    await peer.request(new)


@check("sessions", "an initiator confirms a session at once")
async def initiator_confirms(bench):
    peer = await bench.peer(keepalive=25)  # so that it initiates with nothing to send
    session = peer.answer(await peer.initiation())
    received = await peer.take(oracle.TRANSPORT)
    expect(peer.opened(received)[0] is session, "not under the new keys")


@check("sessions", "still reads the session before, and no older one")
async def previous(bench):
    peer = await bench.peer()
    sessions = []
    for _ in range(3):
        sessions.append(await peer.connect())
        await peer.echo(sessions[-1])
        await asyncio.sleep(0.05)
    first, second, third = sessions
    number = peer.ping(second)
    inner = await peer.pong(number)
    expect(inner.session is third, "it answers under the older keys")
    expect(not await peer.delivered(first, peer.ping(first), probe=third), "the session before the last but one still works")


@check("sessions", "a replayed initiation does not harm a session")
async def unharmed(bench):
    peer = await bench.peer()
    initiator = peer.initiator()
    message = initiator.initiation()
    peer.send(message)
    session = peer.adopt(initiator.finish((await peer.response_to(initiator)).message))
    peer.send(session.seal())
    for _ in range(20):
        peer.send(message)
    await peer.echo(session)
    await bench.target.send(peer.inner)
    await peer.request(session)


@check("sessions", "counts from 0 and never twice")
async def counters(bench):
    peer = await bench.peer()
    session = await peer.connect()
    numbers = [peer.ping(session) for _ in range(50)]
    seen = {(await peer.pong(number)).counter for number in numbers}
    expect(seen == set(range(50)), f"the counters of 50 answers: {sorted(seen)[:5]} to {max(seen)}")
