#!/usr/bin/env bash
# Builds the benchmarks, runs them beside what they are compared with, and writes docs/benchmarks.md. What is compared
# takes turns, so that other work on the machine disturbs both; still, the machine should have nothing else to do.
#
# usage: bench/compare.sh [--smoke] [PART...]      without parts: all of them, in about half an hour
# parts: lstm_layers cells training_step second_thread streaming compile_time elementwise custom_ops growth lm
#        packed_matrix products adaptive_softmax ctc lengths conv1d attention example_cells
#
# --smoke runs everything once, in small, and writes no page. Results of parts not asked for stay as they are.
# From the environment, and left out where it is not there:
#   PYTHON      a Python that has PyTorch (python3)
#   HAND_LSTM   the source of the hand-scheduled LSTM (../shared/reference/hand_lstm.cpp)
#   TEXT        the text that lm trains on (../shared/data/tinyshakespeare.txt, else the sources of this repository)
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
hand_lstm=${HAND_LSTM:-$PWD/../shared/reference/hand_lstm.cpp}
text=${TEXT:-$PWD/../shared/data/tinyshakespeare.txt}
[ -e "$hand_lstm" ] || hand_lstm=
[ -e "$text" ] || text=
build=build/release bin=build/release/bin results=build/bench page=docs/benchmarks.md
all=(lstm_layers cells training_step second_thread streaming compile_time elementwise custom_ops growth lm packed_matrix
  products adaptive_softmax ctc lengths conv1d attention example_cells)

smoke=() parts=()
for argument in "$@"; do
  if [ "$argument" = --smoke ]; then
    smoke=(--smoke) results=build/bench_smoke
  elif [[ " ${all[*]} " == *" $argument "* ]]; then
    parts+=("$argument")
  else
    echo "compare.sh: there is no part $argument; there are ${all[*]}" >&2
    exit 1
  fi
