#include <sluice/check/gradcheck.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;

namespace {

/// x^3 with a gradient that is right, wrong by a factor, or right in value but made of a constant.
enum class Rule { right, wrong, nan };

class Cube final : public Elementwise<Cube, 1> {
 public:
  explicit Cube(Rule chosen) : rule_(chosen) {}
  static constexpr std::string_view id = "cube";
  void members(Attributes& a) const override { a("rule", rule_); }
  static auto value(auto x) { return x * x * x; }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    if (rule_ == Rule::right) return {3 * x * x * dy};
    if (rule_ == Rule::wrong) return {2 * x * x * dy};
    return {(x - x) / (x - x) * dy};
  }

 private:
  Rule rule_;
};

/// x^2, whose gradient forgets that it depends on x: right to first order only.
class Frozen final : public Elementwise<Frozen, 1> {
 public:
  static constexpr std::string_view id = "frozen";
  static auto value(auto x) { return x * x; }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override;
};

/// 2x with no gradient of its own.
class Blind final : public Elementwise<Blind, 1> {
 public:
  static constexpr std::string_view id = "blind";
  static auto value(auto x) { return 2 * x; }
  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

Tensors Frozen::gradient(const Tensor& y, const Tensor& dy) const { return {make<Blind>(y.input(0)) * dy}; }

auto cube(Rule rule) {
  return [rule](const Tensors& x) { return make(std::make_shared<Cube>(rule), {x[0]}); };
}

}  // namespace

TEST_CASE("gradcheck accepts right gradients and says what it compared") {
  const Tensor x = tensor({0.5, -1.0, 2.0});
  const GradcheckReport report = gradcheck(cube(Rule::right), {x});
  CHECK(report.entries == 9);
  CHECK(report.worst_error < 1e-7);
  CHECK(gradgradcheck(cube(Rule::right), {x}).entries == 18);
}

TEST_CASE("gradcheck names the worst entry of a wrong gradient with both values") {
  const Tensor x = tensor({0.5, 0.0, 2.0}, {3, 1});
  CHECK_THROWS_WITH(
      gradcheck(cube(Rule::wrong), {x}),
      contains("[gradcheck] reverse mode differs from central differences: d output 0 [2, 0] / d input 0 "
               "[2, 0] is 8, by differences 12") &&
          contains("2 of 9 entries are wrong") && contains("gradcheck.cpp:"));
  CHECK_THROWS_WITH(gradcheck(cube(Rule::nan), {x}), contains("is nan") || contains("is -nan"));
}

TEST_CASE("gradgradcheck catches a gradient that is right in value only") {
  const auto frozen = [](const Tensors& x) { return make<Frozen>(x[0]); };
  const Tensor x = tensor({0.5, 2.0});
  CHECK(gradcheck(frozen, {x}, {.jvp = false}).entries == 4);
  CHECK_THROWS_WITH(gradgradcheck(frozen, {x}),
                    contains("[gradgradcheck] in gradcheck: reverse mode differs"));
}

TEST_CASE("gradcheck holds integer and bool inputs fixed and leaves such outputs out") {
  const auto function = [](const Tensors& x) { return Tensors{where(x[1], x[0], x[0] * x[0]), x[2]}; };
  const GradcheckReport report =
      gradcheck(function, {tensor({0.5, 2.0}), tensor({true, false}), tensor({1, 2, 3})});
  CHECK(report.entries == 4);
}

TEST_CASE("gradcheck refuses float32, in which differences are noise") {
  CHECK_THROWS_WITH(gradcheck([](const Tensors& x) { return sum(x[0]); }, {tensor({1.f, 2.f})}),
                    contains("[gradcheck] inputs must be float64"));
}

TEST_CASE("gradcheck counts an output that depends on nothing as zero") {
  CHECK(gradcheck(
            [](const Tensors& x) {
              return Tensors{x[0] * 2, ones({2}, DType::float64)};
            },
            {tensor({1.0, 2.0})})
            .entries == 8);
}

TEST_CASE("gradcheck is not confused by results that are the arguments themselves") {
  const GradcheckReport report = gradcheck(
      [](const Tensors& x) {
        return Tensors{x[0], x[0] + x[1]};
      },
      {tensor({1.0, 2.0}), tensor({3.0, 4.0})});
  CHECK(report.entries == 16);
  CHECK(report.worst_error < 1e-8);
  CHECK_THROWS_WITH(gradcheck([](const Tensors& x) { return stop_gradient(x[0]); }, {tensor({1.0})}),
                    contains("is 0, by differences 1"));
}
