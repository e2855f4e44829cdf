// Integers at their ends: arithmetic wraps, as in two's complement; what has no result is an Error.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/ops.h>

#include <algorithm>

#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Integers = std::vector<std::int64_t>;

std::int64_t wrapped(std::int64_t x) { return static_cast<std::int32_t>(static_cast<std::uint32_t>(x)); }

}  // namespace

TEST_CASE("arithmetic of integers at their ends") {
  check_hard_integers({"add", 2, [](const Tensors& x) { return x[0] + x[1]; },
                       [](const Integers& x) { return wrapped(x[0] + x[1]); }});
  check_hard_integers({"subtract", 2, [](const Tensors& x) { return x[0] - x[1]; },
                       [](const Integers& x) { return wrapped(x[0] - x[1]); }});
  check_hard_integers({"multiply", 2, [](const Tensors& x) { return x[0] * x[1]; },
                       [](const Integers& x) { return wrapped(x[0] * x[1]); }});
  check_hard_integers({"divide", 2, [](const Tensors& x) { return x[0] / where(x[1] == 0, 3, x[1]); },
                       [](const Integers& x) { return wrapped(x[0] / (x[1] == 0 ? 3 : x[1])); }});
  const auto divisor = [](const Tensor& x) { return where(x == 0, 3, x); };
  check_hard_integers({"remainder", 2, [&](const Tensors& x) { return remainder(x[0], divisor(x[1])); },
                       [](const Integers& x) {
                         const std::int64_t b = x[1] == 0 ? 3 : x[1];
                         return ((x[0] % b) + b) % b;
                       }});
  check_hard_integers({"fmod", 2, [&](const Tensors& x) { return fmod(x[0], divisor(x[1])); },
                       [](const Integers& x) { return x[0] % (x[1] == 0 ? 3 : x[1]); }});
  check_hard_integers({"isfinite", 1, [](const Tensors& x) { return isfinite(x[0]); },
                       [](const Integers&) { return std::int64_t{1}; }});
  check_hard_integers({"negate", 1, [](const Tensors& x) { return -x[0]; },
                       [](const Integers& x) { return wrapped(-x[0]); }});
  check_hard_integers({"abs", 1, [](const Tensors& x) { return abs(x[0]); },
                       [](const Integers& x) { return wrapped(x[0] < 0 ? -x[0] : x[0]); }});
  check_hard_integers({"square", 1, [](const Tensors& x) { return square(x[0]); },
                       [](const Integers& x) { return wrapped(x[0] * x[0]); }});
  check_hard_integers({"sign", 1, [](const Tensors& x) { return sign(x[0]); },
                       [](const Integers& x) { return std::int64_t{(x[0] > 0) - (x[0] < 0)}; }});
  check_hard_integers({"maximum", 2, [](const Tensors& x) { return maximum(x[0], x[1]); },
                       [](const Integers& x) { return std::max(x[0], x[1]); }});
  check_hard_integers({"minimum", 2, [](const Tensors& x) { return minimum(x[0], x[1]); },
                       [](const Integers& x) { return std::min(x[0], x[1]); }});
  check_hard_integers({"clamp", 1, [](const Tensors& x) { return clamp(x[0], -2147483648., 2147483646); },
                       [](const Integers& x) { return std::min(x[0], std::int64_t{2147483646}); }});
  check_hard_integers({"less", 2, [](const Tensors& x) { return x[0] < x[1]; },
                       [](const Integers& x) { return std::int64_t{x[0] < x[1]}; }});
  check_hard_integers({"equal", 2, [](const Tensors& x) { return x[0] == x[1]; },
                       [](const Integers& x) { return std::int64_t{x[0] == x[1]}; }});
  check_hard_integers({"where", 2, [](const Tensors& x) { return where(x[0] > 0, x[0], x[1]); },
                       [](const Integers& x) { return x[0] > 0 ? x[0] : x[1]; }});
}

