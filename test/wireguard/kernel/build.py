#!/usr/bin/env python3
"""Makes what a virtual machine with Linux's own WireGuard boots from: FOLDER/vmlinux and FOLDER/initrd.

The kernel is Debian's package for clouds (about 27 MB to download), unpacked and not installed; the rest of the
system is a handful of this machine's programs. Nothing is done if FOLDER is complete.
Usage: build.py FOLDER
"""
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PACKAGE = "linux-image-cloud-amd64"
PROGRAMS = ("dash", "wg", "ip", "tc", "ping", "iperf3")  # real ones; the rest is busybox
MODULES = ("virtio_pci", "virtio_net", "virtio_rng", "qemu_fw_cfg", "wireguard", "sch_netem", "dummy")
FOLDERS = ("bin", "dev", "etc", "lib/modules", "proc", "root", "run", "sys", "tmp", "var")
LZ4_LEGACY, LZ4_BLOCK = b"\x02\x21\x4c\x18", 8 << 20
HERE = pathlib.Path(__file__).parent


def output(*command, **arguments):
    return subprocess.run(command, check=True, capture_output=True, text=True, **arguments).stdout


def fetch_kernel(work):
    """Downloads the package and returns the folder with its files."""
    depends = output("apt-cache", "depends", PACKAGE)
    name = next(line.split()[-1] for line in depends.splitlines() if "Depends: linux-image" in line)
    output("apt-get", "-q", "download", name, cwd=work)
    (package,) = work.glob("*.deb")
    output("dpkg", "-x", package, work / "kernel")
    return work / "kernel"


def unpacked(image):
    """The ELF file inside Debian's compressed kernel, which boots two seconds sooner; or the image as it is."""
    at = image.find(LZ4_LEGACY)
    if at < 0:
        return image
    lz4, kernel, block = ctypes.CDLL("liblz4.so.1"), b"", ctypes.create_string_buffer(LZ4_BLOCK)
    at += len(LZ4_LEGACY)
    while True:
        size = int.from_bytes(image[at:at + 4], "little")
        got = lz4.LZ4_decompress_safe(image[at + 4:at + 4 + size], block, size, LZ4_BLOCK)
        if got <= 0:
            return image
        kernel += block.raw[:got]
        at += 4 + size
        if got < LZ4_BLOCK:
            return kernel if kernel.startswith(b"\x7fELF") else image


def add_program(root, path):
    """Copies a program and its libraries."""
    target = root / "bin" / path.name
    target.unlink(missing_ok=True)
    shutil.copy(path, target)
    listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    for library in (word for word in listed.split() if word.startswith("/")):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)


def add_modules(root, kernel, version):
    """Copies the modules and those that they need, and indexes them."""
    output("depmod", "-b", kernel, version)
    folder = pathlib.Path("lib/modules", version)
    for module in MODULES:
        listed = subprocess.run(["modprobe", "-d", kernel, "-S", version, "--show-depends", module],
                                capture_output=True, text=True).stdout
        for path in (line.split()[1] for line in listed.splitlines() if line.startswith("insmod ")):
            relative = pathlib.Path(path).relative_to(kernel)
            (root / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / relative)
    for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        shutil.copy(kernel / folder / name, root / folder / name)
    output("depmod", "-b", root, version)


def archive(root):
    """The folder as a cpio archive, format newc, as the kernel reads it."""
    out = bytearray()
    for inode, path in enumerate([root, *sorted(root.rglob("*"))] + [None], 1):
        name = "TRAILER!!!" if path is None else str(path.relative_to(root))
        mode, content = 0, b""
        if path is not None:
            mode = path.lstat().st_mode
            content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return bytes(out)


def build(folder):
    with tempfile.TemporaryDirectory() as text:
        work = pathlib.Path(text)
        os.chmod(work, 0o755)
        kernel = fetch_kernel(work)
        (image,) = (kernel / "boot").glob("vmlinuz-*")
        version = image.name.partition("-")[2]
        root = work / "root"
        for name in FOLDERS:
            (root / name).mkdir(parents=True)
        busybox = shutil.which("busybox")
        add_program(root, pathlib.Path(busybox))
        for applet in output(busybox, "--list").split():
            if applet != "busybox":
                (root / "bin" / applet).symlink_to("busybox")
        for name in PROGRAMS:
            add_program(root, pathlib.Path(shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")))
        (root / "bin/sh").unlink()
        (root / "bin/sh").symlink_to("dash")  # busybox's shell would run its own ip
        add_modules(root, kernel, version)
        shutil.copy(HERE / "init", root / "init")
        (root / "init").chmod(0o755)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vmlinux").write_bytes(unpacked(image.read_bytes()))
        (folder / "initrd.part").write_bytes(archive(root))
        (folder / "initrd.part").rename(folder / "initrd")  # last: its presence says that all is there


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not pathlib.Path(sys.argv[1], "initrd").exists():
        build(pathlib.Path(sys.argv[1]).resolve())
