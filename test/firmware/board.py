"""A board in QEMU, for the tests of this folder."""
import pathlib
import shutil
import subprocess
import sys

QEMU = pathlib.Path(__file__).parents[2] / "ports/qemu_virt/qemu.sh"
FLASH_SIZE = 32 * 1024 * 1024
BLOCK_SIZE = 256 * 1024
ENTROPY = ["-object", "rng-random,filename=/dev/urandom,id=entropy", "-device", "virtio-rng-device,rng=entropy"]


def need(image):
    """Ends the test as skipped where there is no board to run, and says why."""
    for missing, present in (("qemu-system-riscv32", shutil.which("qemu-system-riscv32")),
                             (f"{image}: ./dev firmware makes it", pathlib.Path(image).exists())):
        if not present:
            print(f"skipped: there is no {missing}")
            sys.exit(77)


def make_flash(path, provisioning=""):
    """An erased flash unit, with the provisioning block's text."""
    with open(path, "wb") as flash:
        flash.write(b"\xff" * FLASH_SIZE)
        flash.seek(BLOCK_SIZE)
        flash.write(provisioning.encode())


def flash(path):
    return ["-drive", f"if=pflash,unit=1,format=raw,file={path}"]


def network(backend):
    """`backend`: what QEMU's -netdev takes, without an id."""
    kind, comma, rest = backend.partition(",")
    return ["-netdev", f"{kind},id=net{comma}{rest}", "-device", "virtio-net-device,netdev=net,mac=52:54:00:12:34:56"]


def run(image, *arguments, timeout=60):
    """The exit status and the console of a program that ends."""
    done = subprocess.run([str(QEMU), str(image), *arguments], capture_output=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
