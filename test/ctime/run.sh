#!/bin/sh
# usage: run.sh VALGRIND PROGRAM. First shows that a planted leak is found, so
# that the rest can be believed.
valgrind="$1 --quiet --error-exitcode=42"

for leak in branch index; do
  $valgrind "$2" "leak-$leak" 2>/dev/null
  [ $? -eq 42 ] || { echo "the planted leak was not found: $leak"; exit 1; }
done
$valgrind "$2" all || { echo "a secret decides a branch or an address: see above"; exit 1; }
echo "constant time"
