#!/bin/sh
# Runs an image in QEMU, one tick of the clock for one instruction.
# usage: run.sh IMAGE
exec "$(dirname "$0")/../../ports/qemu_virt/qemu.sh" "$1" -icount shift=0 </dev/null
