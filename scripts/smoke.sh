#!/usr/bin/env bash
# Runs each example for a few seconds: `--smoke` asks for the short form. `lm` trains, samples, evaluates and resumes.
# usage: scripts/smoke.sh [FOLDER_OF_PROGRAMS]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { # run NAME COMMAND...: quiet when all is well
  local name=$1
  shift
  if timeout 300 "$@" >"$work/output" 2>&1; then
    echo "  $name"
  else
    echo "  $name failed with exit code $?: $*"
    tail -n 40 "$work/output"
    exit 1
  fi
}

for source in examples/*.cpp examples/*/; do
  [ -e "$source" ] || continue
  name=$(basename "$source" .cpp)
  [ "$name" = lm ] || run "$name" "$bin/$name" --smoke
done

for _ in $(seq 200); do echo "the quick brown fox jumps over the lazy dog"; done >"$work/text"
small=(--layers 1 --hidden 32 --embed 16 --batch 8 --length 16)
run "lm train" "$bin/lm" train --text "$work/text" --out "$work/model" "${small[@]}" --steps 20
run "lm info" "$bin/lm" info --model "$work/model"
run "lm sample" "$bin/lm" sample --model "$work/model" --length 50 --prime "the "
[ -s "$work/output" ] || { echo "lm sample wrote nothing"; exit 1; }
run "lm evaluate" "$bin/lm" evaluate --model "$work/model" --text "$work/text" --json
grep -q '"bits_per_character"' "$work/output" || { echo "lm evaluate --json has no bits"; exit 1; }
run "lm export" "$bin/lm" export --model "$work/model" --out "$work/exported"
run "lm train --resume" "$bin/lm" train --resume "$work/model" --text "$work/text" --out "$work/more" --steps 40
