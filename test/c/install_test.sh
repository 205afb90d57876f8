#!/bin/sh
# Installs the C library, and builds and runs the example as a user would: by
# pkg-config, as C99, and the header as C++. usage: install_test.sh BUILD SOURCE CC CXX [FLAG...]
set -eu
build=$1 source=$2 cc=$3 cxx=$4
shift 4
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cmake --install "$build" --component c --prefix "$place" >"$place/log" || { cat "$place/log"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$(find "$place" -name ginnel.pc)")
export PKG_CONFIG_PATH
warnings='-Wall -Wextra -Wpedantic -Werror'
# shellcheck disable=SC2046,SC2086
$cc -std=c99 $warnings "$@" "$source/examples/c/two_devices.c" $(pkg-config --cflags --libs ginnel) -o "$place/two_devices"
"$place/two_devices"
for standard in c++11 c++20; do
  # shellcheck disable=SC2046,SC2086
  echo '#include <ginnel.h>' | $cxx -std=$standard $warnings $(pkg-config --cflags ginnel) -x c++ -fsyntax-only -
done
echo "installed, built and run"
