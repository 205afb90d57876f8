#!/bin/sh
# Fails if a source file is not formatted, is too long, or has a stray blank.
cd "$(dirname "$0")/.." || exit 1
files=$(git ls-files '*.h' '*.cc' '*.c')
status=0
clang-format-14 --dry-run --Werror $files || status=1
for file in $files; do
  case $file in *_test.cc | *_test.c | *_test.h | test/* | bench/*) continue ;; *.h) most=200 ;; *) most=500 ;; esac
  lines=$(wc -l <"$file")
  [ "$lines" -le "$most" ] || { echo "$file: $lines lines, at most $most"; status=1; }
done
git grep -nI '[[:blank:]]$' -- '*.h' '*.cc' '*.c' '*.py' '*.sh' '*.md' '*.cmake' '*.proto' && status=1
exit $status
