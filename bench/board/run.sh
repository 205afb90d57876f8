#!/bin/sh
# Runs an image of ports/qemu_virt in QEMU: RV32IMAC, one tick of the clock for
# one instruction. The console goes to stdout; the status is the program's.
# usage: run_board.sh IMAGE
cpu=rv32,f=false,d=false,zba=false,zbb=false,zbc=false,zbs=false
case $(qemu-system-riscv32 --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p') in
  7) ;;
  *) cpu=$cpu,zfa=false ;; # newer ones want this off with f
esac
exec qemu-system-riscv32 -M virt -m 2M -display none -monitor none -serial stdio -bios none -cpu "$cpu" -icount shift=0 \
  -drive "if=pflash,unit=0,format=raw,readonly=on,file=$1" </dev/null
