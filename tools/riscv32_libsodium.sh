#!/usr/bin/env bash
# Builds libsodium for a bare RV32IMAC board from Debian's source package, with
# Debian's patches. usage: riscv32_libsodium.sh FOLDER
# Makes FOLDER/lib/libsodium.a and FOLDER/include; FOLDER/source is working room.
set -euo pipefail
mkdir -p "$1/source"
folder=$(cd "$1" && pwd)
[ ! -f "$folder/lib/libsodium.a" ] || exit 0
cd "$folder/source"

# Sources come through apt, with lists of its own, from the mirror that apt
# uses already: the system's own lists need no source entry.
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
if [ -z "$mirror" ]; then
  mirror=$(sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' /etc/apt/sources.list | head -1)
fi
mkdir -p lists/partial
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >sources.list
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$PWD/lists" -o "Dir::Cache=$PWD" -o "Dir::Cache::archives=$PWD" -o APT::Sandbox::User=
  -o APT::Get::List-Cleanup=0 -o "Debug::NoLocking=1")
"${apt[@]}" update
rm -rf libsodium-*/
"${apt[@]}" source libsodium >apt.log 2>&1 || { cat apt.log; exit 1; }
cd libsodium-*/

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
