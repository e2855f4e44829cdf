// The usual shapes for ops whose inputs are not random numbers: bools, keys; and for cast.

#include <sluice/ops/cast.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/random.h>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Bools in all combinations, without a pattern that repeats along an axis.
Tensor bools(const Shape& shape, std::uint32_t seed) {
  Array array(Spec{DType::boolean, shape});
  for (bool& value : array.values<bool>()) {
    seed = seed * 1664525u + 1013904223u;
    value = (seed >> 16 & 1u) != 0;
  }
  return Tensor(std::move(array));
}

using Logical = Tensor (*)(const Operand&, const Operand&);
using Truth = bool (*)(bool, bool);

void check_logical(std::string_view name, Logical function, Truth truth) {
  Samples samples;
  for (const Sample& sample : binary_samples()) {
    samples.push_back(Sample({}, {bools(sample.shapes[0], 7), bools(sample.shapes[1], 2)}));
  }
  check_op(
      name, [function](const Tensors& x) { return function(x[0], x[1]); }, samples,
      {.scalar = [truth](const std::vector<double>& x) { return truth(x[0] != 0, x[1] != 0) ? 1.0 : 0.0; },
       .gradient = false});
}

}  // namespace

TEST_CASE("logical ops follow their truth tables in any shape") {
  check_logical("logical_and", logical_and, [](bool a, bool b) { return a && b; });
  check_logical("logical_or", logical_or, [](bool a, bool b) { return a || b; });
  check_logical("logical_xor", logical_xor, [](bool a, bool b) { return a != b; });
  Samples samples;
  for (const Sample& sample : unary_samples()) samples.push_back(Sample({}, {bools(sample.shapes[0], 5)}));
  check_op("logical_not", [](const Tensors& x) { return logical_not(x[0]); }, samples,
           {.scalar = [](const std::vector<double>& x) { return 1 - x[0]; }, .gradient = false});
}

TEST_CASE("cast keeps what both dtypes can hold, in any shape") {
  // The inputs are exact in float32; through float32 and back differences are noise, so no derivatives here.
  check_op("cast", [](const Tensors& x) { return cast(cast(x[0], DType::float32), DType::float64); },
           unary_samples(), {.scalar = [](const std::vector<double>& x) { return x[0]; }, .gradient = false});
}

TEST_CASE("random ops give the same numbers interpreted and compiled, in any shape") {
  const CheckOptions plain{.gradient = false};
  for (const Sample& sample : unary_samples()) {
    const Shape shape = sample.shapes[0];
    const Samples keys = {Sample({}, {random::key(static_cast<std::uint64_t>(shape.size()))})};
    check_op(
        "random::uniform", [&](const Tensors& x) { return random::uniform(x[0], shape); }, keys, plain);
    check_op(
        "random::normal", [&](const Tensors& x) { return random::normal(x[0], shape); }, keys, plain);
    if (shape.rank() > 0 && shape.back() > 0) {
      const Samples logits = {Sample({shape}, {random::key(3)}), Sample({shape}, {random::key(4)})};
      check_op(
          "random::categorical", [](const Tensors& x) { return random::categorical(x[1], x[0]); }, logits,
          plain);
    }
    const auto number = static_cast<int>(shape.size());
    check_op(
        "random::split", [&](const Tensors& x) { return random::split(x[0], number + 1); }, keys, plain);
    check_op(
        "random::fold_in", [&](const Tensors& x) { return random::fold_in(x[0], number); }, keys, plain);
  }
}
