#pragma once

// Ways to run a function that must agree.

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>

#include "support/close.h"

namespace example_ops {

using Function = std::function<sluice::Tensor(const sluice::Tensors&)>;

/// float64 numbers in [-scale, scale), different for each seed.
inline sluice::Tensor some(const sluice::Shape& shape, std::uint64_t seed, double scale = 1) {
  const sluice::Tensor key = sluice::random::key(seed);
  return sluice::evaluate(sluice::random::uniform(key, shape, -scale, scale, sluice::DType::float64));
}

/// A function's value and its gradients with respect to floating inputs, dy being weights that differ.
inline sluice::Tensors with_gradients(const Function& f, const sluice::Tensors& inputs) {
  const sluice::Tensor y = f(inputs);
  sluice::Tensors wrt;
  for (const sluice::Tensor& x : inputs) {
    if (sluice::is_floating(x.dtype())) wrt.push_back(x);
  }
  const sluice::Tensor weights = cast(some(y.shape(), 77), y.dtype());
  sluice::Tensors all = sluice::grad(sum(y * weights), wrt);
  all.insert(all.begin(), y);
  return all;
}

/// Values and gradients in float32, compiled, on one thread and on two: the same bits on both, and within
/// `tolerance` of the float64 interpreter.
inline void check_float_and_threads(const Function& f, const sluice::Tensors& inputs, double tolerance) {
  const sluice::Tensors exact = sluice::evaluate(with_gradients(f, inputs));
  sluice::Tensors narrow;
  for (const sluice::Tensor& x : inputs) {
    narrow.push_back(sluice::is_floating(x.dtype()) ? evaluate(cast(x, sluice::DType::float32)) : x);
  }
  std::vector<std::vector<double>> first;
  for (const int threads : {1, 2}) {
    sluice::kernels::set_threads(threads);
    const auto compiled = sluice::compile([&](const sluice::Tensors& xs) { return with_gradients(f, xs); });
    const sluice::Tensors results = compiled(narrow);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      sluice::test::check_close(results[i], exact[i], tolerance);
      if (threads == 1) first.push_back(sluice::test::numbers(results[i]));
      CHECK(sluice::test::numbers(results[i]) == first[i]);
    }
  }
  sluice::kernels::set_threads(0);
}

}  // namespace example_ops
