#!/bin/sh
# Runs an image of ports/qemu_virt in QEMU: RV32IMAC, 2 MiB of RAM of which the
# program may use 400 KiB. The console goes to stdout; the status is the program's.
# usage: qemu.sh IMAGE [QEMU_ARGUMENT...]
image=$1
shift
cpu=rv32,f=false,d=false,zba=false,zbb=false,zbc=false,zbs=false
case $(qemu-system-riscv32 --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p') in
  7) ;;
  *) cpu=$cpu,zfa=false ;; # newer ones want this off with f
esac
exec qemu-system-riscv32 -M virt -m 2M -display none -monitor none -serial stdio -bios none -cpu "$cpu" \
  -global virtio-mmio.force-legacy=false -drive "if=pflash,unit=0,format=raw,readonly=on,file=$image" "$@"
