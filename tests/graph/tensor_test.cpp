#include "support/catch.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/variable.h>

#include <cmath>
#include <limits>

using namespace sluice;

TEST_CASE("constants hold their values") {
  const Tensor t = tensor({1.f, 2.f, 3.f, 4.f}, {2, 2});
  CHECK(t.shape() == Shape{2, 2});
  CHECK(t.dtype() == DType::float32);
  CHECK(t.dim(-1) == 2);
  CHECK(t.has_value());
  CHECK(t.to_vector() == std::vector<float>{1, 2, 3, 4});
  CHECK(tensor({7.0}, {}).item() == 7);
  CHECK(arange(4).to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 1, 2, 3});
  CHECK(full({2}, 2.5, DType::float64).to_vector<double>() == std::vector<double>{2.5, 2.5});
  CHECK(zeros({0, 3}).to_vector().empty());
}

TEST_CASE("mistakes with values are explained") {
  CHECK_THROWS_WITH(tensor({1.f, 2.f}, {3}), contains("got 2 values for [3], which has 3"));
  CHECK_THROWS_WITH(zeros({2}).item(),
                    contains("[item] the tensor must have exactly one element: got f32[2]"));
  CHECK_THROWS_WITH(zeros({2}).to_vector<bool>(), contains("the tensor holds f32: got a request for bool"));
  CHECK_THROWS_WITH(
      (zeros({2}) + 1).item(),
      contains("only a computed tensor has a value: got the result of 'add', f32[2]; call evaluate"));
  CHECK_THROWS_WITH(Tensor().item(), contains("undefined Tensor"));
  CHECK_THROWS_WITH(Tensor() + zeros({2}), contains("undefined Tensor"));
  CHECK_THROWS_WITH(zeros({2}).dim(2),
                    contains("[dim] axis must lie in -2..1") || contains("[dim] axis must lie in -1..0"));
}

TEST_CASE("an error names the line that made it") {
  const int line = __LINE__ + 1;
  const auto add = [] { return zeros({2}) + zeros({3}); };
  CHECK_THROWS_WITH(add(), contains("(graph/tensor_test.cpp:" + std::to_string(line) + ")"));
}

TEST_CASE("a number takes the dtype of its partner") {
  CHECK((full({2}, 1, DType::float64) * 2).dtype() == DType::float64);
  CHECK((3 - arange(2)).dtype() == DType::int32);
  CHECK_THROWS_WITH(arange(2) * 0.5, contains("must be a 32-bit integer: got 0.5"));
  CHECK_THROWS_WITH(arange(2) + zeros({2}), contains("i32") && contains("f32"));
}

TEST_CASE("the integers of i32 are all there, and no others") {
  CHECK(evaluate(arange(1) + std::numeric_limits<std::int32_t>::min()).item() == -2147483648.0);
  CHECK_THROWS_WITH(arange(2) + 2147483648.0, contains("must be a 32-bit integer"));
  CHECK_THROWS_WITH(full({2}, 1e20, DType::int32), contains("[full]") && contains("1e+20"));
  CHECK_THROWS_AS(full({2}, std::nan(""), DType::int32), ShapeError);
}

TEST_CASE("a variable keeps its value between reads and assignments") {
  Variable v(tensor({1.f, 2.f}));
  const Variable same(v);  // NOLINT: a copy is what is tested
  v.assign(v * 3 + 1);
  CHECK(same.value().to_vector() == std::vector<float>{4, 7});
  v.assign(0);
  CHECK(same.value().to_vector() == std::vector<float>{0, 0});
  CHECK(evaluate(v + 5).to_vector() == std::vector<float>{5, 5});
  CHECK(v.read().is(same.read()));
}

TEST_CASE("a value taken from a variable is a copy") {
  Variable v(tensor({1.f}));
  const Tensor before = v.value();
  v.assign(2);
  CHECK(before.item() == 1);
}

TEST_CASE("a variable keeps its shape and dtype") {
  Variable v(zeros({2}));
  CHECK_THROWS_WITH(v.assign(zeros({3})), contains("got f32[3] for f32[2]"));
  CHECK_THROWS_WITH(v.assign(zeros({2}, DType::float64)), contains("got f64[2] for f32[2]"));
  CHECK_THROWS_WITH(v.set(Array(Spec{DType::float32, {5}})), contains("got f32[5] for f32[2]"));
  CHECK_THROWS_WITH(Variable().read(), contains("one that was never made"));
  CHECK_THROWS_WITH(Variable() + 1, contains("one that was never made") && contains("tensor_test.cpp"));
}

namespace {

/// Ops by what they keep and what they tell of it.
class Bare : public Op {
 public:
  std::string_view name() const override { return "bare"; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View>, std::span<const MutableView>) const override {}
};
class Silent : public Bare {
 public:
  double member = 0;
};
class Telling : public Silent {
 public:
  void members(Attributes& a) const noexcept override { a("member", member); }
};
class Private : public Silent {
  void members(Attributes& a) const override { a("member", member); }
};
class SameMembers : public Telling {};
class MoreMembers : public Telling {
 public:
  double more = 0;
};
class NoMore : public SameMembers {
 public:
  void members(Attributes& a) const noexcept override { Telling::members(a); }
};
class Abstract : public Silent {
  virtual void rule() const = 0;
};
static_assert(detail::lists_members<Bare>());
static_assert(!detail::lists_members<Silent>());
static_assert(!detail::lists_members<const Silent>());
static_assert(detail::lists_members<Telling>());
static_assert(detail::lists_members<Private>());
static_assert(detail::lists_members<SameMembers>());
static_assert(!detail::lists_members<MoreMembers>());
static_assert(detail::lists_members<NoMore>());
static_assert(detail::lists_members<Abstract>());
static_assert(detail::lists_members<const Op>());

}  // namespace

TEST_CASE("an op that tells its members can be made, and so can one that is known by its base only") {
  const Tensor x = ones({2});
  CHECK(make(std::make_shared<Telling>(), {x}).op().attributes() == "member=0");
  CHECK(make(std::make_shared<const Private>(), Tensors{x}, Location::current()).op().attributes() ==
        "member=0");
  CHECK(make<Bare>(x).shape() == Shape{2});
  const std::shared_ptr<const Op> any = std::make_shared<Telling>();
  CHECK(make(any, {x}).op().name() == "bare");
  CHECK(make(any, Tensors{x}, Location::current()).op().name() == "bare");
}
