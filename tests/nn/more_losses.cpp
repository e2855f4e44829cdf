// Losses of sequences: class weights, soft targets, masks, divergences, quantiles, regularisers of outputs.

#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/activation_regularization.h>
#include <sluice/nn/adaptive_softmax.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/log.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include <cmath>
#include <functional>
#include <limits>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;
using nn::Reduction;

namespace {

Reduction reduction_named(const Record& c) {
  if (!c.has("reduction") || c.text("reduction") == "mean") return Reduction::mean;
  return c.text("reduction") == "sum" ? Reduction::sum : Reduction::none;
}

Tensor optional_array(const Record& c, std::string_view name, DType dtype) {
  return c.has(name) ? constant(c.array(name), dtype) : Tensor();
}

/// A golden case's loss, made by ours.
Tensor sequence_loss(const Record& c, const Variable& x, DType dtype) {
  const std::string loss = c.text("loss");
  const Reduction reduction = reduction_named(c);
  const Tensor mask = c.has("mask") ? constant(c.array("mask"), DType::int32) != 0 : Tensor();
  const Tensor weights = optional_array(c, "weights", dtype);
  if (loss == "cross_entropy" || loss == "nll") {
    const Tensor classes = constant(c.array("target"), DType::int32);
    const auto ignored = static_cast<std::int32_t>(c.integer("ignore_index"));
    if (loss == "nll")
      return nn::nll(x, classes,
                     {.ignore_index = ignored, .weights = weights, .mask = mask, .reduction = reduction});
    return nn::cross_entropy(x, classes,
                             {.label_smoothing = c.number("label_smoothing"),
                              .ignore_index = ignored,
                              .weights = weights,
                              .mask = mask,
                              .reduction = reduction});
  }
  if (loss == "activation" || loss == "temporal_activation") {
    const Tensor steps =
        c.has("lengths") ? sequence_mask(constant(c.array("lengths"), DType::int32), x.shape()[0]) : Tensor();
    return loss == "activation" ? nn::activation_regularization(x, 2, steps)
                                : nn::temporal_activation_regularization(x, 0.5, steps);
  }
  const Tensor target = constant(c.array("target"), dtype);
  if (loss == "soft_cross_entropy")
    return nn::soft_cross_entropy(x, target,
                                  {.label_smoothing = c.number("label_smoothing"),
                                   .weights = weights,
                                   .mask = mask,
                                   .reduction = reduction});
  if (loss == "kl_div")
    return nn::kl_div(x, target, {.log_target = c.flag("log_target"), .mask = mask, .reduction = reduction});
  if (loss == "quantile")
    return nn::quantile_loss(x, target,
                             {.quantiles = c.array("quantiles").data, .mask = mask, .reduction = reduction});
  if (loss == "mse") return nn::mse(x, target, {.mask = mask, .reduction = reduction});
  if (loss == "l1") return nn::l1(x, target, {.mask = mask, .reduction = reduction});
  if (loss == "huber")
    return nn::huber(x, target, {.delta = c.number("delta"), .mask = mask, .reduction = reduction});
  REQUIRE(loss == "bce_with_logits");
  return nn::binary_cross_entropy_with_logits(x, target, {.mask = mask, .reduction = reduction});
}

void check_sequence_losses(DType dtype, double tolerance) {
  const Golden golden = Golden::open("more_losses.json");
  CHECK(golden.names().size() > 80);
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record c = golden.at(name);
    const Variable x(constant(c.array("input"), dtype));
    const Tensor loss = sequence_loss(c, x, dtype);
    CHECK(loss.dtype() == dtype);
    CHECK(loss.shape() == constant(c.array("value")).shape());
    check_close(loss, c.array("value").data, tolerance);
    check_close(grad(sum(loss * constant(c.array("seed"), dtype)), x), c.array("grad.input").data, tolerance);
  }
}

using TwoOperands = std::function<Tensor(const Tensor&, const Tensor&)>;

/// The loss of x and y and its gradients, by the compiler if it is asked for.
Tensors loss_and_gradients(const TwoOperands& loss, const Tensor& x, const Tensor& y, bool compiled) {
  const auto all = [&](const Tensor& a, const Tensor& b) {
    const Tensor value = loss(a, b);
    return Tensors{value, grad(value, a), grad(value, b)};
  };
  if (compiled) return compile(all)(x, y);
  return evaluate(all(x, y));
}

}  // namespace

TEST_CASE("Losses of sequences and their gradients are PyTorch's") {
  check_sequence_losses(DType::float64, 1e-12);
}

TEST_CASE("Losses of sequences keep float32's accuracy") { check_sequence_losses(DType::float32, 3e-6); }

