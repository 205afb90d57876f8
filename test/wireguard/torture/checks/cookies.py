"""Cookies: obeyed when told to, and asked for under load. Spec: [WG] 5.3, 5.4.4, 5.4.7."""
import asyncio
import contextlib
import os
import socket
import threading
import time

import oracle
from lab import Failed, expect
from .. import target
from ..bench import check
from ..peer import QUIET


def has_mac2(message, cookie):
    return message[-16:] == oracle.mac(cookie, message[:-16])


@check("cookies", "as initiator puts the cookie into its next initiation, and not sooner than that is due")
async def obeys(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    first = await peer.initiation()
    expect(first.message[-16:] == oracle.ZERO16, "mac2 is not zero without a cookie")
    cookie = os.urandom(16)
    peer.send(oracle.cookie_reply(first.their_index, peer.public, os.urandom(24), cookie, oracle.mac1_of(first.message)))
    second = await peer.initiation(within=8)
    expect(second.at - first.at >= 4.9, f"a cookie reply made it repeat after {second.at - first.at:.2f} s")
    expect(has_mac2(second.message, cookie), "the next initiation has no right mac2")
    await peer.request(peer.answer(second))


@check("cookies", "as responder puts the cookie into its next response")
async def obeys_as_responder(bench):
    peer = await bench.peer()
    initiator = peer.initiator()
    peer.send(initiator.initiation())
    response = (await peer.response_to(initiator)).message
    index, cookie = int.from_bytes(response[4:8], "little"), os.urandom(16)
    peer.send(oracle.cookie_reply(index, peer.public, os.urandom(24), cookie, oracle.mac1_of(response)))
    await asyncio.sleep(0.2)
    again = peer.initiator()
    peer.send(again.initiation())
    expect(has_mac2((await peer.response_to(again)).message, cookie), "the next response has no right mac2")


@check("cookies", "ignores cookie replies that do not belong to its last message")
async def foreign(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    first = await peer.initiation()
    mac1, index, cookie = oracle.mac1_of(first.message), first.their_index, os.urandom(16)
    right = oracle.cookie_reply(index, peer.public, os.urandom(24), cookie, mac1)
    for wrong in (oracle.cookie_reply(index, peer.public, os.urandom(24), cookie, os.urandom(16)),
                  oracle.cookie_reply(index ^ 1, peer.public, os.urandom(24), cookie, mac1),
                  oracle.cookie_reply(index, bench.target.public, os.urandom(24), cookie, mac1),
                  right[:-1], right + b"\0", right[:1] + b"\1" + right[2:], right[:63] + bytes([right[63] ^ 1])):
        peer.send(wrong)
    second = await peer.initiation(within=8)
    expect(second.message[-16:] == oracle.ZERO16, "took a wrong cookie reply")
    peer.send(right)  # it answers the first initiation: too late
    third = await peer.initiation(within=8)
    expect(third.message[-16:] == oracle.ZERO16, "took the cookie reply to an earlier initiation")


@check("cookies", "forgets a cookie after 120 s", slow=True)
async def expires(bench):
    peer = await bench.peer()
    await bench.target.send(peer.inner)
    first = await peer.initiation()
    cookie = os.urandom(16)
    peer.send(oracle.cookie_reply(first.their_index, peer.public, os.urandom(24), cookie, oracle.mac1_of(first.message)))
    begun = time.monotonic()
    second = await peer.initiation(within=8)
    expect(has_mac2(second.message, cookie), "has not taken the cookie")
    # No session comes of it: with one, the next initiation would not be due yet.
    await asyncio.sleep(max(0, 122 - (time.monotonic() - begun)))
    peer.forget()
    await bench.target.send(peer.inner)
    later = await peer.initiation()
    expect(later.message[-16:] == oracle.ZERO16, "still uses it after 122 s")


@contextlib.contextmanager
def load(bench):
    """Sends initiations with a right mac1 and nothing else right, as fast as this machine, or the target's link, can.

    Yields a list: (socket, message) in it are sent along, as one in ten.
    """
    messages = [oracle.with_macs(b"\1\0\0\0" + os.urandom(112), bench.target.public) for _ in range(500)]
    stop, along = threading.Event(), []

    def flood(host):
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
        for one in sockets:
            one.bind((target.OUR_ADDRESSES[4][host], 0))
        while not stop.is_set():
            for number, message in enumerate(messages):
                sockets[number % 4].sendto(message, (target.OUTER[4], bench.target.port))
                if along and number % 10 == 0:
                    along[0][0].sendto(along[0][1], (target.OUTER[4], bench.target.port))
            stop.wait(bench.target.driver.flood_pause)
        for one in sockets:
            one.close()

    thread = threading.Thread(target=flood, args=(2,), daemon=True)
    thread.start()
    try:
        yield along
    finally:
        stop.set()
        thread.join()


async def cookie_of(peer, where):
    """Initiates until the target asks for a cookie; returns it. Replies may come late, for an earlier initiation."""
    sent = {}
    for _ in range(40):
        initiator = peer.initiator()
        peer.send(initiator.initiation(), where)
        sent[initiator.index] = initiator.last_mac1
        try:
            reply = await peer.take(oracle.COOKIE_REPLY, within=0.1 * peer.lab.target.driver.patience, where=where)
        except Failed:
            continue
        index = int.from_bytes(reply.message[4:8], "little")
        expect(index in sent, "a cookie reply for an index that is not ours")
        return oracle.open_cookie_reply(reply.message, peer.lab.target.public, sent[index], index)
    raise Failed("no cookie reply to 40 initiations")


async def answered(peer, cookie, where, times=20):
    """Whether an initiation with that cookie gets a response; under load some are lost, or late."""
    sent = set()
    for _ in range(times):
        initiator = peer.initiator()
        peer.send(initiator.initiation(cookie), where)
        sent.add(initiator.index.to_bytes(4, "little"))
        try:
            await peer.take(oracle.RESPONSE, within=0.15 * peer.lab.target.driver.patience,
                            accept=lambda received: received.message[8:12] in sent)
            return True
        except Failed:
            pass
    return False


@check("cookies", "under load: sessions carry on", alone=True)
async def carries_on(bench):
    peer = await bench.peer()
    session = await peer.connect()
    await peer.echo(session)
    with load(bench):
        crowd = await bench.peer()
        await cookie_of(crowd, crowd.main)
        good = 0
        for _ in range(30):
            number = peer.ping(session)
            try:
                await peer.pong(number, within=0.5)
                good += 1
            except Failed:
                pass
    expect(good >= 10, f"{good} of 30 echoes came back")
    return f"{good} of 30 echoes"


@check("cookies", "under load: cookie reply, then the handshake with mac2", alone=True)
async def under_load(bench):
    peer = await bench.peer()
    with load(bench):
        cookie = await cookie_of(peer, peer.main)
        expect(await answered(peer, cookie, peer.main), "no response to an initiation with a right mac2")


@check("cookies", "under load: a cookie holds for one address and port", alone=True)
async def bound(bench):
    peer = await bench.peer()
    other_port, other_address = await peer.open(4, 0), await peer.open(4, 1)
    with load(bench):
        cookie = await cookie_of(peer, peer.main)
        for where, what in ((other_port, "port"), (other_address, "address")):
            peer.forget()
            expect(not await answered(peer, cookie, where, 5), f"the cookie was taken from another {what}")
        expect(await answered(peer, cookie, peer.main), "the cookie no longer holds for its own address")


@check("cookies", "under load: IPv6 sources get cookies too", alone=True)
async def bound6(bench):
    peer = await bench.peer(family=6)
    other_port = await peer.open(6, 0)
    with load(bench):
        cookie = await cookie_of(peer, peer.main)
        expect(await answered(peer, cookie, peer.main), "no response to an initiation with a right mac2")
        expect(not await answered(peer, cookie, other_port, 5), "the cookie was taken from another port")


@check("cookies", "under load: silent towards a wrong mac1 and a wrong size", alone=True)
async def silent(bench):
    peer = await bench.peer()
    with load(bench):
        await cookie_of(peer, peer.main)
        wrong = set()
        for _ in range(20):
            message = peer.initiator().initiation()
            wrong.add(message[4:8])
            peer.send(message[:116] + os.urandom(16) + message[132:])
            peer.send(message + b"\0")
            await asyncio.sleep(0.02)
        # Late replies to what was right before are none of these.
        await peer.none(oracle.COOKIE_REPLY, during=2 * QUIET, why="to a message with a wrong mac1 or size",
                        accept=lambda received: received.message[4:8] in wrong)
        await peer.none(oracle.RESPONSE, during=0.1, why="to a message with a wrong mac1 or size",
                        accept=lambda received: received.message[8:12] in wrong)


@check("cookies", "under load: limits a source, not everybody", alone=True)
async def per_source(bench):
    crowd, modest = [await bench.peer() for _ in range(8)], await bench.peer()
    where = await modest.open(4, 1)
    with load(bench) as along:
        cookies = [await cookie_of(peer, peer.main) for peer in crowd]
        own = await cookie_of(modest, where)
        begun = time.monotonic()
        for peer in crowd:
            peer.forget()
        while time.monotonic() - begun < 2:
            for peer, cookie in zip(crowd, cookies):
                peer.send(peer.initiator().initiation(cookie))
            await asyncio.sleep(0.025)
        count = sum(received.kind == oracle.RESPONSE for peer in crowd for received in peer.inbox)
        # Replays with a right mac2 are cheap to send, and are counted before they are known for what they are.
        greedy = crowd[0].main.transport.get_extra_info("socket")
        along.append((socket.socket(fileno=os.dup(greedy.fileno())), crowd[0].initiator().initiation(cookies[0])))
        await asyncio.sleep(0.5)
        expect(await answered(modest, own, where, 8), "another source got no answer")
    expect(count <= 70, f"{count} responses in 2 s to one address")
    return f"{count} responses in 2 s to one address"


@check("cookies", "back to normal a few seconds after the load", alone=True)
async def recovers(bench):
    peer = await bench.peer()
    await asyncio.sleep(3)
    await peer.echo(await peer.connect())


@check("cookies", "ignores a wrong mac2 when not under load")
async def wrong_mac2(bench):
    peer = await bench.peer()
    initiator = peer.initiator()
    peer.send(initiator.initiation(cookie=os.urandom(16)))
    await peer.response_to(initiator)
