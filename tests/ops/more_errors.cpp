// Mistakes that an op shares with its kind, for the ops whose own tests show fewer than three.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/trace.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/clamp.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/sign.h>
#include <sluice/ops/square.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/stop_gradient.h>

#include <functional>
#include <string>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Call = std::function<Tensor(const Tensors&)>;

/// No value at all, and the value of a function that was traced before.
void check_lost(const Call& call) {
  check_error([&](const Tensors&) { return call({Tensor()}); }, Specs{},
              "got an undefined Tensor; assign it first");
  Tensor inside;
  trace(
      [&](const Tensors& x) {
        inside = x[0];
        return x;
      },
      {f32({2})});
  check_error([&](const Tensors&) { return call({inside}); }, Specs{}, "traced");
}

}  // namespace

TEST_CASE("functions of numbers refuse bools and tensors that are nowhere") {
  const auto check = [](const std::string& name, const Call& call) {
    INFO(name);
    check_error(call, {boolean({2, 1})},
                "[" + name + "] the operand must be a tensor of numbers (f32, f64 or i32): got bool[2, 1]");
    check_lost(call);
  };
  check("negate", [](const Tensors& x) { return -x[0]; });
  check("abs", [](const Tensors& x) { return abs(x[0]); });
  check("sign", [](const Tensors& x) { return sign(x[0]); });
  check("square", [](const Tensors& x) { return square(x[0]); });
  check("clamp", [](const Tensors& x) { return clamp(x[0], -1, 1); });
}

TEST_CASE("ops that take any dtype refuse tensors that are nowhere") {
  check_lost([](const Tensors& x) { return stop_gradient(x[0]); });
  check_lost([](const Tensors& x) { return cast(x[0], DType::float64); });
}

TEST_CASE("logical_not refuses what is not true or false") {
  const Call call = [](const Tensors& x) { return logical_not(x[0]); };
  check_error(call, {f64({})}, "[logical_not] the operand must be a bool tensor: got f64[]");
  check_error(call, {f32({2}), f32({2})}, "got f32[2]; compare it with something first, x != 0");
}

TEST_CASE("a power refuses what is no floating tensor") {
  const Call call = [](const Tensors& x) { return pow(x[0], 2.5); };
  check_error(call, {boolean({2})},
              "[power] the operand must be a floating tensor (f32 or f64): got bool[2]");
  check_lost(call);
}

TEST_CASE("axes that are not there can neither be added nor taken") {
  const auto expand = [](Index axis) { return [axis](const Tensors& x) { return expand_dims(x[0], axis); }; };
  check_error(expand(-4), {f32({2, 3})}, "[expand_dims] axis must lie in -3..2");
  check_error(expand(1), {i32({})}, "[expand_dims] axis must lie in -1..0");
  check_error([](const Tensors& x) { return squeeze(x[0], {0, -2}); }, {f32({1, 1})}, "[squeeze] ");
}

TEST_CASE("adding at places refuses ids that are none") {
  const Call add = [](const Tensors& x) { return index_add(x[0], x[1], x[2]); };
  check_error(add, {f32({4, 2}), f32({3}), f32({3, 2})}, "[index_add] ids must be i32");
  check_error(add, {f32({}), i32({3}), f32({3})}, "[index_add] a scalar has no axes");
  const Call scatter = [](const Tensors& x) { return scatter_add(x[0], x[1], x[2]); };
  check_error(scatter, {f32({2, 3}), f32({2, 1}), f32({2, 1})}, "[scatter_add] ids must be i32");
  check_error(scatter, {f32({}), i32({}), f32({})}, "[scatter_add] a scalar has no axes");
}
