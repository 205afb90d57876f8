#!/usr/bin/env bash
# Builds libsodium for a bare RV32IMAC board from Debian's source package, with
# Debian's patches. usage: riscv32_libsodium.sh FOLDER
# Makes FOLDER/lib/libsodium.a and FOLDER/include; FOLDER/source is working room.
set -euo pipefail
mkdir -p "$1/source"
folder=$(cd "$1" && pwd)
[ ! -f "$folder/lib/libsodium.a" ] || exit 0
"$(dirname "$0")/debian_source.sh" libsodium bookworm "$folder/source"
cd "$folder/source/libsodium"

# Debian's archive has no configure.
./autogen.sh -s >../autogen.log 2>&1 || { cat ../autogen.log; exit 1; }
# Machine and specs go with CC: a second --specs on a link line is an error.
# -e main: picolibc's specs drop what no root refers to, and then every test
# for a function would succeed.
cc='riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 --specs=picolibc.specs'
./configure --host=riscv64-unknown-elf --prefix="$folder" --disable-shared --enable-static \
  --disable-ssp --disable-pie --disable-asm --without-pthreads --with-pic=no CC="$cc" LDFLAGS='-nostartfiles -Wl,-e,main' \
  CFLAGS='-Os -ffunction-sections -fdata-sections -DRANDOMBYTES_CUSTOM_IMPLEMENTATION=1 -DRANDOMBYTES_DEFAULT_IMPLEMENTATION=NULL' \
  >../configure.log 2>&1 || { tail -30 ../configure.log; exit 1; }
make -j2 -C src/libsodium install >../make.log 2>&1 || { tail -30 ../make.log; exit 1; }
