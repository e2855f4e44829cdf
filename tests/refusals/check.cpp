#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what the checks of ops refuse") {
  const Tensor x = tensor({0.5, 2.0});
  const Tensor none;
  const TensorFunction twice = [](const Tensors& in) { return Tensors{in[0] + in[0]}; };
  const Graph graph = trace(twice, {x.spec()});
  refuses("gradcheck", "got an empty one", [&] { gradcheck(TensorFunction(), {x}); });
  refuses("gradcheck", "got 0, ", [&] { gradcheck(twice, {x}, {.eps = 0}); });
  refuses("gradcheck", "got f32[2]", [&] { gradcheck(twice, {ones({2})}); });
  refuses("gradcheck", "undefined Tensor", [&] { gradcheck(twice, {none}); });
  refuses("gradgradcheck", "got an empty one", [&] { gradgradcheck(TensorFunction(), {x}); });
  refuses("gradgradcheck", "got f32[2]", [&] { gradgradcheck(twice, {ones({2})}); });
  refuses("check_compiled", "got an empty one", [&] { check_compiled(TensorFunction(), {x}); });
  refuses("check_compiled", "undefined Tensor", [&] { check_compiled(twice, {none}); });
  refuses("check_op", "got an empty one", [&] { check_op(TensorFunction(), {x}); });
  refuses("check_op", "got an empty one", [&] { check_op(std::function<Tensor(const Tensors&)>(), {x}); });
  refuses("check_op", "got f32[2]", [&] { check_op(twice, {ones({2})}); });
  refuses("check_op", "undefined Tensor", [&] { check_op(twice, {none}); });
  refuses("check_op", "got 1 numbers for 2",
          [&] { check_op(twice, {x}, {.reference = [](const Arrays&) { return std::vector{1.0}; }}); });
  refuses("check_answers", "got 0 for 1 inputs", [&] { check_answers(graph, {}); });
  refuses("check_answers", "got f64[3] for f64[2]", [&] { check_answers(graph, {tensor({1.0, 2.0, 3.0})}); });
  refuses("check_answers", "undefined Tensor", [&] { check_answers(graph, {none}); });
}
