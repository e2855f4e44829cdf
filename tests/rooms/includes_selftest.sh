#!/usr/bin/env bash
# Shows that includes.sh passes a clean tree and catches each kind of violation, planted one at a time.
set -euo pipefail
check="$(cd "$(dirname "$0")" && pwd)/includes.sh"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# plant FILE INCLUDE: one file with one include, alone in a tree.
plant() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$1")"
  printf '#pragma once\n#include %s\n' "$2" >"$tree/$1"
}
accepts() {
  plant "$1" "$2"
  bash "$check" "$tree" >/dev/null || { echo "rejected, should pass: $1 with $2"; failures=$((failures + 1)); }
}
rejects() {
  plant "$1" "$2"
  if bash "$check" "$tree" >"$tree/log"; then
    echo "passed, should be rejected: $1 with $2"
    failures=$((failures + 1))
  elif ! grep -q "^$1:2: " "$tree/log"; then
    echo "the message does not name $1:2: $(cat "$tree/log")"
    failures=$((failures + 1))
  fi
}

accepts ops/tanh.h '<sluice/graph/op.h>'
accepts nn/linear.cpp '<sluice/ops/matmul.h>'
accepts nn/linear.cpp '<fmt/format.h>'
accepts io/checkpoint.cpp '<cereal/cereal.hpp>'
accepts kernels/gemm.cpp '<Eigen/Core>'
accepts text/words.cpp '<utf8proc.h>'
accepts text/gzip.cpp '<zlib.h>'
accepts graph/error.h '<vector>'
accepts io/checkpoint.cpp '<sluice/version.h>'
accepts graph/eigen.h '<Eigen/Core>'
accepts graph/fmt.h '<fmt/format.h>'

rejects kernels/gemm.cpp '<sluice/graph/tensor.h>'
rejects graph/tensor.cpp '<sluice/ops/tanh.h>'
rejects ops/tanh.cpp '<sluice/nn/linear.h>'
rejects compile/plan.cpp '<sluice/nn/linear.h>'
accepts check/compiled.cpp '<sluice/compile/program.h>'
rejects compile/plan.cpp '<sluice/check/gradcheck.h>'
rejects nn/linear.cpp '<sluice/check/gradcheck.h>'
rejects check/gradcheck.cpp '<sluice/nn/linear.h>'
rejects nn/linear.cpp '<sluice/optim/adam.h>'
rejects optim/adam.cpp '<sluice/compile/compile.h>'
rejects nn/linear.cpp '<sluice/io/checkpoint.h>'
rejects io/checkpoint.cpp '<sluice/text/stream.h>'
rejects text/stream.cpp '<sluice/io/checkpoint.h>'
accepts data/npy.cpp '<sluice/io/file.h>'
rejects data/batches.cpp '<sluice/nn/linear.h>'
rejects data/batches.cpp '<sluice/text/batches.h>'
rejects text/corpus.cpp '<sluice/data/csv.h>'
rejects io/checkpoint.cpp '<sluice/data/npy.h>'
rejects ops/deep/page.h '<sluice/nn/linear.h>'
rejects ops/tanh.h '"graph/op.h"'
rejects ops/tanh.h '<sluice/sluice.h>'
accepts ops/max.cpp '<sluice/ops/extreme.inl>'
accepts ops/extreme.inl '<fmt/format.h>'
rejects ops/max.h '<sluice/ops/extreme.inl>'
rejects graph/error.h '<fmt/format.h>'
rejects io/checkpoint.h '<nlohmann/json.hpp>'
rejects io/checkpoint.h '<cereal/cereal.hpp>'
rejects graph/tensor.cpp '<cereal/cereal.hpp>'
rejects ops/matmul.cpp '<Eigen/Core>'
rejects text/words.h '<utf8proc.h>'
rejects io/file.cpp '<zlib.h>'
rejects kernels/gemm.h '<Eigen/Core>'
rejects kernels/gemm.cpp '<unsupported/Eigen/CXX11/Tensor>'
rejects kernels/exp_avx512.cpp '<Eigen/Core>'
rejects graph/tensor.h '<Eigen/Core>'
rejects graph/eigen.h '<fmt/format.h>'
rejects graph/print.cpp '<sluice/graph/fmt.h>'
rejects nn/linear.h '<sluice/graph/eigen.h>'

exit $((failures > 0))
