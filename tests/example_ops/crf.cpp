#include "examples/ops/crf.h"

#include <sluice/check/check_op.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/where.h>

#include "example_ops/both.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;
using example_ops::some;

namespace {

/// log Z by trying every tagging.
std::vector<double> by_enumeration(const Tensor& emissions, const Tensor& transitions) {
  const Index steps = emissions.dim(0), batch = emissions.dim(1), k = emissions.dim(2);
  const std::vector<double> e = numbers(emissions), a = numbers(transitions);
  std::vector<double> result;
  for (Index b = 0; b < batch; ++b) {
    long double total = 0;
    const auto count = static_cast<Index>(std::llround(std::pow(k, steps)));
    for (Index tagging = 0; tagging < count; ++tagging) {
      double score = 0;
      for (Index t = 0, rest = tagging, before = 0; t < steps; ++t, rest /= k) {
        const Index tag = rest % k;
        score += e[static_cast<std::size_t>((t * batch + b) * k + tag)];
        if (t > 0) score += a[static_cast<std::size_t>(before * k + tag)];
        before = tag;
      }
      total += std::exp(static_cast<long double>(score));
    }
    result.push_back(static_cast<double>(std::log(total)));
  }
  return result;
}

}  // namespace

TEST_CASE("a CRF's partition function is the sum over all taggings") {
  for (const Index steps : {1, 2, 5}) {
    for (const Index k : {1, 2, 4}) {
      const Tensor e = some({steps, 3, k}, 1, 3), a = some({k, k}, 2, 2);
      check_close(crf_log_partition(e, a), by_enumeration(e, a), 1e-13);
    }
  }
}

TEST_CASE("a CRF's derivatives of first and second order") {
  const auto f = [](const Tensors& x) { return crf_log_partition(x[0], x[1]); };
  check_op(f, {some({3, 2, 3}, 1), some({3, 3}, 2)});
  check_op(f, {some({1, 2, 2}, 1), some({2, 2}, 2)});
  example_ops::check_float_and_threads(f, {some({9, 5, 7}, 3, 4), some({7, 7}, 4, 2)}, 1e-5);
}

TEST_CASE("a CRF's probabilities, and its log-likelihood") {
  const Tensor e = some({4, 2, 3}, 1, 2), a = some({3, 3}, 2, 2);
  // A tagging is as likely as its probability says: over all taggings these add up to 1.
  std::vector<double> total = {0, 0};
  for (std::int32_t tagging = 0; tagging < 81; ++tagging) {
    std::vector<std::int32_t> tags;
    for (std::int32_t t = 0, rest = tagging; t < 4; ++t, rest /= 3) tags.insert(tags.end(), 2, rest % 3);
    const std::vector<double> logs = numbers(crf_log_likelihood(e, a, tensor(tags, {4, 2})));
    for (std::size_t b = 0; b < 2; ++b) total[b] += std::exp(logs[b]);
  }
  CHECK(total[0] == Approx(1).epsilon(1e-12));
  CHECK(total[1] == Approx(1).epsilon(1e-12));
  // The probabilities of the tags of one step add up to 1, those of transitions to their number.
  const Tensors p = evaluate(sl::grad(sum(crf_log_partition(e, a)), {e, a}));
  check_close(sum(p[0], -1), std::vector<double>(8, 1), 1e-13);
  check_close(sum(p[1]), {6}, 1e-13);
}

