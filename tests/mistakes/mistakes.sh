#!/usr/bin/env bash
# Compiles what must not compile, and looks at what the compiler of C++ says: the first line with an error has the advice
# that the first line of the file asks for, and all of it is short.
# usage: mistakes.sh COMPILER INCLUDE_FOLDER MOST_LINES
set -uo pipefail
compiler=$1 include=$2 most=$3
cd "$(dirname "$0")" || exit 1
failures=0
complain() {
  printf '%s: %s\n%s\n' "$1" "$2" "$3"
  failures=$((failures + 1))
}
for file in *.cpp; do
  expected=$(sed -n '1s|^// first error: ||p' "$file")
  [ -n "$expected" ] || { complain "$file" "its first line must be // first error: TEXT" ""; continue; }
  if said=$("$compiler" -std=c++20 -fsyntax-only -fno-diagnostics-color -I "$include" "$file" 2>&1); then
    complain "$file" "compiles, and must not" ""
    continue
  fi
  first=$(grep -m 1 'error:' <<<"$said")
  lines=$(wc -l <<<"$said")
  [[ $first == *"$expected"* ]] || complain "$file" "the first error must say: $expected" "$said"
  [ "$lines" -le "$most" ] || complain "$file" "$lines lines are more than $most" "$said"
  printf '%-36s %3d lines\n' "$file" "$lines"
done
exit $((failures > 0))
