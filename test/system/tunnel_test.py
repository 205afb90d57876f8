#!/usr/bin/python3
"""A site inside its tunnel: who gets in, and what a device, the gateway and an operator may do to it.

usage: tunnel_test.py BUILD_FOLDER     needs root and /dev/net/tun, else it says so and is skipped
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
import wire  # noqa: E402
from lab import Steps, expect, isolate, skip  # noqa: E402
from site_under_test import Device, Failed, Site, run, wait_until  # noqa: E402

WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-net_admin"]


def ready(device):
    """Waits until the server has the device's keys."""
    wait_until(lambda: device.json("status")[0].get("server", {}).get("one_time_keys", 0) > 0,
               f"{device.name}'s keys to be published", 60)


def exchange(sender, receiver, text, timeout=60):
    sender.ginnel("send", receiver.name, text, "--wait", "--timeout", str(timeout), timeout=timeout + 30)
    heard = receiver.listen(1, timeout)
    expect([m["text"] for m in heard] == [text], f"{receiver.name} heard {heard} and not {text}")


def connects(host, address, port, timeout=3):
    """Whether a program on `host` can open a TCP connection."""
    with host.entered():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            try:
                connection.connect((address, port))
                return True
            except OSError:
                return False


def refused(command, *words):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    expect(done.returncode != 0, f"{command} fails")
    for word in words:
        expect(word in done.stdout + done.stderr, f"`{word}` in what it says: {done.stdout}{done.stderr}")


def main():
    if os.geteuid() != 0:
        skip("it needs root")
    isolate("setpriv", "wg-quick")
    steps = Steps()
    with tempfile.TemporaryDirectory(prefix="ginnel-tunnel-") as folder:
        net = wire.Wire(["alice", "bob"])
        site = Site(sys.argv[1], folder, "site", ["--host", wire.SITE, "--tunnel", f"{wire.SITE}:51999"])
        try:
            run_steps(steps, net, site)
        finally:
            if steps.failures and site.log.exists():
                print("--- the end of ginneld's log\n" + site.log.read_text(errors="replace")[-3000:])
            if site.process and site.process.poll() is None:
                site.stop()
    steps.exit()