done
[ ${#parts[@]} -gt 0 ] || parts=("${all[@]}")
mkdir -p "$results"

torch_version() { "$python" -c 'import torch; print(torch.__version__)' 2>/dev/null; }

# Compiles the step that uses PyTorch's C++ library, from the wheel that Python has; fails where that cannot be done.
build_libtorch() {
  local root
  root=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null) || return 1
  [ "$results/libtorch_step" -nt bench/pytorch/step.cpp ] ||
    "${CXX:-c++}" -O2 -std=c++20 "-I$root/include" "-I$root/include/torch/csrc/api/include" bench/pytorch/step.cpp \
      -o "$results/libtorch_step" "-L$root/lib" "-Wl,-rpath,$root/lib" -ltorch -ltorch_cpu -lc10 2>"$results/libtorch.log"
}

show() { # show COMMAND...: as it stands in the page
  local line="$*"
  printf '    %s\n\n' "${line/#"$python"/python3}"
}
run() { # run COMMAND...: shows the command, then what it prints
  show "$@"
  "$@" ${smoke[@]+"${smoke[@]}"}
}
for_threads() { # for_threads COMMAND...: on one thread and on two, as one table
  show "$@" "--threads 1 (and 2)"
  "$@" --threads 1 ${smoke[@]+"${smoke[@]}"} | sed '/^$/d'
  "$@" --threads 2 ${smoke[@]+"${smoke[@]}"} | sed 1,2d
}

lstm_layers() {
  cat <<END
## LSTM layers against a schedule by hand

\`nn::LSTM\`, written as equations, forward and backward with the gradients of x, all weights and all biases, compared with
a program in which the same layers were scheduled by hand around oneDNN. At most 1.05 is the goal.

END
  for_threads $bin/bench_lstm_layers
}
cells() {
  cat <<END
## Any cell against its matrix products alone

One layer, B=32, T=32, as many inputs as units, forward and backward. The products are those of a careful engineer: one
for x before the loop, as few as possible in it, one per weight gradient after it. 85 % of their speed is the goal.

END
  for_threads $bin/bench_cells --seconds 1
}
training_step() {
  cat <<END
## Training steps against PyTorch

Embedding, layers, head, cross entropy, gradients, clipping by norm, Adam (PyTorch's is the fused one; its C++ library has
the plain one). The goals: 1.5 times as fast up to 200 units, 1.2 times at 512 and 650, as fast at 1024; custom cells 4
times as fast as eager PyTorch and 1.5 times as fast as compiled; half of its memory at 2x512.

END
  local -a command=("$python" bench/training_step.py --sluice $bin/bench_training_step)
  if ! torch_version >/dev/null; then
    echo "PyTorch is not there; our side alone:"
    echo
    run $bin/bench_training_step
    return
  fi
  if build_libtorch; then command+=(--libtorch "$results/libtorch_step"); fi
  run "${command[@]}"
}
second_thread() {
  cat <<END
## The second thread

Forward and backward pass of LSTM layers on one thread and on two, which give the same bits. 1.8 is the goal.

END
  run $bin/bench_second_thread
}
streaming() {
  cat <<END
## Streaming

One step of one sequence, as in an audio callback, compared with a hand-written step with fixed-size Eigen, compiled for
this machine. At most 1.2 is the goal.

END
  run $bin/bench_streaming
}
compile_time() {
  cat <<END
## From a function to its program

The training step of a language model, 2x128. 20 ms for any number of time steps is the goal.

END
  run $bin/bench_compile_time --seconds 1
}
elementwise() {
  cat <<END
## Elementwise work

Compiled chains of elementwise ops compared with one hand-written loop, compiled for this machine. At most 1.25 is the goal.
The second table compares a chain with an op that has it as its `Formula`, at most 1.2 is the goal, and with an `Elementwise`
that calls the functions of the standard library; loops are those of `scan`, forward and backward.

END
  run $bin/bench_elementwise --seconds 1
}
custom_ops() {
  cat <<END
## Ops of one's own

The ops of \`examples/ops\` against the usual PyTorch code for them, forward and backward; docs/custom_ops.md says what they
are. As fast on each is the goal.

END
  if ! torch_version >/dev/null; then
    echo "PyTorch is not there; our side alone:"
    echo
    run $bin/bench_custom_ops
    return
  fi
  run "$python" bench/custom_ops.py --sluice $bin/bench_custom_ops
}
growth() {
  cat <<END
## Growth

Two LSTM layers of 128 units, forward and backward: linear in T, and the cheaper per character the larger the batch.

END
  run $bin/bench_growth --seconds 1
}
lm() { # the median speed in its log; validation is not in it
  cat <<END
## lm train

The example program with its defaults, 2x128 on windows of 50 x 50 characters. 90,000 characters a second on two cores is
the goal.

END
  local steps=300
  [ ${#smoke[@]} -eq 0 ] || steps=3
  local -a command=($bin/lm train --steps "$steps" --threads 2)
  show "${command[@]}" --text TEXT
  # Without a text it reads the sources of this repository.
  "${command[@]}" ${text:+--text "$text"} --log-every 1 --log "$results/lm.jsonl" --out "$results/lm.ckpt" >"$results/lm.log"
  grep -o '"tokens_per_second":[0-9.]*' "$results/lm.jsonl" | cut -d: -f2 | sort -n |
    awk '{ speed[NR] = $1 } END { printf "%.0f characters a second, the median of %d steps\n", speed[int((NR + 1) / 2)], NR }'
}
packed_matrix() {
  cat <<END
## Few rows times a packed matrix

Products as in a loop over time, with a right operand that is packed once, and by \`gemm\`, which packs it every time: the
time of the latter over the former.

END
  show $bin/bench_packed_matrix
  [ ${#smoke[@]} -gt 0 ] || $bin/bench_packed_matrix | sed 's/^/    /'
}
lengths() {
  cat <<END
## Sequences of different lengths

\`rnn(x, {.lengths = n})\` where all are equal, compared with no lengths, forward and backward, B=32, T=32: at most 1.05 is
the goal. Then an epoch in buckets (\`data::Sequences\`), compared with the same steps without padding: at most 1.3.

END
  run $bin/bench_lengths
  echo
  run $bin/bench_lengths --threads 2
  echo
}
conv1d() {
  cat <<END
## Convolutions over time

\`conv1d\` compared with the product of the taps side by side, T=B=32, forward and backward: 85 % of its speed is the goal.

END
  run $bin/bench_conv1d
  echo
  run $bin/bench_conv1d --threads 2
}
attention() {
  cat <<END
## A decoder with attention

Forward and backward, compared with its matrix products alone, those of each query with its own sequence included.

END
  for_threads $bin/bench_attention
}
example_cells() {
  cat <<END
## The cells of examples/cells, and wrappers

As for the cells above, in training.

END
  for_threads $bin/bench_example_cells
}
products() {
  cat <<END
## Products compared with oneDNN's

On one thread. The library does not use oneDNN: while it computes, a signal handled on its thread may overwrite the heap.

END
  OMP_NUM_THREADS=1 run $bin/bench_products
}
adaptive_softmax() {
  cat <<END
## A large vocabulary

The training step of a language model of 200,000 words with the defaults of \`lm\`, with \`nn::AdaptiveSoftmax\` in place of a
linear layer with \`cross_entropy\`. At least 10 is the goal.

END
  for_threads $bin/bench_adaptive_softmax --seconds 10
}
ctc() {
  cat <<END
## CTC

The loss with its gradient by the logits, T=200, B=32, C=60, 30 to 50 labels. PyTorch's loss takes log-probabilities; the
third time is without the log_softmax that makes them. As fast is the goal.

END
  if ! torch_version >/dev/null; then
    echo "PyTorch is not there; our side alone:"
    echo
    run $bin/bench_ctc
    return
  fi
  run "$python" bench/ctc.py --sluice $bin/bench_ctc
}

title() {
  local cache=$build/CMakeCache.txt
  cat <<END
# Benchmarks

Written by \`bench/compare.sh\`; each table names the command that made it. Times are medians, and compared programs took
turns. Ratios carry over to other machines better than times do.

| what | |
| --- | --- |
| processor | $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, $(grep -qw avx512f /proc/cpuinfo && echo AVX-512 || echo 'no AVX-512') |
| system | $(. /etc/os-release && echo "$PRETTY_NAME"), $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB of memory |
| compiler | $("$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' $cache)" --version | head -n 1) |
| PyTorch | $(torch_version || echo 'not there') |

END
}

write_page() { # of all results there are
  local part
  {
    title
    for part in "${all[@]}"; do
      [ -e "$results/$part.md" ] || continue
      cat "$results/$part.md"
      echo
      # What was found out about these figures, by hand: notes/PART.md.
      if [ -e "bench/notes/$part.md" ]; then cat "bench/notes/$part.md" && echo; fi
    done
  } | cat -s >"$page"
}

cmake --preset release -DSLUICE_BUILD_BENCH=ON -DSLUICE_HAND_LSTM="$hand_lstm" >"$results/configure.log" 2>&1 ||
  { cat "$results/configure.log"; exit 1; }
cmake --build $build --parallel "$(nproc)" --target bench lm

for part in "${parts[@]}"; do
  echo "== $part, $(date -u +%H:%M:%S)"
  under="$(git rev-parse --short HEAD), $(date -u "+%Y-%m-%d %H:%M UTC"), load of the machine before: $(cut -d " " -f 1 /proc/loadavg)"
  "$part" >"$results/$part.part"
  printf "\nRevision %s.\n" "$under" >>"$results/$part.part"
  mv "$results/$part.part" "$results/$part.md"
  cat "$results/$part.md"
  [ ${#smoke[@]} -gt 0 ] || write_page
done
