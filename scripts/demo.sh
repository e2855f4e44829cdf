#!/usr/bin/env bash
# From a bare Debian or Ubuntu to an LSTM that learns a text and writes some.
# usage: scripts/demo.sh [MINUTES]     trains for that long, 3 if not said; run it again at any time
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-3}
[[ $minutes =~ ^[0-9]+([.][0-9]+)?$ ]] || { echo "usage: scripts/demo.sh [MINUTES]" >&2; exit 1; }

echo "== Packages"
scripts/install_dependencies.sh

echo "== Building the program lm in build/release"
mkdir -p build
cmake --preset release >build/demo_configure.log 2>&1 || { cat build/demo_configure.log; exit 1; }
cmake --build build/release --target lm --parallel "$(nproc)"

lm=build/release/bin/lm
model=build/demo.ckpt
echo "== Training an LSTM on the text of this repository for $minutes minutes; Ctrl-C ends it earlier and saves"
"$lm" train --out "$model" --minutes "$minutes" --sample-every 100

echo
echo "== What it writes now"
"$lm" sample --model "$model" --length 400 --temperature 0.7

cat <<END

== Go on
  $lm sample --model $model --prime "namespace " --length 1000     more text
  $lm train --resume $model --out $model --minutes 30              more training, from where it stopped
  $lm train --text YOUR_TEXT.txt --out yours.ckpt --epochs 3       a text of yours
  $lm train --help                                                 cells, sizes, optimisers, schedules
END
