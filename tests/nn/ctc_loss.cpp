#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/ctc.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;

namespace {

void check_ctc_golden(DType dtype, double tolerance) {
  const Golden golden = Golden::open("ctc.json");
  CHECK(golden.names().size() == 10);
  for (const std::string& name : golden.names()) {
    const Record c = golden.at(name);
    const Tensor seed = constant(c.array("seed"), dtype);
    const auto ids = [&](const char* entry) { return constant(c.array(entry), DType::int32); };
    for (const char* reduction : {"mean", "sum", "none"}) {
      INFO(name << " " << reduction);
      nn::CtcOptions options;
      options.blank = c.integer("blank");
      options.infeasible = c.flag("zero_infinity") ? nn::Infeasible::zero : nn::Infeasible::infinity;
      const bool each = std::string_view(reduction) == "none";
      options.reduction = each                                    ? nn::Reduction::none
                          : std::string_view(reduction) == "mean" ? nn::Reduction::mean
                                                                  : nn::Reduction::sum;
      const Variable logits(constant(c.array("logits"), dtype));
      const auto loss_of = [&](const Tensor& x) {
        return nn::ctc_loss(x, ids("targets"), ids("input_lengths"), ids("target_lengths"), options);
      };
      const Tensor loss = loss_of(logits);
      CHECK(loss.dtype() == dtype);
      check_close(loss, c.array(reduction).data, tolerance);
      const std::vector<double> slope = c.array("grad." + std::string(reduction)).data;
      check_close(grad(each ? sum(loss * seed) : loss, logits), slope, tolerance);
      // Log-probabilities are logits, too.
      const Tensor of_logs = loss_of(log_softmax(logits, -1));
      check_close(of_logs, c.array(reduction).data, tolerance);
      check_close(grad(each ? sum(of_logs * seed) : of_logs, logits), slope, tolerance);
    }
  }
}

}  // namespace

TEST_CASE("CTC is PyTorch's") { check_ctc_golden(DType::float64, 1e-12); }

TEST_CASE("CTC in float32 is PyTorch's in float64") { check_ctc_golden(DType::float32, 3e-6); }
