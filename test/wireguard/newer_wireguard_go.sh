#!/bin/sh
# Unpacks a newer wireguard-go of Debian, without installing it: newer_wireguard_go.sh FOLDER [SUITE]
# SUITE is bookworm-backports unless given; the program is FOLDER/usr/bin/wireguard-go. Downloads about 1 MB, and lists.
set -eu
[ $# -ge 1 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
cd "$1"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian ${2:-bookworm-backports} main" >sources.list
apt() {
  apt-get -qq -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root "$@"
}
apt update
apt download wireguard-go
dpkg -x wireguard-go_*.deb .
