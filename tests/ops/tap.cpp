// What a tap sees: values in the order of the steps, each once, while values and gradients stay as they are.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/ops.h>

#include <stdexcept>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Numbers = std::vector<double>;

/// Appends the first element of what it sees.
std::function<void(const Tapped&)> first_into(Numbers& seen) {
  return [&seen](const Tapped& t) { seen.push_back(t.values<double>()[0]); };
}

void ignore(const Tapped&) {}

}  // namespace

TEST_CASE("tap is the identity in every way that an op is") {
  check_op("tap", [](const Tensors& x) { return tap(x[0], "x", ignore); }, unary_samples(),
           {.scalar = [](const Numbers& x) { return x[0]; }});
  check_hard_linear({"tap", {3, 2}, [](const Tensor& x) { return tap(x, "x", ignore); }});
}

TEST_CASE("the function of a tap sees name, spec and elements of any dtype") {
  int calls = 0;
  const Tensor flags = tap(tensor({true, false, true}), "flags", [&](const Tapped& t) {
    ++calls;
    CHECK(t.name == "flags");
    CHECK(t.spec() == Spec{DType::boolean, {3}});
    CHECK(std::vector<bool>(t.values<bool>().begin(), t.values<bool>().end()) ==
          std::vector<bool>{true, false, true});
    CHECK_THROWS_AS(t.values<float>(), Error);
    CHECK(t.steps().empty());
  });
  CHECK(evaluate(flags).to_vector<bool>() == std::vector<bool>{true, false, true});
  CHECK(calls == 1);
  Tensor kept;
  evaluate(tap(tensor({1.0, 2.0}) * 3, "", [&](const Tapped& t) { kept = t.tensor(); }));
  CHECK(kept.to_vector<double>() == Numbers{3, 6});
  evaluate(tap(zeros({0, 2}), "empty", [&](const Tapped& t) { CHECK(t.values<float>().empty()); }));
}

TEST_CASE("two taps of one name and one function are two") {
  Numbers seen;
  const Tensor x = tensor({2.0});
  const auto add = first_into(seen);
  evaluate(tap(x, "x", add) + tap(x, "x", add));
  CHECK(seen == Numbers{2, 2});
  seen.clear();
  const Tensor once = tap(x, "x", add);
  evaluate(once * once + exp(once));
  CHECK(seen == Numbers{2});
}

TEST_CASE("the gradient passes through a tap unseen") {
  Numbers seen;
  const Tensor x = tensor({3.0, 1.0});
  CHECK(numbers(grad(sum(square(tap(x, "x", first_into(seen)))), x)) == Numbers{6, 2});
  CHECK(seen == Numbers{3});
  // That of a gradient sees it.
  seen.clear();
  const Tensor y = custom_gradient(
      [](const Tensor& t) { return t; },
      [&](const Tensor&, const Tensor&, const Tensor& dy) { return tap(dy, "dy", first_into(seen)); }, x);
  CHECK(numbers(grad(sum(y * 5), x)) == Numbers{5, 5});
  CHECK(seen == Numbers{5});
}

TEST_CASE("a tap whose result is unused is not called") {
  Numbers seen;
  const Tensor x = tensor({3.0});
  tap(x, "x", first_into(seen));
  evaluate(x + 1);
  CHECK(seen.empty());
}

TEST_CASE("what the function of a tap throws names it and the line of the tap") {
  const auto fails = [](const Tapped&) { throw std::runtime_error("enough"); };
  CHECK_THROWS_WITH(evaluate(tap(ones({2}), "h", fails)),
                    contains("[tap] the function of tap 'h' ends the run if it throws: got \"enough\"") &&
                        contains("ops/tap.cpp:"));
  const auto refuses = [](const Tapped&) { throw Error("[mine] no"); };
  CHECK_THROWS_WITH(evaluate(tap(ones({2}), "h", refuses)), contains("[mine] no (ops/tap.cpp:"));
  struct Stop {};
  CHECK_THROWS_AS(evaluate(tap(ones({2}), "h", [](const Tapped&) { throw Stop{}; })), Stop);
}

TEST_CASE("the function of a tap may compute, but not with Variables") {
  const Variable v(ones({2}));
  const auto with = [](const std::function<void()>& use) {
    return tap(ones({2}), "x", [use](const Tapped&) { use(); });
  };
  Tensor sum_of;
  evaluate(tap(tensor({1.0, 2.0}), "x", [&](const Tapped& t) { sum_of = evaluate(sum(t.tensor())); }));
  CHECK(sum_of.to_vector<double>() == Numbers{3});
  CHECK_THROWS_WITH(evaluate(with([&] { v.value(); })), contains("may not read"));
  CHECK_THROWS_WITH(evaluate(with([&] { v.assign(zeros({2})); })), contains("may not read"));
  v.assign(zeros({2}));  // afterwards, as ever
  CHECK(v.value().to_vector() == std::vector<float>{0, 0});
}
