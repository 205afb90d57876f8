#!/usr/bin/env python3
"""Code, constant data and memory of a linked program by layer, from its link map.

Usage: size_by_layer.py MAP
"""
import collections
import re
import shutil
import subprocess
import sys

SECTIONS = (".text", ".rodata", ".srodata", ".data", ".sdata")
MEMORY = (".data", ".sdata", ".bss", ".sbss")
# An input section: its name, on one line or the next an address, a size, a file.
INPUT = re.compile(r"^ (\.[\w.$-]+)(?:\n)? +0x[0-9a-f]+ +0x([0-9a-f]+) (\S+)$", re.M)
LAYERS = (("libcore_", lambda file: "core/" + re.search(r"libcore_(\w+)\.a", file).group(1)),
          ("libapps_", lambda file: "apps/" + re.search(r"libapps_(\w+)\.a", file).group(1)),
          ("libports_", lambda file: "ports/" + re.search(r"libports_(\w+)\.a", file).group(1)),
          ("liblwip.a", lambda file: "lwIP"), ("libmbedtls.a", lambda file: "mbedTLS"),
          ("libc.a", lambda file: "C library"), ("libgcc", lambda file: "C library"),
          ("", lambda file: "program and port"))


def layer_of(file):
    return next(name(file) for part, name in LAYERS if part in file)


def demangled(name):
    if not shutil.which("c++filt"):
        return name
    return subprocess.run(["c++filt", name], capture_output=True, text=True).stdout.strip()


def main():
    text = open(sys.argv[1]).read()
    text = text[text.index("Linker script and memory map"):]
    code, constants, memory = collections.Counter(), collections.Counter(), collections.Counter()
    largest, variables = collections.Counter(), collections.Counter()
    for section, size, file in INPUT.findall(text):
        if section.startswith(MEMORY):
            memory[layer_of(file)] += int(size, 16)
            variables[layer_of(file), section.split(".", 2)[-1]] += int(size, 16)
        if not section.startswith(SECTIONS):
            continue
        layer = layer_of(file)
        (code if section.startswith(".text") else constants)[layer] += int(size, 16)
        largest[layer, re.sub(r".*[(/]|\)|\.obj$|\.o$", "", file)] += int(size, 16)
    print(f"{'layer':24}{'code':>9}{'constants':>11}{'together':>10}{'memory':>9}")
    for layer in sorted(set(code) | set(constants) | set(memory)):
        print(f"{layer:24}{code[layer]:9}{constants[layer]:11}{code[layer] + constants[layer]:10}{memory[layer]:9}")
    print(f"{'all':24}{code.total():9}{constants.total():11}{code.total() + constants.total():10}{memory.total():9}")
    print("\nlargest files")
    for (layer, file), size in largest.most_common(12):
        print(f"{layer:24}{file:30}{size:9}")
    print("\nlargest in memory")
    for (layer, name), size in variables.most_common(12):
        print(f"{layer:24}{demangled(name):50}{size:9}")


if __name__ == "__main__":
    sys.exit(main())
