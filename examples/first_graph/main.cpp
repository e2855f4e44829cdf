// The five nouns on one page: a Variable, Tensors made of ops, the gradient as a graph, a compiled function.
//
//   first_graph [--smoke]        (it is short; --smoke changes nothing)

#include <fmt/ranges.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

namespace sl = sluice;

int main() {
  // Building a graph computes nothing: shapes are known at once, values on demand.
  const sl::Tensor x = sl::tensor({1.f, 2.f, 3.f});
  const sl::Tensor y = sl::sum(sl::tanh(x) * x);
  fmt::print("sum(x tanh x) = {:.4f}\n", sl::evaluate(y).item());

  // A gradient is a graph like any other: it prints, and has a gradient itself.
  const sl::Tensor slope = sl::grad(y, x);
  fmt::print("its gradient   {::.4f}\n", sl::evaluate(slope).to_vector());
  fmt::print("the gradient of that, summed: {::.4f}\n",
             sl::evaluate(sl::grad(sl::sum(slope), x)).to_vector());
  fmt::print("as it prints:\n{}\n", sl::to_text(slope));

  // A Variable keeps its value between runs. The compiled function is traced once, then only run.
  const sl::Variable w(sl::full({}, 5));
  auto step = sl::compile([&](const sl::Tensor& target) {
    const sl::Tensor loss = sl::square(w - target);
    w.assign(w - 0.25 * sl::grad(loss, w));
    return loss;
  });
  for (int i = 0; i < 5; ++i) fmt::print("loss {:.4f}\n", step(sl::full({}, 2)).item());
  fmt::print("w went from 5 to {:.4f}\n", w.value().item());
}
