#!/usr/bin/env bash
# Runs the fuzz targets (tests/fuzz/) and keeps what they find; builds them first.
# usage: scripts/fuzz.sh DURATION [TARGET...]     10s, 20m or 8h for each; all targets by default
# FUZZ_JOBS=N runs N at a time, by default as many as there are cores. FUZZ_SEED=N tries the same inputs each time.
# MERGE=1 makes, in place of a run, the smallest corpora of what was gathered: build/fuzz/merged/TARGET/.
# Findings lie in build/fuzz/findings/TARGET/, inputs of new coverage in build/fuzz/corpus/TARGET/.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '2,6s/^# //p' "$0" >&2
  exit 1
}
[[ ${1:-} =~ ^([1-9][0-9]*)([smh])$ ]] || usage
declare -A unit=([s]=1 [m]=60 [h]=3600)
seconds=$((BASH_REMATCH[1] * unit[${BASH_REMATCH[2]}]))
shift
targets=("$@")
if [ $# -eq 0 ]; then
  for page in tests/fuzz/*_target.cpp; do targets+=("$(basename "$page" _target.cpp)"); done
fi
for target in "${targets[@]}"; do [ -e "tests/fuzz/${target}_target.cpp" ] || usage; done

cmake --preset fuzz >/dev/null
cmake --build build/fuzz --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}" | tail -n 1

fuzz() { # fuzz TARGET: one job; fails when something was found
  local target=$1 program=build/fuzz/bin/fuzz_$1 findings=build/fuzz/findings/$1 corpus=build/fuzz/corpus/$1
  # What matters of an input is its structure, and what needs more than this hangs or leaks.
  local limits=(-max_len=4096 -timeout=30 -rss_limit_mb=2048 -malloc_limit_mb=1024)
  mkdir -p "$findings" "$corpus" "tests/fuzz/corpus/$target"
  if [ -n "${MERGE:-}" ]; then
    local merged=build/fuzz/merged/$target
    rm -rf "$merged"
    mkdir -p "$merged"
    "$program" -merge=1 "${limits[@]}" "$merged" "tests/fuzz/corpus/$target" "$corpus" 2>"$findings/log"
    return
  fi
  if "$program" "${limits[@]}" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -print_final_stats=1 \
    -artifact_prefix="$findings/" "$corpus" "tests/fuzz/corpus/$target" >"$findings/log" 2>&1; then
    printf '  %-12s nothing found in %s runs\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$findings/log")"
    return
  fi
  local input
  input=$(sed -n 's/.*Test unit written to //p' "$findings/log" | tail -n 1)
  printf '  %-12s FOUND something, see %s\n' "$target" "$findings/log"
  grep -m 5 -E '^FINDING|ERROR: |runtime error|SUMMARY' "$findings/log" | cut -c 1-300 | sed 's/^/    /'
  printf '    to see it again: %s %s\n' "$program" "$input"
  return 1
}
export -f fuzz
export seconds UBSAN_OPTIONS=print_stacktrace=1

printf '%s\n' "${targets[@]}" | xargs -P "${FUZZ_JOBS:-$(nproc)}" -I{} bash -euo pipefail -c 'fuzz {}'
