// The work of building, differentiating and compiling a sequence does not depend on its length: counted in
// nodes, kernels and allocations, which every step of that work makes.

#include <sluice/sluice.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include "support/allocations.h"
#include "support/catch.h"

using namespace sluice;

namespace {

/// How much there is of a thing after each stage.
struct Work {
  std::size_t traced_nodes;
  std::size_t optimized_nodes;
  std::size_t kernels;
  std::size_t trace_allocations;
  std::size_t compile_allocations;
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

Work work_of(const TensorFunction& function, const Specs& specs) {
  Work work{};
  const std::size_t start = allocations();
  const Graph graph = trace(function, specs);
  work.trace_allocations = allocations() - start;
  work.traced_nodes = node_count(graph);
  const std::size_t traced = allocations();
  const Program program(graph, PassSet::all());
  work.compile_allocations = allocations() - traced;
  work.optimized_nodes = node_count(program.graph());
  work.kernels = lines_of(program.print());
  return work;
}

/// As much, but for texts that hold longer numbers, and for what the compiler decides by sizes, such as
/// whether a constant is made once.
bool about_as_much(std::size_t many, std::size_t few) {
  const auto before = static_cast<double>(few);
  return std::abs(static_cast<double>(many) - before) <= 0.1 * before;
}

void check_same_work(const std::function<Work(Index steps)>& work_for) {
  work_for(10);  // what a process does once is done
  const Work few = work_for(10);
  CHECK(few.traced_nodes > 10);
  for (const Index steps : {Index{1000}, Index{20'000}}) {
    INFO(steps << " steps");
    const Work many = work_for(steps);
    CAPTURE(few.optimized_nodes, few.kernels, few.trace_allocations, few.compile_allocations);
    CAPTURE(many.optimized_nodes, many.kernels, many.trace_allocations, many.compile_allocations);
    CHECK(many.traced_nodes == few.traced_nodes);
    CHECK(about_as_much(many.optimized_nodes, few.optimized_nodes));
    CHECK(about_as_much(many.kernels, few.kernels));
    CHECK(about_as_much(many.trace_allocations, few.trace_allocations));
    CHECK(about_as_much(many.compile_allocations, few.compile_allocations));
  }
}

}  // namespace

TEST_CASE("a training step is built, differentiated and compiled alike for any number of steps") {
  const Index checkpoint = GENERATE(Index{0}, ScanOptions::automatic);
  INFO("checkpoint " << checkpoint);
  check_same_work([&](Index steps) {
    const nn::LSTM rnn(2, 3, 4, random::key(1));
    const nn::Linear head(4, 3, random::key(2));
    optim::Adam adam(nn::variables({{"rnn", rnn}, {"head", head}}), {.clip_norm = 1});
    const auto step = [&](const Tensors& x) {
      const Tensor error = head(rnn(x[0], {.checkpoint = checkpoint})) - x[1];
      const Tensor loss = mean(error * error);
      adam.update(loss);
      return Tensors{loss};
    };
    const Spec spec{DType::float32, {steps, 2, 3}};
    return work_of(step, {spec, spec});
  });
}

TEST_CASE("second derivatives of a loop are built and compiled alike for any number of steps") {
  check_same_work([](Index steps) {
    const auto function = [](const Tensors& x) {
      const auto body = [&](const Tensors& carry, const Tensors& in) {
        const Tensor h = tanh(matmul(carry[0], x[0]) + in[0]);
        return Carried{{h}, {h * h}};
      };
      const Carried run = scan(body, {zeros({2, 3})}, {x[1]});
      const Tensor first = grad(sum(run.ys[0]), x[0]);
      return Tensors{first, grad(sum(first * first), x[0])};
    };
    return work_of(function, {{DType::float32, {3, 3}}, {DType::float32, {steps, 2, 3}}});
  });
}
