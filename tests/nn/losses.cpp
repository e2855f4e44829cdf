#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;

namespace {

nn::Reduction reduction_of(const Record& c) {
  const std::string name = c.text("reduction");
  if (name == "mean") return nn::Reduction::mean;
  return name == "sum" ? nn::Reduction::sum : nn::Reduction::none;
}

// A golden case's loss, made by ours.
Tensor loss_of(const Record& c, const Variable& input, DType dtype) {
  const std::string loss = c.text("loss");
  const nn::Reduction reduction = reduction_of(c);
  if (loss == "cross_entropy" || loss == "nll") {
    const Tensor classes = constant(c.array("target"), DType::int32);
    const auto ignored = static_cast<std::int32_t>(c.integer("ignore_index"));
    if (loss == "nll") return nn::nll(input, classes, {.ignore_index = ignored, .reduction = reduction});
    return nn::cross_entropy(
        input, classes,
        {.label_smoothing = c.number("label_smoothing"), .ignore_index = ignored, .reduction = reduction});
  }
  const Tensor target = constant(c.array("target"), dtype);
  if (loss == "mse") return nn::mse(input, target, reduction);
  if (loss == "l1") return nn::l1(input, target, reduction);
  if (loss == "huber") return nn::huber(input, target, {.delta = c.number("delta"), .reduction = reduction});
  if (loss == "smooth_l1") {
    const double beta = c.number("beta");
    return nn::huber(input, target, {.delta = beta, .reduction = reduction}) / beta;
  }
  REQUIRE(loss == "bce_with_logits");
  nn::BinaryCrossEntropyOptions options;
  options.reduction = reduction;
  if (c.has("pos_weight")) options.pos_weight = constant(c.array("pos_weight"), dtype);
  return nn::binary_cross_entropy_with_logits(input, target, options);
}

void check_losses(DType dtype, double tolerance) {
  const Golden golden = Golden::open("losses.json");
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record c = golden.at(name);
    const Variable input(constant(c.array("input"), dtype));
    const Tensor loss = loss_of(c, input, dtype);
    CHECK(loss.dtype() == dtype);
    CHECK(loss.shape() == constant(c.array("value")).shape());
    check_close(loss, c.array("value").data, tolerance);
    const Tensor gradient = grad(sum(loss * constant(c.array("seed"), dtype)), input);
    check_close(gradient, c.array("grad.input").data, tolerance);
  }
}

}  // namespace

TEST_CASE("Losses and their gradients are PyTorch's") { check_losses(DType::float64, 1e-12); }

TEST_CASE("Losses keep float32's accuracy") { check_losses(DType::float32, 2e-6); }

TEST_CASE("Cross entropy is exact for logits of any size") {
  const Tensor logits = tensor({1000.f, 0.f, -1000.f, 0.f, 1e30f, -1e30f}, {2, 3});
  check_close(nn::cross_entropy(logits, tensor({0, 1}), {.reduction = nn::Reduction::none}), {0, 0}, 0);
  check_close(nn::cross_entropy(logits, tensor({1, 1}), {.reduction = nn::Reduction::none}), {1000, 0}, 1e-6);
  check_close(nn::binary_cross_entropy_with_logits(tensor({1e4f, -1e4f, 1e4f}), tensor({1.f, 0.f, 0.f}),
                                                   {.reduction = nn::Reduction::none}),
              {0, 0, 1e4}, 0);
}

TEST_CASE("Cross entropy without an ignored class is the plain mean") {
  const Tensor logits = tensor({0.5, -1.0, 2.0, 0.25, 0.0, -0.5}, {2, 3});
  const Tensor classes = tensor({2, 0});
  check_close(nn::cross_entropy(logits, classes), nn::cross_entropy(logits, classes, {.ignore_index = -1}),
              1e-15);
  check_close(nn::cross_entropy(logits, classes), nn::nll(log_softmax(logits, -1), classes), 1e-15);
}

TEST_CASE("Where every example is ignored the loss is zero, and so is its gradient") {
  const Variable logits(ones({2, 3}));
  const Tensor loss = nn::cross_entropy(logits, tensor({7, 7}), {.ignore_index = 7});
  check_close(loss, {0}, 0);
  check_close(grad(loss, logits), std::vector<double>(6), 0);
}

TEST_CASE("A class out of range is an error when the loss is computed") {
  CHECK_THROWS_AS(evaluate(nn::cross_entropy(zeros({2, 3}), tensor({0, 3}))), Error);
}

TEST_CASE("Losses say which shapes do not fit") {
  CHECK_THROWS_WITH(
      nn::cross_entropy(zeros({4, 5}), zeros({4, 5})),
      contains("[cross_entropy] takes a score per class on the last axis, [..., classes], and one class "
               "i32[...] for each: got f32[4, 5] and f32[4, 5]; reshape or cast one of them") &&
          contains("nn/losses.cpp"));
  CHECK_THROWS_WITH(nn::cross_entropy(zeros({4, 5}), zeros({3}, DType::int32)),
                    contains("got f32[4, 5] and i32[3]"));
  CHECK_THROWS_WITH(nn::nll(zeros({4, 5}), zeros({5}, DType::int32)),
                    contains("[nll] takes a score per class"));
  CHECK_THROWS_WITH(nn::cross_entropy(zeros({1, 2}), tensor({0}), {.label_smoothing = 1.5}),
                    contains("[cross_entropy] label smoothing is in [0, 1]: got 1.5"));
  CHECK_THROWS_WITH(
      nn::mse(zeros({4}), zeros({4, 1})),
      contains("[mse] prediction and target have the same shape and floating dtype: got f32[4] and f32[4, "
               "1]; reshape or cast one of them"));
  CHECK_THROWS_WITH(nn::l1(zeros({4}), zeros({4}, DType::float64)), contains("got f32[4] and f64[4]"));
  CHECK_THROWS_WITH(nn::huber(zeros({1}), zeros({1}), {.delta = 0}),
                    contains("[huber] delta is positive: got 0"));
  CHECK_THROWS_WITH(nn::binary_cross_entropy_with_logits(zeros({4}), zeros({3})),
                    contains("[binary_cross_entropy_with_logits]"));
}
