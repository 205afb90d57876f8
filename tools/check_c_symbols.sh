#!/bin/sh
# Fails unless a C library shows exactly the functions of its header, and no
# part of it wants the heap, stdio, a clock or C++. usage: check_c_symbols.sh HEADER LIBRARY
tools=$(dirname "$0")
declared=$(sed -n 's|//.*||; s/.*[ *]\(ginnel_[a-z_0-9]*\)(.*/\1/p' "$1" | sort -u)
visible=$(nm -g --defined-only "$2" | awk 'NF == 3 { print $3 }' | sort -u)
[ -n "$declared" ] && [ -n "$visible" ] || { echo "cannot read $1 or $2"; exit 1; }
if [ "$declared" != "$visible" ]; then
  echo "only in the header or only in the library:"
  printf '%s\n%s\n' "$declared" "$visible" | sort | uniq -u
  exit 1
fi
cplusplus=$(nm -u "$2" | grep -E '^ +U (_Z|__cxa_|__gxx_)')
[ -z "$cplusplus" ] || { echo "wants a C++ library:"; echo "$cplusplus"; exit 1; }
"$tools/check_no_heap.sh" "$2" || exit 1
echo "$(echo "$declared" | wc -l) functions, in the header and in the library"