TEST_CASE("What stands where a mask is not set changes nothing, gradients included") {
  const Tensor mask = tensor({true, true, false, true, false, false}, {3, 2});
  const Tensor wide = cast(tensor({true, true, false, true, false, false}, {3, 2, 1}), DType::float64);
  const Tensor x = random::normal(random::key(1), {3, 2, 4}, 0, 1, DType::float64);
  const Tensor y = softmax(random::normal(random::key(2), {3, 2, 4}, 0, 1, DType::float64));
  const Tensor weights = tensor({1.0, 0.5, 2.0, 3.0});
  const std::vector<std::pair<const char*, TwoOperands>> losses{
      {"mse", [&](const Tensor& a, const Tensor& b) { return nn::mse(a, b, {.mask = mask}); }},
      {"l1", [&](const Tensor& a, const Tensor& b) { return nn::l1(a, b, {.mask = mask}); }},
      {"huber", [&](const Tensor& a, const Tensor& b) { return nn::huber(a, b, {.mask = mask}); }},
      {"binary", [&](const Tensor& a,
                     const Tensor& b) { return nn::binary_cross_entropy_with_logits(a, b, {.mask = mask}); }},
      {"quantile",
       [&](const Tensor& a, const Tensor& b) {
         return nn::quantile_loss(a, b, {.quantiles = {0.2}, .mask = mask});
       }},
      {"soft",
       [&](const Tensor& a, const Tensor& b) {
         return nn::soft_cross_entropy(a, b, {.label_smoothing = 0.1, .weights = weights, .mask = mask});
       }},
      {"kl", [&](const Tensor& a, const Tensor& b) { return nn::kl_div(log_softmax(a), b, {.mask = mask}); }},
      {"kl of logarithms",
       [&](const Tensor& a, const Tensor& b) {
         return nn::kl_div(log_softmax(a), b, {.log_target = true, .mask = mask});
       }},
      {"activation",
       [&](const Tensor& a, const Tensor& b) {
         return nn::activation_regularization(a + b, 2, mask) +
                nn::temporal_activation_regularization(a * b, 1, mask);
       }},
  };
  for (const auto& [name, loss] : losses) {
    INFO(name);
    for (const bool compiled : {false, true}) {
      const Tensors clean = loss_and_gradients(loss, x, y, compiled);
      for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -1e308, 0.0}) {
        const Tensor bad_x = where(equal(wide, 1), x, bad), bad_y = where(equal(wide, 1), y, bad);
        const Tensors dirty = loss_and_gradients(loss, evaluate(bad_x), evaluate(bad_y), compiled);
        REQUIRE(std::isfinite(dirty[0].item()));
        for (std::size_t i = 0; i < 3; ++i) CHECK(numbers(dirty[i]) == numbers(clean[i]));
        for (const std::size_t i : {1, 2}) {
          for (const double slope : numbers(dirty[i] * (1 - wide))) CHECK(slope == 0);
        }
      }
    }
  }
}

TEST_CASE("Classes and scores where a mask is not set change nothing either") {
  const Tensor mask = tensor({true, false, true, false, true, false}, {3, 2});
  const Tensor x = random::normal(random::key(1), {3, 2, 4}, 0, 1, DType::float64);
  const Tensor bad_x = where(tensor({true, false, true, false, true, false}, {3, 2, 1}), x, std::nan(""));
  const Tensor classes = tensor({0, 1, 2, 3, 1, 0}, {3, 2});
  const Tensor bad = tensor({0, 7, 2, -1, 1, 1 << 30}, {3, 2});
  const nn::AdaptiveSoftmax adaptive(4, 4, {2}, random::key(3), {.div_value = 2, .dtype = DType::float64});
  const auto each = [&](const Tensor& scores, const Tensor& ids) {
    return Tensors{nn::cross_entropy(scores, ids, {.label_smoothing = 0.1, .mask = mask}),
                   nn::nll(scores, ids, {.weights = tensor({1.0, 2.0, 3.0, 4.0}), .mask = mask}),
                   adaptive.loss(scores, ids, {.mask = mask}),
                   adaptive.loss(scores, ids, {.ignore_index = 1, .mask = mask})};
  };
  const Variable good_scores(x), bad_scores(bad_x);
  const Tensors clean = each(good_scores, classes), dirty = each(bad_scores, bad);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    CHECK(std::isfinite(evaluate(dirty[i]).item()));
    check_close(dirty[i], clean[i], 0);
    check_close(grad(dirty[i], bad_scores), grad(clean[i], good_scores), 0);
  }
  check_close(adaptive.loss(x, classes, {.mask = mask}),
              nn::nll(adaptive.log_probabilities(x), classes, {.mask = mask}), 1e-14);
  // Those that count are checked as without a mask.
  CHECK_THROWS_AS(evaluate(adaptive.loss(x, bad, {.mask = ones({3, 2}, DType::boolean)})), Error);
  CHECK_THROWS_AS(evaluate(nn::nll(x, bad, {.mask = ones({3, 2}, DType::boolean)})), Error);
}

