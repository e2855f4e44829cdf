// Losses at zeros, infinities, NaN and the ends of what floats hold.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/transpose.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;
using nn::Reduction;

namespace {

using Two = const Reals&;

Real sign_of(Real x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
Real softplus_of(Real x) { return x > 100 ? x : std::log1p(std::exp(x)); }
Real sigmoid_of(Real x) { return 1 / (1 + std::exp(-x)); }
Real weighted(Real x, Real weight) { return weight == 0 ? 0 : x * weight; }

/// -log softmax(row)[k] and its gradient. The share of an infinite score is not determined.
Reals log_softmax_of(const Reals& row) {
  const bool has_nan = std::any_of(row.begin(), row.end(), [](Real x) { return std::isnan(x); });
  const Real top = has_nan ? real_nan : *std::max_element(row.begin(), row.end());
  Real rest = 0;
  for (const Real x : row) rest += x == top ? 1 : std::exp(x - top);
  Reals result;
  for (const Real x : row) result.push_back(x - top - std::log(rest));
  return result;
}

}  // namespace

TEST_CASE("regression losses at hard values") {
  const auto minus = [](const std::function<Real(Two)>& f) { return [f](Two x) { return -f(x); }; };
  const auto by_mse = [](Two x) { return 2 * (x[0] - x[1]); };
  check_hard_values({"subtract",
                     2,
                     [](const Tensors& x) { return nn::mse(x[0], x[1], Reduction::none); },
                     [](Two x) { return (x[0] - x[1]) * (x[0] - x[1]); },
                     {by_mse, minus(by_mse)}});
  const auto by_l1 = [](Two x) { return sign_of(x[0] - x[1]); };
  check_hard_values({"abs",
                     2,
                     [](const Tensors& x) { return nn::l1(x[0], x[1], Reduction::none); },
                     [](Two x) { return std::abs(x[0] - x[1]); },
                     {by_l1, minus(by_l1)}});
  const auto by_huber = [](Two x) {
    const Real d = x[0] - x[1];
    return std::abs(d) > 2 ? 2 * sign_of(d) : d;
  };
  check_hard_values(
      {"minimum",
       2,
       [](const Tensors& x) { return nn::huber(x[0], x[1], {.delta = 2, .reduction = Reduction::none}); },
       [](Two x) {
         const Real d = std::abs(x[0] - x[1]);
         return d <= 2 ? d * d / 2 : 2 * (d - 1);
       },
       {by_huber, minus(by_huber)}});
}

TEST_CASE("binary cross entropy at hard logits") {
  for (const double target : {0., 1., 0.25}) {
    for (const double positive : {1., 0., 3.}) {
      check_hard_values(
          {"softplus",
           1,
           [&](const Tensors& x) {
             return nn::binary_cross_entropy_with_logits(
                 x[0], full(x[0].shape(), target, x[0].dtype()),
                 {.pos_weight = full({1}, positive, x[0].dtype()), .reduction = Reduction::none});
           },
           [&](Two x) {
             return weighted(weighted(softplus_of(-x[0]), target), positive) +
                    weighted(softplus_of(x[0]), 1 - target);
           },
           {[&](Two x) {
             // A NaN takes part through each term that has a weight.
             return weighted(sigmoid_of(x[0]) - 1, positive * target) +
                    weighted(sigmoid_of(x[0]), 1 - target);
           }},
           {},
           {1e-5, 1e-6}});
    }
  }
}

TEST_CASE("cross entropy of hard scores") {
  for (const int target : {0, 2}) {
    const auto classes = [target](const Tensor& x) { return full({x.dim(0)}, target, DType::int32); };
    const auto in_rows = [](const Tensor& x, Index axis) { return axis == 1 ? x : transpose(x); };
    const auto k = static_cast<std::size_t>(target);
    const auto slope = [k](const Reals& row, const Reals&) {
      Reals dx;
      const Reals log_p = log_softmax_of(row);
      for (std::size_t i = 0; i < row.size(); ++i) dx.push_back(std::exp(log_p[i]) - (i == k ? 1 : 0));
      return dx;
    };
    const Closeness close{1e-5, 1e-6};
    check_hard_rows({"log_softmax",
                     [&](const Tensor& x, Index axis) {
                       const Tensor rows = in_rows(x, axis);
                       return nn::cross_entropy(rows, classes(rows), {.reduction = Reduction::none});
                     },
                     [k](const Reals& row) { return Reals{-log_softmax_of(row)[k]}; },
                     slope,
                     {},
                     {},
                     close,
                     close});
    check_hard_rows({"negate",
                     [&](const Tensor& x, Index axis) {
                       const Tensor rows = in_rows(x, axis);
                       return nn::nll(rows, classes(rows), {.reduction = Reduction::none});
                     },
                     [k](const Reals& row) { return Reals{-row[k]}; },
                     [k](const Reals& row, const Reals&) {
                       Reals dx(row.size());
                       dx[k] = -1;
                       return dx;
                     }});
    // Smoothing asks for every class: one that is impossible costs infinity, and has no other gradient.
    check_hard_rows({"mean",
                     [&](const Tensor& x, Index axis) {
                       const Tensor rows = in_rows(x, axis);
                       return nn::cross_entropy(rows, classes(rows),
                                                {.label_smoothing = 0.3, .reduction = Reduction::none});
                     },
                     [k](const Reals& row) {
                       const Reals log_p = log_softmax_of(row);
                       return Reals{-0.7L * log_p[k] - 0.1L * (log_p[0] + log_p[1] + log_p[2])};
                     },
                     [k](const Reals& row, const Reals&) {
                       Reals dx;
                       const Reals log_p = log_softmax_of(row);
                       for (std::size_t i = 0; i < row.size(); ++i)
                         dx.push_back(std::exp(log_p[i]) - (i == k ? 0.8L : 0.1L));
                       return dx;
                     },
                     // Sums of such losses overflow.
                     [](const Reals& row, DType) {
                       return std::any_of(row.begin(), row.end(), [](Real x) { return std::abs(x) > 1e38L; });
                     },
                     {},
                     close,
                     close});
  }
  using Limits = std::numeric_limits<std::int32_t>;
  for (const std::int32_t bad : {Limits::min(), -1, 3, Limits::max()}) {
    CHECK_THROWS_AS(evaluate(nn::cross_entropy(zeros({1, 3}), tensor({bad}))), Error);
    CHECK_THROWS_AS(evaluate(nn::nll(zeros({1, 3}), tensor({bad}))), Error);
    CHECK(evaluate(nn::nll(zeros({1, 3}), tensor({bad}), {.ignore_index = bad})).item() == 0);
  }
}
