// The CTC cases of burn, whose numbers come from PyTorch, and of Graves' implementation.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/ctc.h>
#include <sluice/ops/log.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr double tolerance = 1e-5;

Tensor ids(const test::Array& array) { return constant(array, DType::int32); }

/// One file of burn: each loss by itself, or their mean or sum; the gradient of that mean or, of the others,
/// of the sum.
void check_burn(const Record& c, DType dtype) {
  nn::CtcOptions options{.blank = c.integer("blank"), .reduction = nn::Reduction::none};
  if (c.has("reduction"))
    options.reduction = c.text("reduction").starts_with("mean") ? nn::Reduction::mean : nn::Reduction::sum;
  const Variable logits(constant(c.array("logits"), dtype));
  const Tensor loss = nn::ctc_loss(logits, ids(c.array("targets")), ids(c.array("input_lengths")),
                                   ids(c.array("target_lengths")), options);
  if (options.reduction == nn::Reduction::none) {
    check_close(loss, c.array("expected_loss_per_sample").data, tolerance);
  } else {
    check_close(loss, {c.number("expected_loss")}, tolerance);
  }
  check_close(grad(sum(loss), logits), c.array("expected_grad_logits").data, tolerance);
}

}  // namespace

TEST_CASE("The CTC cases of burn come out") {
  int count = 0;
  for (const char* name : {"long_sequence", "mean_reduction", "mixed_input_lengths", "repeated_labels",
                           "sum_reduction", "uniform_input_lengths"}) {
    const auto record = open_vectors("ctc/burn_pytorch_test_ctc_loss_" + std::string(name) + ".json");
    if (!record) {
      WARN(vectors_absent());
      return;
    }
    INFO(name);
    for (const DType dtype : {DType::float64, DType::float32}) check_burn(*record, dtype);
    ++count;
  }
  CHECK(count == 6);
}

TEST_CASE("The CTC cases of Graves come out") {
  const auto record = open_vectors("ctc/tf_graves_testBasic.json");
  if (!record) {
    WARN(vectors_absent());
    return;
  }
  const std::vector<Record> cases = record->items("cases");
  CHECK(cases.size() == 2);
  for (const Record& one : cases) {
    for (const DType dtype : {DType::float64, DType::float32}) {
      const Tensor p = constant(one.array("prob"), dtype);
      const Variable logits(evaluate(reshape(log(p), {p.dim(0), 1, p.dim(1)})));
      const Tensor targets = ids(one.array("targets"));
      const Tensor loss =
          ctc_loss(logits, reshape(targets, {1, targets.size()}), full({1}, p.dim(0), DType::int32),
                   full({1}, targets.size(), DType::int32), {.blank = record->integer("blank")});
      check_close(loss, {one.number("expected_loss")}, tolerance);
      check_close(grad(sum(loss), logits), one.array("expected_grad_logits").data, tolerance);
    }
  }
}
