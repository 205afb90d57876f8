"""The bench on which an implementation is put: runs checks, all at once where they allow it."""
import asyncio
import time
import traceback

import oracle
from lab import Failed
from .peer import Peer

CHECKS = []


class Check:
    def __init__(self, function, group, title, slow, alone):
        self.function, self.group, self.title, self.slow, self.alone = function, group, title, slow, alone


def check(group, title, slow=False, alone=False):
    """Declares a check. `slow`: left out of a fast run. `alone`: it disturbs others, so it runs after them, in order."""
    def declare(function):
        CHECKS.append(Check(function, group, title, slow, alone))
        return function
    return declare


class Bench:
    """What a check is given."""

    def __init__(self, target):
        self.target, self.count = target, 0

    async def peer(self, psk=oracle.ZERO32, family=4, endpoint=True, allowed=(), **configuration):
        """A new peer, known to the target."""
        peer = Peer(self, self.count, psk)
        self.count += 1
        peer.main = await peer.open(family)
        await self.target.peer(peer.public, psk=psk if psk != oracle.ZERO32 else None,
                               endpoint=peer.main.endpoint if endpoint else None,
                               allowed=[f"{peer.inner}/32", f"{peer.inner6}/128", *allowed], **configuration)
        return peer


async def run_one(bench, one):
    """Returns status, note and seconds."""
    begun = time.monotonic()
    try:
        note = await one.function(bench)
        status = "pass"
    except (Failed, oracle.Refused) as error:
        status, note = "FAIL", str(error)
    except Exception as error:  # a check must not take the others with it, nor count as passed
        status, note = "FAIL", f"the check itself: {error!r}"
        traceback.print_exc()
    return {"group": one.group, "title": one.title, "status": status, "note": note or "",
            "seconds": round(time.monotonic() - begun, 1)}


async def run(target, fast, only, report):
    """Runs the chosen checks against a target; report(result) is called as each ends."""
    bench = Bench(target)
    await target.begin()
    chosen = [one for one in CHECKS if not (fast and one.slow) and (not only or only in f"{one.group}: {one.title}")]
    results = {}

    async def go(one, delay):
        await asyncio.sleep(delay)
        results[one] = await run_one(bench, one)
        if not target.driver.alive():
            results[one] = {**results[one], "status": "FAIL", "note": "the implementation has ended"}
        report(results[one])

    # Apart in their beginnings, so that nobody thinks that this is an attack; those that wait long begin first.
    together = sorted((one for one in chosen if not one.alone), key=lambda one: (not one.slow, one.group != "timers"))
    await asyncio.gather(*(go(one, target.driver.spacing * position) for position, one in enumerate(together)))
    for one in chosen:
        if one.alone:
            await go(one, 0)
    return [results[one] for one in chosen]
