#!/usr/bin/env bash
# Runs a program and compares what it prints with the expected lines: all of them, in order; `...` stands for anything.
# usage: check.sh PROGRAM EXPECTED
set -euo pipefail
printed=$("$1")
[ -f "$2" ] || exit 0
exec 3<<<"$printed"
number=0
while IFS= read -r expected; do
  number=$((number + 1))
  IFS= read -r line <&3 || { echo "line $number is missing: $expected"; exit 1; }
  pattern=$(printf '%s' "$expected" | sed -e 's/[][\*?]/\\&/g' -e 's/\.\.\./*/g')
  # shellcheck disable=SC2053  # a pattern on purpose
  [[ $line == $pattern ]] || { echo "line $number"; echo "  expected: $expected"; echo "  printed:  $line"; exit 1; }
done <"$2"
if IFS= read -r line <&3; then
  echo "printed beyond what is expected: $line"
  exit 1
fi
