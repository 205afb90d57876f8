#!/bin/sh
# Fails if an archive of core/ refers to the heap, exceptions, stdio, a clock
# or the system's randomness. usage: check_no_heap.sh ARCHIVE...
for archive in "$@"; do
  [ -f "$archive" ] || { echo "no such archive: $archive"; exit 1; }
done
bad=$(nm -uC "$@" | grep -E 'operator (new|delete)|\b(m|c|re)alloc\b|\bfree\b|__cxa_(throw|allocate|guard|atexit)|_Unwind_R|printf|clock_gettime|\btime\b|getrandom|std::__throw')
[ -z "$bad" ] || { echo "core may not refer to:"; echo "$bad"; exit 1; }
echo "no heap in $# archives"
