"""A virtual machine with Linux's own WireGuard, on a tap interface of this network namespace."""
import base64
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

import lab

QEMU = "qemu-system-x86_64"
KERNEL_ARGUMENTS = ("console=ttyS0 loglevel=4 panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check "
                    "rcupdate.rcu_expedited=1 random.trust_cpu=on")


class Machine:
    """Boots in about six seconds without hardware help. `addresses` are those of its outside interface."""

    def __init__(self, folder, tap, addresses, setup=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ginnel-vm-"))
        self.lock = threading.Lock()
        self.connection, self.tail = None, b""
        lab.shell(f"ip tuntap add dev {tap} mode tap && ip link set {tap} up")
        commands = [f"ip address add {address} dev eth0 {'nodad' if ':' in address else ''}"
                    for address in addresses.split()]
        (self.folder / "setup").write_text("\n".join(["set -e", *commands, setup]) + "\n")
        self.log = self.folder / "log"
        self.process = subprocess.Popen(
            [QEMU, "-machine", "pc,usb=off", "-accel", "tcg,thread=multi,tb-size=128", "-cpu", "max", "-m", "256",
             "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-kernel", f"{folder}/vmlinux", "-initrd", f"{folder}/initrd", "-append", KERNEL_ARGUMENTS,
             "-chardev", f"file,id=log,path={self.log}", "-serial", "chardev:log",
             "-chardev", f"socket,id=shell,path={self.folder}/shell,server=on,wait=off", "-serial", "chardev:shell",
             "-device", "virtio-rng-pci", "-netdev", f"tap,id=net,ifname={tap},script=no,downscript=no",
             "-device", "virtio-net-pci,netdev=net,romfile=",
             "-fw_cfg", f"name=opt/ginnel/setup,file={self.folder}/setup"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_ready(self, timeout=90):
        lab.wait_until(lambda: "vm: READY" in self.text() or not self.alive(), "the virtual machine", timeout)
        if not self.alive():
            raise lab.Failed(f"the virtual machine ended: {self.process.stderr.read()[-500:]}")
        if "vm: FAILED" in self.text():
            raise lab.Failed(next(line for line in self.text().splitlines() if "vm: FAILED" in line))
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(self.folder / "shell"))

    def alive(self):
        return self.process.poll() is None

    def shell(self, command, check=True, timeout=120):
        """Runs a command inside; returns its output, or with check=False output and exit status."""
        with self.lock:
            self.connection.settimeout(timeout)
            self.connection.sendall(base64.b64encode(command.encode()) + b"\n")
            answer = b""
            while b"\1" not in answer or not answer.endswith(b"\n"):
                part = self.connection.recv(1 << 16)
                if not part:
                    raise lab.Failed("the virtual machine's shell ended")
                answer += part
        text, _, status = answer.decode(errors="replace").replace("\r\n", "\n").rpartition("\1")
        if not check:
            return text, int(status)
        if int(status) != 0:
            raise lab.Failed(f"in the virtual machine: {command}: exit {int(status)}: {text[-500:]}")
        return text

    def stop(self):
        if self.alive() and self.connection:
            with self.lock:
                self.connection.sendall(base64.b64encode(b"touch /run/halt; poweroff -f") + b"\n")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