TEST_CASE("reductions of integers at their ends") {
  const auto pair = [](const Tensors& x) { return stack({x[0], x[1]}, 0); };
  check_hard_integers({"sum", 2, [&](const Tensors& x) { return sum(pair(x), 0); },
                       [](const Integers& x) { return wrapped(x[0] + x[1]); }});
  check_hard_integers({"prod", 2, [&](const Tensors& x) { return prod(pair(x), 0); },
                       [](const Integers& x) { return wrapped(x[0] * x[1]); }});
  check_hard_integers({"cumsum", 2, [&](const Tensors& x) { return select(cumsum(pair(x), 0), 0, 1); },
                       [](const Integers& x) { return wrapped(x[0] + x[1]); }});
  check_hard_integers({"max", 2, [&](const Tensors& x) { return max(pair(x), 0); },
                       [](const Integers& x) { return std::max(x[0], x[1]); }});
  check_hard_integers({"min", 2, [&](const Tensors& x) { return min(pair(x), 0); },
                       [](const Integers& x) { return std::min(x[0], x[1]); }});
  check_hard_integers({"argmax", 2, [&](const Tensors& x) { return argmax(pair(x), 0); },
                       [](const Integers& x) { return std::int64_t{x[1] > x[0]}; }});
  check_hard_integers({"argmin", 2, [&](const Tensors& x) { return argmin(pair(x), 0); },
                       [](const Integers& x) { return std::int64_t{x[1] < x[0]}; }});
  check_hard_integers({"index_sum", 2,
                       [](const Tensors& x) {
                         const Index n = x[0].size();
                         const Tensor ids = arange(n);
                         return index_add(index_sum(ids, x[0], 0, n), ids, x[1], 0);
                       },
                       [](const Integers& x) { return wrapped(x[0] + x[1]); }});
  check_hard_integers({"scatter_sum", 2,
                       [](const Tensors& x) { return scatter_add(x[0], arange(x[0].size()), x[1], 0); },
                       [](const Integers& x) { return wrapped(x[0] + x[1]); }});
}

TEST_CASE("ids at their ends are found or refused") {
  check_hard_integers({"one_hot", 1,
                       [](const Tensors& x) {
                         // What lies outside is refused; these are the places 0 to 2, or the last.
                         return argmax(one_hot(clamp(x[0], 0, 2), 3), -1);
                       },
                       [](const Integers& x) { return std::clamp<std::int64_t>(x[0], 0, 2); }});
  using Limits = std::numeric_limits<std::int32_t>;
  const Tensor x = tensor({1.f, 2.f, 3.f});
  for (const std::int32_t id : {Limits::min(), -1, 3, Limits::max()}) {
    CAPTURE(id);
    const Tensor ids = tensor({id});
    CHECK_THROWS_AS(evaluate(one_hot(ids, 3)), Error);
    CHECK_THROWS_AS(evaluate(take(x, ids, 0)), Error);
    CHECK_THROWS_AS(evaluate(take_along_axis(x, ids, 0)), Error);
    CHECK_THROWS_AS(evaluate(index_sum(ids, tensor({1.f}), 0, 3)), Error);
    CHECK_THROWS_AS(evaluate(scatter_sum(ids, tensor({1.f}), 0, 3)), Error);
  }
}

TEST_CASE("argmax of hard values") {
  const auto check = [](const std::string& name, Tensor (*f)(const Operand&, Index, bool), bool largest) {
    check_hard_values({name,
                       2,
                       [f](const Tensors& x) {
                         return f(stack({x[0], x[1]}, 0), 0, false);
                       },
                       [largest](const Reals& x) {
                         if (std::isnan(x[0])) return Real{0};
                         return std::isnan(x[1]) || (largest ? x[1] > x[0] : x[1] < x[0]) ? Real{1} : Real{0};
                       },
                       {}});
  };
  check("argmax", argmax, true);
  check("argmin", argmin, false);
}
