#!/usr/bin/env bash
# Makes the picture in README.md: trains a layer of four-gate cells on the pages of docs/ and draws its gates over a sentence.
# usage: scripts/readme_picture.sh
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release --target gates
build/release/bin/gates --text docs --svg docs/pictures/gates.svg