def run_steps(steps, net, site):
    alice, bob = Device(site, "alice", "alice"), Device(site, "bob", "bob")
    program = site.programs / "ginnel" / "ginnel"

    with steps.step("a server without the right to make interfaces says so"):
        refused([*WITHOUT_RIGHTS, site.programs / "ginneld" / "ginneld", "run", "--data", site.folder / "other",
                 "--tunnel", "gate.example"], "CAP_NET_ADMIN")
    with steps.step("devices enrol outside and learn of the tunnel"):
        site.start()
        for device in (alice, bob):
            told = device.json("enroll", site.invite(device.name))[0]
            expect(told["tunnel"] and not told["keys_published"], f"it is inside: {told}")
            expect(device.home.joinpath("device.json").stat().st_mode & 0o77 == 0, "the keys are private")
        expect(site.status()["tunnel"]["peers"] == 2, "the gateway learnt both")
        expect((site.data / "tunnel.json").stat().st_mode & 0o77 == 0, "the gateway's key is private")
        expect(alice.json("tunnel", "config")[0]["config"].count("PresharedKey") == 1, "a preshared key")
    with steps.step("a device without the right to make interfaces says what to do"):
        refused(["ip", "netns", "exec", "alice", *WITHOUT_RIGHTS, program, "--home", alice.home, "tunnel", "up"],
                "CAP_NET_ADMIN", "sudo ginnel")
    with steps.step("the tunnel comes up, and messages go through it"):
        for device in (alice, bob):
            device.ginnel("tunnel", "up", "--interface", f"gn-{device.name}")
        for device in (alice, bob):
            ready(device)
        exchange(alice, bob, "through the tunnel")
        state = alice.json("tunnel", "status")[0]
        expect(state["interface"] == "gn-alice" and state["handshake_age_s"] < 180 and state["received"] > 0, state)
        wait_until(lambda: site.status()["tunnel"]["connected"] == 2, "both to have a session")
        alice.ginnel("tunnel", "up", "--interface", "gn-alice")  # once more does no harm
        alice.ginnel("doctor")
    status = site.status()
    gateway, port = status["broker_host"], status["mqtt_port"]

    with steps.step("packets of 1280 bytes pass inside"):
        net.hosts["alice"].shell(f"ping -6 -c 3 -W 5 -M do -s 1232 {gateway}")
    with steps.step("nobody reaches the broker but through the tunnel"):
        for name, host in net.hosts.items():
            number = {"site": 1, "alice": 2, "bob": 3}[name]
            host.shell(f"ip address add 2001:db8::{number}/64 dev eth0 nodad")
        expect(connects(net.hosts["alice"], gateway, port), "through the tunnel it answers")
        expect(connects(net.hosts["alice"], "2001:db8::1", status["https_port"]), "the way outside works")
        for address in (wire.SITE, "2001:db8::1"):
            expect(not connects(net.hosts["alice"], address, port), f"not at {address}")
        # The address inside, sent to the site's Ethernet address without the tunnel.
        net.hosts["alice"].shell(f"ip -6 route replace {gateway}/128 via 2001:db8::1 dev eth0 src 2001:db8::2")
        expect(not connects(net.hosts["alice"], gateway, port), "not by its address from outside")
        # It is the server's rule that keeps us out: without it we get in.
        net.hosts["site"].shell("ip -6 rule delete pref 5181")
        expect(connects(net.hosts["alice"], gateway, port), "without the rule it answers")
        net.hosts["site"].shell(f"ip -6 rule add from {gateway} pref 5181 unreachable")
        net.hosts["alice"].shell(f"ip -6 route replace {gateway}/128 dev gn-alice")
        expect(connects(net.hosts["alice"], gateway, port), "and through the tunnel again")
    with steps.step("a gateway that ends is started again"):
        os.kill(site.status()["tunnel"]["pid"], signal.SIGKILL)
        wait_until(lambda: site.status()["tunnel"]["restarts"] == 1 and site.status()["tunnel"]["pid"],
                   "ginnel-wg to run again")
        exchange(alice, bob, "after the gateway's end", 90)
    with steps.step("a server that is killed finds its devices again"):
        site.kill()
        site.start()
        expect(site.status()["tunnel"]["peers"] == 2, "it knows both")
        expect(site.status()["broker_host"] == gateway, "its address is the same")
        exchange(bob, alice, "after the server's end", 90)
    with steps.step("a device that moves keeps its tunnel"):
        net.hosts["alice"].shell("ip address flush dev eth0 && ip address add 10.99.0.77/24 dev eth0")
        exchange(alice, bob, "from somewhere else", 90)
        peers = json.dumps(run(["ip", "netns", "exec", "site", "wg", "show", "ginnel-gw", "endpoints"]))
        expect("10.99.0.77" in peers, f"the gateway follows: {peers}")
    with steps.step("tunnel config serves wg-quick"):
        alice.ginnel("tunnel", "down")
        expect(not net.hosts["alice"].ok("ip link show gn-alice"), "the interface is gone")
        file = site.folder / "wgq0.conf"
        file.write_text(alice.ginnel("tunnel", "config"))
        file.chmod(0o600)
        quick = f"WG_QUICK_USERSPACE_IMPLEMENTATION={site.programs / 'ginnel-wg' / 'ginnel-wg'} wg-quick"
        net.hosts["alice"].shell(f"{quick} up {file}")
        expect(alice.json("tunnel", "status")[0]["interface"] == "wgq0", "ginnel sees it")
        exchange(alice, bob, "by wg-quick", 90)
        net.hosts["alice"].shell(f"{quick} down {file}")
        try:
            alice.ginnel("doctor", "--timeout", "1")
            expect(False, "doctor finds nothing wrong without a tunnel")
        except Failed as failure:
            expect("tunnel up" in str(failure), f"doctor says what to do: {failure}")
    with steps.step("a revoked device loses its tunnel at once"):
        net.hosts["bob"].shell(f"ping -6 -c 1 -W 5 {gateway}")
        site.ginneld("revoke", "bob")
        expect(site.status()["tunnel"]["peers"] == 1, "the gateway has forgotten it")
        expect(not net.hosts["bob"].ok(f"ping -6 -c 2 -W 2 {gateway}"), "nothing comes back")
    with steps.step("the server takes its interface with it"):
        site.stop()
        wait_until(lambda: not net.hosts["site"].ok("ip link show ginnel-gw"), "the interface to go")


if __name__ == "__main__":
    main()
