"""What happens when, in real time. Spec: [WG] 6."""
import asyncio
import time

import oracle
from lab import Failed, expect
from ..bench import check

REKEY_AFTER, REJECT_AFTER, KEEPALIVE, REKEY_TIMEOUT, ATTEMPT, JITTER = 120, 180, 10, 5, 90, 0.334
SLACK = 0.8  # seconds by which a loaded machine, or a virtual one, may be late
EARLY = 0.1


def near(seconds, due, slack=SLACK):
    return due - EARLY <= seconds <= due + slack


@check("timers", "sends a keepalive 10 s after data that it did not answer")
async def passive_keepalive(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    await asyncio.sleep(1.5)
    begun = time.monotonic()
    await peer.send_quietly(session)
    await asyncio.sleep(3)
    await peer.send_quietly(session)  # does not put it off
    received = await peer.take(oracle.TRANSPORT, within=KEEPALIVE + 3)
    seconds = received.at - begun
    expect(len(received.message) == oracle.KEEPALIVE_SIZE, "what came is no keepalive")
    expect(near(seconds, KEEPALIVE), f"after {seconds:.2f} s")


@check("timers", "does not answer keepalives with keepalives")
async def no_ping_pong(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    await asyncio.sleep(1)
    peer.forget()
    for _ in range(4):
        peer.send(session.seal())
        await asyncio.sleep(3)
    await peer.none(oracle.TRANSPORT, oracle.INITIATION, during=1.5, why="although only keepalives came")


@check("timers", "sends persistent keepalives at their interval")
async def persistent(bench):
    peer = await bench.peer(keepalive=3)
    peer.answer(await peer.initiation())
    times = [(await peer.take(oracle.TRANSPORT, within=5)).at for _ in range(4)]
    gaps = [b - a for a, b in zip(times, times[1:])]
    expect(all(near(gap, 3) for gap in gaps), f"intervals {', '.join(f'{gap:.2f}' for gap in gaps)} s")


@check("timers", "sends no persistent keepalive on an active tunnel")
async def persistent_active(bench):
    peer = await bench.peer(keepalive=3)
    session = peer.answer(await peer.initiation())
    await peer.take(oracle.TRANSPORT)
    for _ in range(10):
        inner = await peer.take_inner(lambda inner, number=peer.ping(session): True)
        expect(inner.is_reply, "a keepalive between two packets one second apart")
        await asyncio.sleep(1)


@check("timers", "starts a persistent keepalive when it is configured")
async def persistent_now(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    await asyncio.sleep(0.3)
    peer.forget()
    await bench.target.peer(peer.public, keepalive=20)
    received = await peer.take(oracle.TRANSPORT, within=3)
    expect(len(received.message) == oracle.KEEPALIVE_SIZE, "no keepalive at once")


@check("timers", "initiates when 15 s of silence follow its data, and not otherwise")
async def silence(bench):
    peer, lively = await bench.peer(), await bench.peer()
    session, other = await peer.connect(), await lively.connect()
    await bench.target.send(peer.inner)
    begun = (await peer.request(session)).at
    await bench.target.send(lively.inner)
    await lively.request(other)
    lively.send(other.seal())
    received = await peer.take(oracle.INITIATION, within=18)
    seconds = received.at - begun
    expect(near(seconds, KEEPALIVE + REKEY_TIMEOUT, SLACK + JITTER), f"after {seconds:.2f} s")
    await lively.none(oracle.INITIATION, during=1.5, why="although a keepalive has answered")


@check("timers", "repeats an initiation after 5 s and some jitter")
async def retry(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    times = [(await peer.initiation(within=8)).at for _ in range(4)]
    gaps = [b - a for a, b in zip(times, times[1:])]
    text = ", ".join(f"{gap:.3f}" for gap in gaps) + " s"
    expect(all(near(gap, REKEY_TIMEOUT, SLACK + JITTER) for gap in gaps), text)
    return text


@check("timers", "has jitter: two peers that begin together drift apart", slow=True)
async def jitter(bench):
    peers = [await bench.peer() for _ in range(4)]
    gaps = []
    for peer in peers:
        await bench.target.send(peer.inner)
    for _ in range(4):
        for peer in peers:
            at = (await peer.initiation(within=8)).at
            if hasattr(peer, "last"):
                gaps.append(at - peer.last)
            peer.last = at
    spread = max(gaps) - min(gaps)
    expect(spread > 0.04, f"all {len(gaps)} intervals within {1000 * spread:.0f} ms")
    return f"spread {1000 * spread:.0f} ms"


@check("timers", "gives up after 90 s, and begins again when its host sends", slow=True)
async def gives_up(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    first = (await peer.initiation()).at
    last, count = first, 1
    while True:
        try:
            last = (await peer.initiation(within=REKEY_TIMEOUT + 3)).at
            count += 1
        except Failed:
            break
        expect(last - first < ATTEMPT + 2 * REKEY_TIMEOUT + 5, f"still initiating after {last - first:.0f} s")
    seconds = last - first
    expect(seconds >= ATTEMPT - 2 * REKEY_TIMEOUT, f"gave up after {seconds:.0f} s")
    await bench.target.send(peer.inner)
    await peer.initiation()
    return f"{count} initiations in {seconds:.0f} s"


@check("timers", "as initiator, makes new keys when it sends after 120 s, and not before", slow=True)
async def rekey_sending(bench):
    peer = await bench.peer()
    session = await peer.connected_by_target()
    begun = time.monotonic()
    while time.monotonic() - begun < REKEY_AFTER - 4:
        await peer.echo(session)
        await asyncio.sleep(2)
    await peer.none(oracle.INITIATION, during=0.1, why="before 120 s")
    await asyncio.sleep(REKEY_AFTER + 1 - (time.monotonic() - begun))
    await bench.target.send(peer.inner)
    await peer.request(session)  # the old keys still carry it
    fresh = peer.answer(await peer.initiation())
    await bench.target.send(peer.inner)
    await peer.take_inner(lambda inner: inner.session is fresh, what="packet under the new keys")


@check("timers", "as responder, leaves new keys to the initiator", slow=True)
async def rekey_responder(bench):
    peer = await bench.peer()
    session = await peer.connect()
    begun = time.monotonic()
    while time.monotonic() - begun < REKEY_AFTER + 52:
        await peer.echo(session)
        await asyncio.sleep(4)
    await peer.none(oracle.INITIATION, during=0.5, why="from the responder within 172 s")


@check("timers", "as initiator that only receives, makes new keys after 165 s, and not before", slow=True)
async def rekey_receiving(bench):
    peer = await bench.peer()
    session = await peer.connected_by_target()
    begun = time.monotonic()
    # Keepalives from us need no answer, so it has nothing to send.
    while time.monotonic() - begun < 163:
        peer.send(session.seal())
        await asyncio.sleep(4)
    await peer.none(oracle.INITIATION, during=0.1, why="before 165 s without sending")
    await asyncio.sleep(max(0, 166.5 - (time.monotonic() - begun)))
    peer.send(session.seal())
    await peer.initiation()


@check("timers", "refuses keys older than 180 s, in both directions", slow=True)
async def reject(bench):
    peer = await bench.peer()
    session = await peer.connect()
    begun = time.monotonic()
    await asyncio.sleep(REJECT_AFTER - 4)
    await peer.echo(session)
    await asyncio.sleep(REJECT_AFTER + 1 - (time.monotonic() - begun))
    peer.forget()
    peer.ping(session)
    await peer.none(oracle.TRANSPORT, during=1, why="under keys 181 s old")
    await bench.target.send(peer.inner)
    await peer.none(oracle.TRANSPORT, during=1, why="from its host, under keys 182 s old")
    await peer.request(peer.answer(await peer.initiation()))
