#!/usr/bin/env bash
# Checks that includes run one way through the rooms and that third-party headers stay where they belong.
# usage: includes.sh SOURCE_ROOT
set -euo pipefail
cd "$1"

# Which rooms a room may include.
declare -A reach=(
  [kernels]="kernels"
  [graph]="kernels graph"
  [ops]="kernels graph ops"
  [compile]="kernels graph ops compile"
  [check]="kernels graph ops compile check"
  [nn]="kernels graph ops nn"
  [optim]="kernels graph ops optim"
  [io]="kernels graph ops compile nn optim io"
  [text]="kernels graph ops compile nn optim text"
  [data]="kernels graph ops io data"
)
# Which files may include a third-party library. Everything else, above all each public header, may not.
# But for two pages, for users who have Eigen or fmt themselves, which no other file and not sluice.h includes.
declare -A home=(
  [Eigen]='^(kernels/[^/]*\.cpp|graph/eigen\.h)$'
  [cereal]='^io/[^/]*\.cpp$'
  [utf8proc]='^text/[^/]*\.cpp$'
  [zlib]='^text/[^/]*\.cpp$'
  [fmt]='(\.(cpp|inl)|^graph/fmt\.h)$'
  [nlohmann]='\.(cpp|inl)$'
)
violations=0
complain() {
  echo "$1: $2"
  violations=$((violations + 1))
}

while IFS=: read -r file line text; do
  room=${file%%/*}
  where="$file:$line"
  [[ $text =~ [\<\"]([^\>\"]*)[\>\"] ]] || continue
  header=${BASH_REMATCH[1]}
  if [[ $text == *\"* ]]; then
    complain "$where" "write <sluice/$room/...> instead of \"$header\""
  elif [[ $header == sluice/graph/eigen.h || $header == sluice/graph/fmt.h ]]; then
    complain "$where" "$header is for users who have the other library"
  elif [[ $header == sluice/*/* ]]; then
    other=${header#sluice/}
    other=${other%%/*}
    # An .inl page is shared by the .cpp files of its room and is not installed.
    [[ $file == *.h && $header == *.inl ]] && complain "$where" "a header, which is public, may not include $header"
    [[ " ${reach[$room]} " == *" $other "* ]] || complain "$where" "$room may not include $header (may: ${reach[$room]})"
  elif [[ $header == sluice/* && $header != sluice/version.h ]]; then
    complain "$where" "$header is for users; include the page that is needed"
  elif [[ $header == unsupported/Eigen* ]]; then
    complain "$where" "unsupported/Eigen is used nowhere"
  else
    library=${header%%/*}
    library=${library%%.*}
    allowed=${home[$library]:-}
    [[ -z $allowed || $file =~ $allowed ]] || complain "$where" "$header belongs into files that match $allowed"
    # The same inline function compiled with two sets of instructions is undefined behaviour.
    [[ $library == Eigen && $file =~ _avx(2|512)\.cpp$ ]] && complain "$where" "ISA-specific sources include no Eigen"
  fi
done < <(find "${!reach[@]}" -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.inl' \) -print0 2>/dev/null |
  xargs -0 -r grep -HnE '^[[:space:]]*#[[:space:]]*include' || true)

if [ "$violations" -gt 0 ]; then
  echo "$violations includes run against the rooms"
  exit 1
fi