TEST_CASE("a CRF of hard scores") {
  const double inf = INFINITY;
  // Scores of any size, and one of float's.
  check_close(crf_log_partition(tensor({1e300, 0.0, 0.0, 1e300}, {2, 1, 2}), zeros({2, 2}, DType::float64)),
              {2e300}, 1e-15);
  const Tensor large = some({30, 2, 3}, 1, 3) + 1e4;
  check_close(crf_log_partition(large, some({3, 3}, 2)),
              numbers(crf_log_partition(large - 1e4, some({3, 3}, 2)) + 3e5), 1e-12);
  check_close(crf_log_partition(tensor({-2e4f, -2e4f, -3e4f, -2e4f}, {2, 1, 2}), zeros({2, 2})),
              {-4e4 + std::log(2)}, 1e-6);
  // Forbidden: a tag, a transition, a whole step.
  const Tensor e = tensor({0.5, -inf, 1.0, 2.0}, {2, 1, 2}), a = tensor({0.0, -inf, 3.0, 0.25}, {2, 2});
  check_close(crf_log_partition(e, a), {1.5}, 0);
  const Tensors only = evaluate(sl::grad(sum(crf_log_partition(e, a)), {e, a}));
  check_close(only[0], {1, 0, 1, 0}, 0);
  check_close(only[1], {1, 0, 0, 0}, 0);
  const Tensor none = tensor({0.5, 1.0, -inf, -inf}, {2, 1, 2});
  CHECK(numbers(crf_log_partition(none, a))[0] == -inf);
  const Tensors nothing = evaluate(sl::grad(sum(crf_log_partition(none, a)), {none, a}));
  check_close(nothing[0], {0, 0, 0, 0}, 0);
  check_close(nothing[1], {0, 0, 0, 0}, 0);
  // No sequences at all.
  CHECK(evaluate(crf_log_partition(zeros({3, 0, 2}), zeros({2, 2}))).shape() == Shape{0});
  const Tensor w = zeros({2, 2});
  check_close(grad(sum(crf_log_partition(zeros({3, 0, 2}), w)), w), {0, 0, 0, 0}, 0);
}

TEST_CASE("a CRF's gradient of one operand, and inside of a loop") {
  const Tensor e = some({4, 2, 3}, 1, 2), a = some({3, 3}, 2, 2);
  const Tensors both = sl::grad(sum(crf_log_partition(e, a)), {e, a});
  const auto of_one = compile([](const Tensors& x) {
    const Tensor loss = sum(crf_log_partition(x[0], x[1]));
    return Tensors{loss, grad(loss, x[1])};
  });
  check_close(of_one(Tensors{e, a})[1], both[1], 1e-14);
  const Tensor es = stack({e, e * 0.5, e * 2}, 0);
  const auto loop = [&](const Tensors& x) {
    const auto step = [&](const Tensors&, const Tensors& now) {
      return Carried{{}, {crf_log_partition(now[0], x[1])}};
    };
    return scan(step, {}, {x[0]}).ys[0];
  };
  check_close(compile(loop)(Tensors{es, a}),
              stack({crf_log_partition(e, a), crf_log_partition(e * 0.5, a), crf_log_partition(e * 2, a)}, 0),
              1e-14);
}

TEST_CASE("a CRF refuses") {
  const auto f = [](const Tensors& x) { return crf_log_partition(x[0], x[1]); };
  const std::string rule =
      "[crf_log_partition] emissions must be [time, batch, tags], with a step and a tag at "
      "least, and transitions [tags, tags]: got ";
  check_error(f, {f32({4, 3}), f32({3, 3})}, rule + "f32[4, 3] and f32[3, 3]; transpose or reshape them");
  check_error(f, {f32({0, 2, 3}), f32({3, 3})}, rule);
  check_error(f, {f32({2, 2, 0}), f32({0, 0})}, rule);
  check_error(f, {f32({4, 2, 3}), f32({3, 2})}, rule);
  check_error(f, {f32({4, 2, 3}), f64({3, 3})}, "[crf_log_partition] ");
  const auto likelihood = [](const Tensors& x) { return crf_log_likelihood(x[0], x[1], x[2]); };
  check_error(likelihood, {f32({4, 2, 3}), f32({3, 3}), i32({2, 4})},
              "[crf_log_likelihood] there is one tag, i32, for each step of each sequence: got i32[2, 4]");
  CHECK_THROWS_WITH(numbers(crf_log_likelihood(zeros({1, 1, 2}), zeros({2, 2}), tensor({2}, {1, 1}))),
                    Catch::Contains("ids must lie in 0..1: got 2"));
  check_error([](const Tensors& x) { return grad(sum(outputs_of(crf_log_partition(x[0], x[1]))[1]), x[0]); },
              {f32({2, 1, 2}), f32({2, 2})}, "[crf_log_partition] alpha is for the gradient");
}
