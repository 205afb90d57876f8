"""Changes of the configuration while the tunnel runs."""
import asyncio
import os

import oracle
from lab import expect
from ..bench import check
from ..target import PORT, b64


@check("configuration", "a new preshared key holds from the next handshake on")
async def new_psk(bench):
    peer = await bench.peer(psk=os.urandom(32))
    session = await peer.connect()
    await peer.echo(session)
    old, peer.psk = peer.psk, os.urandom(32)
    await bench.target.peer(peer.public, psk=peer.psk)
    await peer.echo(await peer.connect())
    fresh, peer.psk = peer.psk, old
    try:
        await peer.exchange()
    except oracle.Refused:
        pass
    else:
        expect(False, "the old preshared key still connects")
    peer.psk = fresh
    await peer.echo(await peer.connect())


@check("configuration", "a removed peer is cut off at once")
async def removed(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    await bench.target.peer(peer.public, remove=True)
    peer.forget()
    peer.ping(session)
    await peer.none(oracle.TRANSPORT, why="to a peer that was removed")
    await peer.unanswered(peer.initiator().initiation(), "to a peer that was removed")


@check("configuration", "a new endpoint is used at once")
async def new_endpoint(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    there = await peer.open(6, 1)
    await bench.target.peer(peer.public, endpoint=there.endpoint)
    await bench.target.send(peer.inner)
    await peer.request(session, where=there)


@check("configuration", "an allowed address taken away is refused at once")
async def disallowed(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    await bench.target.peer(peer.public, allowed=[f"{peer.inner6}/128"])
    number = peer.ping(session)
    await peer.echo(session, version=6)
    await peer.none(oracle.TRANSPORT, why=f"to echo {number} from an address taken away")


@check("configuration", "another listen port keeps the sessions", alone=True)
async def listen_port(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    bench.target.port = PORT + 1
    try:
        await bench.target.wg(f"listen-port {PORT + 1}")
        await peer.echo(session)
    finally:
        bench.target.port = PORT
        await bench.target.wg(f"listen-port {PORT}")


@check("configuration", "another private key ends what was sealed under the old one", alone=True)
async def private_key(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    old_public, private = bench.target.public, os.urandom(32)
    await bench.target.wg("private-key /dev/stdin", b64(private))
    await asyncio.sleep(0.2)
    peer.forget()
    await peer.unanswered(oracle.Initiator(peer.private, old_public).initiation(), "for the key before")
    bench.target.private, bench.target.public = private, oracle.public_key(private)
    await bench.target.send(peer.inner)
    await peer.none(oracle.TRANSPORT, why="under keys of the old private key")
    await peer.request(peer.answer(await peer.initiation(within=8)))
    expect(session.their_index not in (other.their_index for other in peer.sessions.values() if other is not session),
           "the index is the same")
