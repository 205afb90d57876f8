"""Who may use which inner address, and where a peer is. Spec: [WG] 2, 2.1."""
import asyncio
import os

import oracle
from lab import expect
from .. import packets, target
from ..bench import check


@check("routing", "refuses another peer's inner source address, IPv4 and IPv6")
async def spoofed(bench):
    honest, liar = await bench.peer(), await bench.peer()
    theirs, ours = await honest.connect(), await liar.connect()
    await honest.echo(theirs)
    await liar.echo(ours)
    for version, source in ((4, honest.inner), (6, honest.inner6), (4, "10.99.255.77"), (6, "fd99:1::7"),
                            (4, target.INNER), (6, target.INNER6)):
        number = liar.ping(ours, version, source=source, body=b"spoofed")
        expect(not await liar.delivered(ours, number), f"a packet from {source} was answered")
        # Its answer would go to the address's owner, before what is sent now.
        begun = honest.ping(theirs)
        inner = await honest.take_inner(lambda inner: inner.is_reply)
        expect(inner.number == begun and inner.body != b"spoofed", f"a packet from {source} was delivered")


@check("routing", "refuses a source that a longer prefix gives to another peer")
async def longer_prefix(bench):
    wide = await bench.peer(allowed=["10.98.0.0/16"])
    narrow = await bench.peer(allowed=["10.98.5.0/24"])
    wide_session, narrow_session = await wide.connect(), await narrow.connect()
    await wide.pong(wide.ping(wide_session, source="10.98.4.7"))
    await narrow.pong(narrow.ping(narrow_session, source="10.98.5.7"))
    wide.ping(wide_session, source="10.98.5.8")
    await wide.echo(wide_session)
    await narrow.none(oracle.TRANSPORT, why="for a spoofed address of the narrow prefix")


@check("routing", "moves an allowed address to the peer that gets it last")
async def takeover(bench):
    before, after = await bench.peer(), await bench.peer()
    old, new = await before.connect(), await after.connect()
    await before.echo(old)
    await after.echo(new)
    await bench.target.peer(after.public, allowed=[f"{after.inner}/32", f"{before.inner}/32"])
    await after.pong(after.ping(new, source=before.inner))
    await bench.target.send(before.inner)
    await after.request(new)
    before.forget()
    before.ping(old)
    await before.none(oracle.TRANSPORT, why="from an address that belongs to another now")
    await before.pong(before.ping(old, version=6))


async def place(bench, peer, session):
    """Where the target sends to, asked from its side."""
    await bench.target.send(peer.inner)
    return (await peer.request(session)).where


@check("routing", "follows a peer that moves: port, address, and IPv4 to IPv6 and back")
async def roams(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    for family, host in ((4, 0), (4, 1), (6, 0), (6, 1), (4, 2)):
        there = await peer.open(family, host)
        await peer.pong(peer.ping(session, where=there), where=there)
        expect(await place(bench, peer, session) is there, f"did not follow to IPv{family}")


@check("routing", "follows a keepalive, and an initiation")
async def roams_by_keepalive(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    there = await peer.open(4, 1)
    peer.send(session.seal(), there)
    await asyncio.sleep(0.2)
    expect(await place(bench, peer, session) is there, "did not follow a keepalive")
    elsewhere = await peer.open(6, 1)
    fresh = await peer.exchange(where=elsewhere)
    peer.send(fresh.seal(), elsewhere)
    await asyncio.sleep(0.2)
    expect(await place(bench, peer, fresh) is elsewhere, "did not follow an initiation")


@check("routing", "does not follow damaged, replayed or old messages")
async def not_fooled(bench):
    peer = await bench.peer()
    initiator = peer.initiator()
    initiation = initiator.initiation()
    peer.send(initiation)
    session = peer.adopt(initiator.finish((await peer.response_to(initiator)).message))
    data = session.seal(packets.echo(peer.inner, target.INNER, 903))
    peer.send(data)
    await peer.pong(903)
    there = await peer.open(4, 1)
    damaged = bytearray(session.seal(packets.echo(peer.inner, target.INNER, 904)))
    damaged[-1] ^= 1
    too_late = session.seal(packets.echo(peer.inner, target.INNER, 905), counter=2**64 - 1)
    for name, message in (("a replayed packet", data), ("a damaged packet", bytes(damaged)),
                          ("a counter beyond the limit", too_late), ("a replayed initiation", initiation),
                          ("noise", os.urandom(148))):
        peer.send(message, there)
        await asyncio.sleep(0.2)
        expect(await place(bench, peer, session) is peer.main, f"followed {name}")


@check("routing", "does not follow a cookie reply")
async def not_by_cookie(bench):
    peer = await bench.peer()
    there = await peer.open(4, 1)
    await bench.target.send(peer.inner)
    first = await peer.initiation()
    peer.send(oracle.cookie_reply(first.their_index, peer.public, os.urandom(24), os.urandom(16),
                                  oracle.mac1_of(first.message)), there)
    second = await peer.take(oracle.INITIATION, within=8)
    expect(second.where is peer.main, "followed a cookie reply")
