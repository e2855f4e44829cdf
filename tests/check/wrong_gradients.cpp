// Ops with wrong gradients: found, and named.

#include <sluice/ops/abs.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>

#include <cstring>

#include "check/wrong.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

struct TwoAndAHalf final : Doubled {
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {2.5 * dy}; }
};

/// x^2, whose gradient is an op that has none.
struct Constant2x final : Doubled {
  std::string_view name() const override { return "constant_2x"; }
  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};
struct Squared final : Elementwise<Squared, 1> {
  static constexpr std::string_view id = "squared";
  static auto value(auto x) { return x * x; }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {dy * make<Constant2x>(y.input(0))};
  }
};

/// Right for a dy of 1 and of 0.
struct Bent final : Doubled {
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {2 * abs(dy)}; }
};

struct Stopping final : Doubled {
  bool stops_gradients() const override { return true; }
};

/// a b, whose second gradient is left out if the first is not asked for.
struct Both final : Elementwise<Both, 2> {
  static constexpr std::string_view id = "both";
  static auto value(auto a, auto b) { return a * b; }
  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    if (!wanted[0]) return {Tensor(), Tensor()};
    return {dys[0] * ys[0].input(1), dys[0] * ys[0].input(0)};
  }
};

/// x and 2 x.
struct Pair : Doubled {
  Specs infer(std::span<const Spec> in) const override { return {in[0], in[0]}; }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    if (out[0].data != nullptr) std::memcpy(out[0].data, in[0].data, in[0].spec.bytes());
    if (out[1].data != nullptr) Doubled::run(in, out.subspan(1));
  }
};
/// Takes every dy for granted.
struct Granted final : Pair {
  Tensors gradients(const Tensors&, const Tensors& dys, const std::vector<bool>&) const override {
    return {dys[0] + 2 * dys[1]};
  }
};
/// Takes one dy for the other.
struct Swapping final : Pair {
  Tensors gradients(const Tensors&, const Tensors& dys, const std::vector<bool>&) const override {
    const Tensor& second = dys[1].defined() ? dys[1] : dys[0];
    return {dys[0].defined() ? dys[0] + 2 * second : 2 * second};
  }
};
/// Gives up without the first dy.
struct Short final : Pair {
  Tensors gradients(const Tensors&, const Tensors& dys, const std::vector<bool>&) const override {
    if (!dys[0].defined()) return {};
    return {dys[1].defined() ? dys[0] + 2 * dys[1] : dys[0]};
  }
};
/// Overrides gradient only.
struct FirstOnly final : Pair {};

/// Its gradient is float64 whatever x is.
struct Wide final : Doubled {
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {dy * full(y.shape(), 2, DType::float64)};
  }
};

struct Flat final : Doubled {
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {2 * sum(dy, 0)}; }
};

/// 2 x, whose form that keeps zeros is 3 x.
struct Tripling final : Doubled {
  Tensor keeping_zeros(const Tensors& inputs, std::size_t) const override { return 3 * inputs[0]; }
};

}  // namespace

TEST_CASE("check_op names the op whose gradient is wrong") {
  finds<TwoAndAHalf>(
      "reverse mode differs from central differences: d output 0 [2, 0] / d input 0 [2, 0] is 2.5, by "
      "differences 2");
  finds<TwoAndAHalf>("; found in 'doubled' of f64[3, 2] alone: mend its gradient");
  const auto among_others = [](const Tensors& x) { return square(make<TwoAndAHalf>(square(x[0]))); };
  check_refused([&] { check_op(among_others, {rows()}); },
                "; found in 'doubled' of f64[3, 2] alone: mend its gradient");
  finds<Stopping>("is 0, by differences 2");
  finds<Bent>("a gradient must be linear in dy: for a dy of -0.5, 0.75, ...");
}

TEST_CASE("check_op names the op whose second derivative is wrong") {
  finds<Squared>("differs from central differences");
  finds<Squared>("; found in 'constant_2x' of f64[3, 2] alone: mend its gradient, which is used in that");
}

TEST_CASE("check_op finds gradients that depend on which are asked for") {
  finds<Both>("if only that of input 1 is wanted, and ", {rows(), rows()});
  finds<Granted>("; in gradients of 'doubled' of f64[3, 2], where some dys may be undefined");
  finds<Short>("gradients returns one tensor per operand, undefined for zero: got 0 for 1");
  finds<Swapping>("if only output 0 has a dy, and ");
  finds<FirstOnly>("an op with several outputs overrides gradients");
}

TEST_CASE("check_op finds gradients of another shape or dtype") {
  finds<Wide>("with f32 in place of f64 inputs");
  finds<Flat>("[doubled] a gradient has the shape and dtype of its input");
}

TEST_CASE("check_op finds a form that keeps zeros and has other values") {
  finds<Tripling>(
      "keeping_zeros of 'doubled' of f64[3, 2] gives 1.5 at [0, 0] of output 0 where run gives 1");
}