TEST_CASE("The mean of no examples is zero, and so is its gradient") {
  const Tensor nobody = zeros({3, 2}, DType::boolean);
  const Variable x(random::normal(random::key(1), {3, 2, 4}, 0, 1, DType::float64));
  const Tensor y = full({3, 2, 4}, 0.25, DType::float64);
  const Tensor ids = zeros({3, 2}, DType::int32);
  for (const Tensor& loss :
       {nn::mse(x, y, {.mask = nobody}), nn::cross_entropy(x, ids, {.mask = nobody}),
        nn::cross_entropy(x, ids, {.weights = tensor({0.0, 1.0, 1.0, 1.0})}),
        nn::soft_cross_entropy(x, y, {.mask = nobody}), nn::activation_regularization(x, 1, nobody),
        nn::temporal_activation_regularization(x, 1, nobody)}) {
    check_close(loss, {0}, 0);
    check_close(grad(loss, x), std::vector<double>(24), 0);
  }
  check_close(nn::temporal_activation_regularization(ones({1, 2, 3}), 1), {0}, 0);
}

TEST_CASE("Terms without weight are zero, however impossible") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Variable x(tensor({0.0, -infinity, 0.0}, {1, 3}));
  const Tensor half = tensor({0.5, 0.0, 0.5}, {1, 3});
  check_close(nn::soft_cross_entropy(x, half), {std::log(2)}, 1e-15);
  check_close(grad(nn::soft_cross_entropy(x, half), x), {0, 0, 0}, 1e-15);
  check_close(nn::kl_div(log_softmax(x), half), {0}, 1e-15);
  check_close(nn::kl_div(log_softmax(x), tensor({0.5, 0.0, 0.5}, {1, 3})), {0}, 1e-15);
  check_close(nn::kl_div(log_softmax(x), log_softmax(x), {.log_target = true}), {0}, 1e-15);
  CHECK(evaluate(nn::kl_div(log_softmax(x), tensor({0.5, 0.25, 0.25}, {1, 3}))).item() == infinity);
  check_close(nn::cross_entropy(x, tensor({0}), {.label_smoothing = 0.3, .weights = tensor({1.0, 0.0, 1.0})}),
              {0.9 * std::log(2)}, 1e-15);
  // A probability that vanishes has a finite slope.
  const Variable p(tensor({0.0, 1.0}, {1, 2}));
  check_close(grad(nn::kl_div(tensor({-2.0, -1.0}, {1, 2}), p), p), {2, 2}, 1e-15);
}

TEST_CASE("Soft targets on one class are that class, and KL differs by the entropy of the target") {
  const Tensor x = random::normal(random::key(4), {5, 3}, 0, 1, DType::float64);
  const Tensor one =
      tensor({1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0}, {5, 3});
  check_close(nn::soft_cross_entropy(x, one, {.label_smoothing = 0.2}),
              nn::cross_entropy(x, tensor({0, 1, 2, 0, 1}), {.label_smoothing = 0.2}), 1e-14);
  const Tensor p = softmax(random::normal(random::key(5), {5, 3}, 0, 1, DType::float64));
  check_close(nn::kl_div(log_softmax(x), p), nn::soft_cross_entropy(x, p) - nn::soft_cross_entropy(log(p), p),
              1e-14);
}

TEST_CASE("Derivatives of the losses of sequences are right, second ones too") {
  const Tensor mask = tensor({true, true, false, true}, {2, 2});
  const Tensor x = random::normal(random::key(7), {2, 2, 3}, 0, 1, DType::float64);
  const Tensor y = softmax(random::normal(random::key(8), {2, 2, 3}, 0, 1, DType::float64));
  const Tensor w = tensor({0.5, 1.5, 2.0});
  const auto all = [&](const Tensors& t) {
    return nn::soft_cross_entropy(t[0], t[1], {.label_smoothing = 0.1, .weights = w, .mask = mask}) +
           nn::kl_div(log_softmax(t[0]), t[1], {.mask = mask}) +
           nn::cross_entropy(t[0], zeros({2, 2}, DType::int32),
                             {.label_smoothing = 0.1, .weights = w, .mask = mask}) +
           nn::mse(t[0], t[1], {.mask = mask}) + nn::activation_regularization(t[0], 1, mask) +
           nn::temporal_activation_regularization(t[0], 1, mask);
  };
  gradcheck(all, {x, y});
  gradgradcheck(all, {x, y});
}
