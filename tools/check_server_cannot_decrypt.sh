#!/bin/sh
# Fails if a server archive or the ginneld program holds a symbol of core/e2e
# or core/messenger. usage: check_server_cannot_decrypt.sh FILE...
for file in "$@"; do
  names=$(nm -C "$file" 2>/dev/null) || { echo "cannot read $file"; exit 1; }
  [ -n "$names" ] || { echo "$file has no symbols to check"; exit 1; }
  bad=$(printf '%s\n' "$names" | grep -E 'core::(e2e|messenger)::')
  [ -z "$bad" ] || { echo "$file knows how to decrypt:"; printf '%s\n' "$bad" | head; exit 1; }
done
echo "no end-to-end code in $# files"
