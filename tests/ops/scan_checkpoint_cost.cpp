// What a scan with checkpoints costs on the way back: each step forward once more, and no more than that.

#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <atomic>
#include <cmath>

#include "support/catch.h"

using namespace sluice;

namespace {

constexpr Index width = 3;

/// tanh, which counts the elements it computes: each step of a loop computes `width`.
struct CountedTanh : Elementwise<CountedTanh, 1> {
  static constexpr std::string_view id = "counted_tanh";
  explicit CountedTanh(std::atomic<Index>* count) : count(count) {}
  void members(Attributes& a) const override { a("count", count); }
  template <class T>
  T value(T x) const {
    ++*count;
    return std::tanh(x);
  }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * (1 - y * y)}; }
  std::atomic<Index>* count;
};

/// The gradient of a loop of products and one tanh with respect to all that goes in.
Graph gradient_graph(Index steps, Index checkpoint, std::atomic<Index>* count) {
  const auto function = [&](const Tensors& in) {
    const auto body = [&](const Tensors& carry, const Tensors& x) {
      const Tensor inside = matmul(carry[0], in[0]) + x[0];
      return Carried{{make(std::make_shared<CountedTanh>(count), {inside})}, {}};
    };
    ScanOptions options;
    options.checkpoint = checkpoint;
    return grad(sum(scan(body, {in[1]}, {in[2]}, options).carry[0]), {in[0], in[1], in[2]});
  };
  const Spec w{DType::float32, {width, width}};
  const Spec h{DType::float32, {1, width}};
  return trace(function, {w, h, Spec{DType::float32, {steps, 1, width}}});
}

Tensors arguments_for(Index steps) {
  return {full({width, width}, 0.1), full({1, width}, 0.2), full({steps, 1, width}, 0.3)};
}

/// How many steps forward the gradient takes.
struct Steps {
  Index interpreted;
  Index compiled;
};

Steps steps_forward(Index steps, Index checkpoint) {
  std::atomic<Index> count = 0;
  const Graph graph = gradient_graph(steps, checkpoint, &count);
  count = 0;
  evaluate(graph, arguments_for(steps));
  const Index interpreted = count;
  Program program(graph, PassSet::all());
  count = 0;
  program.run(arguments_for(steps));
  return {interpreted / width, count / width};
}

/// Multiplications and additions of one run.
double operations_of(Index steps, Index checkpoint) {
  std::atomic<Index> count = 0;
  Program program(gradient_graph(steps, checkpoint, &count), PassSet::all());
  double operations = 0;
  for (const Profile::Line& line : program.profile().lines) operations += line.depth == 0 ? line.flops : 0;
  return operations;
}

}  // namespace

TEST_CASE("the gradient of a scan with checkpoints takes each step forward once more, and no more") {
  for (const Index steps : {1, 5, 64, 100, 103}) {
    INFO(steps << " steps");
    const Steps kept = steps_forward(steps, 0);
    CHECK(kept.interpreted == steps);
    CHECK(kept.compiled == steps);
    for (const Index checkpoint : {Index{1}, Index{4}, Index{10}, Index{1000}, ScanOptions::automatic}) {
      INFO("checkpoint " << checkpoint);
      const Steps again = steps_forward(steps, checkpoint);
      CHECK(again.compiled == again.interpreted);
      CHECK(again.interpreted <= 2 * steps);
      if (checkpoint == ScanOptions::automatic) continue;
      // Steps that fill no segment are kept, and so are all where one segment would have them all.
      const Index taken_again = checkpoint < steps ? steps / checkpoint * checkpoint : 0;
      CHECK(again.interpreted == steps + taken_again);
    }
  }
}

TEST_CASE("a scan with checkpoints does no more arithmetic than one more way forward") {
  constexpr Index steps = 100;
  // A product, the addition of x and a tanh.
  constexpr double step_forward = 2. * width * width + 2 * width;
  const double kept = operations_of(steps, 0);
  const double again = operations_of(steps, ScanOptions::automatic);
  CHECK(again >= kept + 0.9 * steps * step_forward);
  CHECK(again <= kept + 1.3 * steps * step_forward);
}
