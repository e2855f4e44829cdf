#!/usr/bin/env bash
# Starts trainings, ends each at a random moment by a signal or a reader that goes away, and looks at what is left: the model,
# and the best one where there was a validation, must be there and whole, and the exit code 130.
# usage: scripts/interrupt_trainings.sh [COUNT]     of each way, 200 if not said
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-200}
lm=$PWD/build/release/bin/lm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp docs/design.md "$work/text"
cd "$work"
failed=0

check() { # check WAY CODE
  local what=""
  [ "$2" = 130 ] || what="ended with $2"
  "$lm" info --model m.ckpt >/dev/null 2>&1 || what="$what; no model"
  [ ! -e m.ckpt.best ] || "$lm" info --model m.ckpt.best >/dev/null 2>&1 || what="$what; the best is damaged"
  [ -z "$what" ] || { echo "  $1: $what"; failed=$((failed + 1)); }
}
pause() { sleep "$(printf '0.%03d' $((RANDOM % 900)))"; }
# Sizes of the program's own choice every second time: longer steps, and epochs in between otherwise.
options() { if (($1 % 2)); then echo --epochs 100000; else echo --epochs 100000 --layers 1 --hidden 8 --batch 16; fi; }

for way in INT TERM HUP; do
  for i in $(seq "$count"); do
    rm -f m.ckpt m.ckpt.best
    # shellcheck disable=SC2046
    "$lm" train --text text --out m.ckpt $(options "$i") >out 2>&1 &
    id=$!
    sleep 0.05  # a process that has not begun yet has nothing to lose
    pause
    kill -"$way" $id
    code=0
    wait $id || code=$?
    check "$way" $code
  done
  echo "$way: $count trainings"
done
for i in $(seq "$count"); do
  rm -f m.ckpt m.ckpt.best
  # shellcheck disable=SC2046
  ("$lm" train --text text --out m.ckpt $(options "$i") 2>err && code=0 || code=$?; echo $code >code) |
    { IFS= read -r _; pause; } || true
  check PIPE "$(cat code)"
done
echo "PIPE: $count trainings"
echo "$failed of $((4 * count)) ended otherwise than they should"
exit $((failed > 0))
