#!/bin/sh
# Runs a program of probe_mps2.cc in QEMU, a nanosecond of the clock for one
# instruction. usage: run_mps2.sh ELF
exec qemu-system-arm -M mps2-an386 -display none -monitor none -serial none -chardev stdio,id=console \
  -semihosting-config enable=on,target=native,chardev=console -icount shift=0 -kernel "$1" </dev/null
