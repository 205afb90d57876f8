#!/usr/bin/env bash
# Unpacks a Debian source package, with Debian's patches, into FOLDER/PACKAGE.
# usage: debian_source.sh PACKAGE SUITE FOLDER
set -euo pipefail
package=$1 suite=$2
mkdir -p "$3"
cd "$3"

# Sources come through apt, with lists of its own, from the mirror that apt
# uses already: the system's own lists need no source entry.
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
if [ -z "$mirror" ]; then
  mirror=$(sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' /etc/apt/sources.list | head -1)
fi
mkdir -p lists/partial unpacked
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >sources.list
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$PWD/lists" -o "Dir::Cache=$PWD" -o "Dir::Cache::archives=$PWD" -o APT::Sandbox::User=
  -o APT::Get::List-Cleanup=0 -o "Debug::NoLocking=1")
"${apt[@]}" update
(cd unpacked && rm -rf ./*/ && "${apt[@]}" source "$package" >apt.log 2>&1) || { cat unpacked/apt.log; exit 1; }
rm -rf "./$package"
mv unpacked/"$package"-*/ "$package"
rm -rf lists unpacked
# Builds compare times, and those in an archive are of long ago.
find "$package" -type f -exec touch {} +
