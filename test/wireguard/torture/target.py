"""Implementations under test, each as the owner of an interface `wg0` that a shell can configure.

A driver gives: a name, shell(command), alive(), stop(), and how slow it is: `patience` multiplies what we wait for
answers, `spacing` seconds lie between the beginnings of checks, `flood_pause` between 500 messages of a flood. All
else is done with wg(8), ip(8) and ping(8) through that shell: what has those three can be driven.
"""
import asyncio
import base64
import os
import shlex

import lab
import oracle

PORT = 51820
INNER, INNER6 = "10.99.0.1", "fd99::1"
OUTER = {4: "10.77.0.2", 6: "fd77::2"}
OUR_ADDRESSES = {4: ["10.77.0.1", "10.77.0.3", "10.77.0.4"], 6: ["fd77::1", "fd77::3", "fd77::4"]}


def b64(key):
    return base64.b64encode(key).decode()


def our_side(interface):
    """Gives the tester its outer addresses."""
    for address in OUR_ADDRESSES[4]:
        lab.shell(f"ip address add {address}/24 dev {interface}")
    for address in OUR_ADDRESSES[6]:
        lab.shell(f"ip -6 address add {address}/64 dev {interface} nodad")


class Target:
    """What the checks see: one device with one key, and peers. Commands run one at a time, off the event loop."""

    def __init__(self, driver):
        self.driver, self.name = driver, driver.name
        self.lock = asyncio.Lock()
        self.port = PORT
        self.private = os.urandom(32)
        self.public = oracle.public_key(self.private)

    async def begin(self):
        # Neighbours are found before anything counts seconds: some kernels need three for the first IPv6 packet.
        for address in OUR_ADDRESSES[4] + OUR_ADDRESSES[6]:
            await self.shell(f"ping -q -c 1 -W 5 {address} >/dev/null || ping -q -c 1 -W 5 {address} >/dev/null")
        await self.wg(f"private-key /dev/stdin listen-port {PORT}", b64(self.private))
        await self.shell(f"ip address add {INNER}/16 dev wg0; ip -6 address add {INNER6}/64 dev wg0 nodad; "
                         "ip link set wg0 mtu 1420 up; ip route replace 10.98.0.0/16 dev wg0")

    async def shell(self, command):
        async with self.lock:
            return await asyncio.to_thread(self.driver.shell, command)

    async def wg(self, arguments, stdin=None):
        feed = f"echo {shlex.quote(stdin)} | " if stdin else ""
        return await self.shell(f"{feed}wg set wg0 {arguments}")

    async def peer(self, public, psk=None, endpoint=None, allowed=None, keepalive=None, remove=False):
        """Adds or changes a peer; what is None stays as it is."""
        arguments = f"peer {b64(public)}"
        if remove:
            arguments += " remove"
        if psk is not None:
            arguments += " preshared-key /dev/stdin"
        if endpoint:
            address, port = endpoint
            arguments += f" endpoint {'[' + address + ']' if ':' in address else address}:{port}"
        if keepalive is not None:
            arguments += f" persistent-keepalive {keepalive}"
        if allowed is not None:
            arguments += f" allowed-ips {','.join(allowed)}"
        await self.wg(arguments, b64(psk) if psk is not None else None)

    async def send(self, address, body_size=16):
        """The target's host sends one echo request to an inner address, and does not wait for an answer."""
        await self.shell(f"ping -q -c 1 -W 1 -s {body_size} {address} >/dev/null 2>&1 </dev/null &")


class ProgramDriver:
    """`PROGRAM INTERFACE` on a host of its own."""
    patience, spacing, flood_pause = 1, 0.1, 0

    def __init__(self, program):
        self.name = os.path.basename(program)
        self.host = lab.Host("target")
        lab.cable(None, "out0", self.host, "out0")
        our_side("out0")
        self.host.shell(f"ip address add {OUTER[4]}/24 dev out0; ip -6 address add {OUTER[6]}/64 dev out0 nodad")
        self.tunnel = lab.Tunnel(program, "wg0", self.host)

    def shell(self, command):
        return self.host.shell(command)

    def alive(self):
        return self.tunnel.process.poll() is None

    def stop(self):
        self.tunnel.stop()


class KernelDriver:
    """Linux's own WireGuard in a virtual machine (test/wireguard/kernel), slow for want of hardware help."""
    patience, spacing, flood_pause = 3, 0.4, 0.1

    def __init__(self, folder):
        from kernel import vm
        self.name = "Linux"
        self.machine = vm.Machine(folder, tap="out0", addresses=f"{OUTER[4]}/24 {OUTER[6]}/64")
        our_side("out0")
        self.machine.wait_ready()
        self.name = "Linux " + self.machine.shell("uname -v").split("Debian ")[1].split("-")[0]
        self.machine.shell("modprobe wireguard; ip link add wg0 type wireguard")

    def shell(self, command):
        return self.machine.shell(command)

    def alive(self):
        return self.machine.alive()

    def stop(self):
        self.machine.stop()
