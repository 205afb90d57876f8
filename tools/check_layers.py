#!/usr/bin/env python3
"""Fails if a file includes a layer it may not, or if core/ uses a banned name.

The table is the architecture. Usage: check_layers.py [ROOT]
"""
import pathlib
import re
import sys

# layer: the layers it may include (itself is implied)
LAYERS = {
    "core/base": set(),
    "core/crypto": {"core/base"},
    "core/prekey": {"core/base", "core/crypto"},
    "core/e2e": {"core/base", "core/crypto", "core/prekey"},
    "core/mqtt": {"core/base"},
    "core/api": {"core/base", "core/crypto"},
    "core/messenger": {"core/base", "core/crypto", "core/prekey", "core/e2e", "core/mqtt", "core/api"},
    "core/wg": {"core/base", "core/crypto"},
    "core/c": {"core/base", "core/crypto", "core/prekey", "core/e2e", "core/api"},
    # No core/e2e below: the server cannot decrypt, and this table says so.
    "server/store": {"core/base", "core/crypto", "core/prekey", "core/api"},
    "server/service": {"core/base", "core/crypto", "core/prekey", "core/api", "server/store"},
    "server/broker": {"core/base", "core/crypto", "core/api", "server/store", "server/service"},
    "ports/linux/wg": {"core/base", "core/crypto", "core/wg", "ports/linux"},
    "ports/linux": {"core/base", "core/crypto", "core/mqtt", "core/api", "core/messenger"},
    "ports/flash": {"core/base", "core/crypto", "core/messenger"},
    "ports/lwip": {"core/base", "core/crypto", "core/wg"},
    "ports/mbedtls": {"core/base", "core/crypto", "ports/lwip"},
    "ports/esp_idf": {"core/base", "core/crypto", "core/messenger", "core/wg", "ports/flash", "ports/lwip"},
    "apps/firmware/esp_idf": {"core/base", "apps/firmware", "ports/esp_idf", "ports/flash"},
    "ports/qemu_virt": {"core/base", "ports/flash"},
    "ports/fake": {"core/base", "core/crypto", "core/mqtt", "core/api", "core/messenger", "ports/flash"},
    "apps/firmware/qemu_virt": {"core/base", "core/crypto", "core/messenger", "ports/flash", "ports/lwip", "ports/mbedtls",
                                "ports/qemu_virt", "apps/firmware"},
    "apps/firmware": {"core/base", "core/crypto", "core/mqtt", "core/api", "core/messenger", "core/wg", "core/e2e",
                      "ports/flash", "ports/lwip", "ports/mbedtls"},
    "apps/ginnel": {"core/base", "core/crypto", "core/mqtt", "core/api", "core/messenger", "ports/linux"},
    "apps/ginnel-wg": {"core/base", "core/crypto", "core/wg", "ports/linux", "ports/linux/wg"},
    "apps/ginneld": {"core/base", "core/crypto", "core/api", "server/store", "server/service", "server/broker",
                     "ports/linux"},
}
# Tests see their own layer's dependencies, plus these.
TESTS_MAY = {"test", "ports/fake", "core/base", "core/crypto"}
TESTS_ALSO = {"core/messenger": {"server/store", "server/service"}}
# The only standard headers core/ may include: header-only, no heap, no clock.
STD = set("algorithm array bit compare concepts cstddef cstdint cstring initializer_list limits memory optional "
          "span tuple type_traits utility variant".split())
# What a layer may include beside these: the C interface is written in C's headers,
# and makes its objects in the caller's memory.
STD_ALSO = {"core/c": {"ginnel.h", "ginnel_types.h", "stddef.h", "stdint.h", "new"}}
BANNED = re.compile(r"\b((?:new(?! \(static_cast<void\*>)|delete|malloc|calloc|realloc|throw|memcmp)\b|rand\s*\(|printf|static\s+thread_local|"
                    r"std::(string|vector|map|function|unique_ptr|shared_ptr)|std::chrono|time\s*\()")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def layer_of(path):
    if path.startswith("test/"):
        return "test"
    return next((layer for layer in LAYERS if path.startswith(layer + "/")), None)


def strip(text):
    """The code without comments, strings, `= delete` and preprocessor lines."""
    text = re.sub(r'"(\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/|= (delete|default)',
                  lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    return re.sub(r"^\s*#.*", "", text, flags=re.M)


def check(root):
    errors = []
    files = [f for folder in ("core", "server", "ports", "apps") for f in (root / folder).rglob("*")]
    for f in sorted(f for f in files if f.suffix in (".h", ".cc", ".c")):
        rel = f.relative_to(root).as_posix()
        own = layer_of(rel)
        if own is None:
            errors.append(f"{rel}: in no layer of tools/check_layers.py")
            continue
        is_test = "_test" in f.stem
        allowed = LAYERS[own] | {own}
        if is_test:
            allowed |= TESTS_MAY | TESTS_ALSO.get(own, set())
        text = f.read_text()
        for kind, inc in INCLUDE.findall(text):
            if kind == '"' and not (root / inc).exists() and not inc.startswith("build/"):
                if not (f.parent / inc).exists():
                    continue  # generated
                errors.append(f"{rel}: \"{inc}\": include from the root of the tree")
            other = layer_of(inc)
            if kind == "<":
                library = own == "core/crypto"  # the layer that wraps libraries
                if own.startswith("core/") and not is_test and not library and \
                        inc not in STD | STD_ALSO.get(own, set()):
                    errors.append(f"{rel}: <{inc}> is not allowed in core/")
            elif other and other not in allowed:
                errors.append(f"{rel}: {own} may not include {other}")
        if own.startswith("core/") and not is_test:
            code = strip(text)
            for m in BANNED.finditer(code):
                line = code.count("\n", 0, m.start()) + 1
                errors.append(f"{rel}:{line}: `{m.group()}` is banned in core/")
    return errors


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = check(root)
    print("\n".join(found) or "layers ok")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
