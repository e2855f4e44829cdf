#!/usr/bin/env bash
# From a bare Debian or Ubuntu to a build of everything and all tests passed. Run it again at any time.
# usage: scripts/test.sh [CTEST_ARGUMENT...]     for example: scripts/test.sh -R ops
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== Packages"
scripts/install_dependencies.sh

echo "== Building everything in build/release"
cmake --preset release
cmake --build build/release --parallel "$(nproc)"

echo "== Running the tests"
ctest --test-dir build/release --output-on-failure --parallel "$(nproc)" "$@"
