// CTC against all paths, one by one, and what it promises beside its value.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "ops/ctc_paths.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/environment.h"
#include "support/hard_values.h"
#include "support/sanitized.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor ids(const std::vector<std::int32_t>& values) {
  return tensor(values, {static_cast<Index>(values.size())});
}

Tensor first_blank(const Tensors& x) { return ctc_loss(x[0], x[1], x[2], x[3]); }
Tensor blank_one(const Tensors& x) { return ctc_loss(x[0], x[1], x[2], x[3], {.blank = 1}); }
Tensor skipping(const Tensors& x) {
  return ctc_loss(x[0], x[1], x[2], x[3], {.infeasible = Infeasible::zero});
}

/// The losses and the gradient of a weighted sum of them.
Tensors with_slopes(Tensor (*loss)(const Tensors&), const Tensors& x) {
  const Tensor y = loss(x);
  const Tensor dy = cast(arange(y.size()), x[0].dtype()) * 0.5 + 0.75;
  return {y, vjp({y}, {dy}, {x[0]})[0]};
}

/// The losses by trying all paths.
std::vector<double> by_paths(const std::vector<Values>& x, std::int32_t blank) {
  std::vector<double> losses;
  for (Index b = 0; b < x[0].shape[1]; ++b) {
    const Paths paths(x[0], b, static_cast<Index>(x[2][b]), blank);
    std::vector<std::int32_t> target;
    for (Index i = 0; i < static_cast<Index>(x[3][b]); ++i)
      target.push_back(static_cast<std::int32_t>(x[1].at({b, i})));
    losses.push_back(paths.loss(target));
  }
  return losses;
}

Sample sample(const Shape& logits, const std::vector<std::int32_t>& targets,
              const std::vector<std::int32_t>& input_lengths,
              const std::vector<std::int32_t>& target_lengths) {
  const Index batch = logits[1];
  const Index most = batch == 0 ? 0 : static_cast<Index>(targets.size()) / batch;
  return Sample({logits}, {tensor(targets, {batch, most}), ids(input_lengths), ids(target_lengths)});
}

/// Classes 0 and 1 are blanks of one of the functions, so labels begin with 2.
const Samples feasible = {sample({3, 2, 4}, {2, 3, 3, 9}, {3, 2}, {2, 1}),
                          sample({4, 1, 3}, {2, 2}, {4}, {2}),
                          sample({5, 2, 3}, {2, 2, 2, 2, 0, 0}, {5, 4}, {3, 1}),
                          sample({1, 3, 3}, {2, 2, 2}, {1, 1, 0}, {1, 0, 0}),
                          sample({2, 1, 5}, {4, 3}, {2}, {2}),
                          sample({4, 2, 4}, {}, {4, 2}, {0, 0}),
                          sample({3, 1, 2}, {7}, {3}, {0}),
                          sample({0, 2, 3}, {2, 2}, {0, 0}, {0, 0}),
                          sample({3, 0, 3}, {}, {}, {}),
                          sample({5, 1, 4}, {3, 2, 3}, {5}, {3})};

/// More states and steps than a vector has elements; the last sequences are infeasible.
Tensors large(DType dtype) {
  constexpr std::int32_t batch = 7, time = 90, classes = 21, most = 40;
  std::vector<std::int32_t> targets, input_lengths, target_lengths;
  for (std::int32_t b = 0; b < batch; ++b) {
    for (std::int32_t i = 0; i < most; ++i) targets.push_back(2 + (i * i + b * i) % (classes - 2));
    input_lengths.push_back(time - 9 * b);
    target_lengths.push_back(b < 5 ? 25 + 2 * b : 40);
  }
  const Tensor logits = random::normal(random::key(5), {time, batch, classes}, 0, 3, dtype);
  return evaluate(Tensors{logits, tensor(targets, {batch, most}), ids(input_lengths), ids(target_lengths)});
}

}  // namespace

TEST_CASE("ctc_loss and its gradient") {
  for (const std::int32_t blank : {0, 1}) {
    const auto loss = blank == 0 ? first_blank : blank_one;
    check_op("ctc_loss", loss, feasible,
             {.reference = [=](const std::vector<Values>& x) { return by_paths(x, blank); },
              .second_refused = "[ctc_loss] has no second derivative"});
  }
  const auto slopes = [](const Tensors& x) { return with_slopes(blank_one, x)[1]; };
  check_op("ctc_loss_gradient", slopes, feasible, {.gradient = false});
}

TEST_CASE("ctc_loss is the sum over all paths, for every target of up to five steps") {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 2);
  for (std::int32_t time = 0; time <= 5; ++time) {
    for (std::int32_t classes = 1; classes <= 3; ++classes) {
      std::vector<double> scores(static_cast<std::size_t>(time * classes));
      for (double& score : scores) score = normal(random);
      const Values logits{{time, 1, classes}, scores};
      for (std::int32_t blank = 0; blank < classes; ++blank) {
        const Paths paths(logits, 0, time, blank);
        const auto targets = all_labellings(classes, blank, time + 1);
        const auto batch = static_cast<Index>(targets.size());
        std::vector<std::int32_t> padded, lengths;
        std::vector<double> losses, slopes(static_cast<std::size_t>(batch) * scores.size());
        for (std::size_t b = 0; b < targets.size(); ++b) {
          lengths.push_back(static_cast<std::int32_t>(targets[b].size()));
          padded.insert(padded.end(), targets[b].begin(), targets[b].end());
          padded.resize((b + 1) * static_cast<std::size_t>(time + 1), -7);
          losses.push_back(paths.loss(targets[b]));
          const std::vector<double> own = paths.slope(targets[b]);
          for (std::size_t i = 0; i < own.size(); ++i) {
            const auto t = i / static_cast<std::size_t>(classes), c = i % static_cast<std::size_t>(classes);
            slopes[(t * targets.size() + b) * static_cast<std::size_t>(classes) + c] = own[i];
          }
        }
        const Variable x(evaluate(broadcast_to(tensor(scores, {time, 1, classes}), {time, batch, classes})));
        const Tensor loss = ctc_loss(x, tensor(padded, {batch, time + 1}), full({batch}, time, DType::int32),
                                     ids(lengths), {.blank = blank});
        const std::vector<double> got = numbers(loss);
        CAPTURE(time, classes, blank);
        double worst = 0, all = 0;
        for (std::size_t b = 0; b < got.size(); ++b) {
          const bool same =
              std::isinf(losses[b]) ? got[b] == losses[b] : std::abs(got[b] - losses[b]) <= 1e-12;
          worst += same ? 0 : 1;
          all += std::exp(-got[b]);
        }
        CHECK(worst == 0);
        CHECK(all == Approx(1).epsilon(1e-12));  // every path is one of some labelling
        check_close(grad(sum(where(isinf(loss), 0, loss)), x), slopes, 1e-12);
      }
    }
  }
}

TEST_CASE("ctc_loss of long sequences has the same bits on any number of threads, compiled too") {
  const auto both = [](const Tensors& in) { return with_slopes(skipping, in); };
  const auto right = at_edges(both, large(DType::float64));
  for (const DType dtype : {DType::float32, DType::float64}) {
    std::vector<std::vector<double>> first;
    for (const int threads : {1, 2, 3}) {
      kernels::set_threads(threads);
      const auto got = at_edges(both, large(dtype));
      if (first.empty()) first = got;
      CHECK(got == first);
    }
    kernels::set_threads(0);
    if (dtype == DType::float64) continue;
    // Drawn in float64 they differ in their last digits.
    CHECK(first[0].size() == right[0].size());
    CHECK(first[0][6] == 0);
  }
  // float32 keeps its digits over many steps.
  Tensors x = large(DType::float64);
  x[0] = evaluate(cast(cast(x[0], DType::float32), DType::float64));
  const auto wide = at_edges(both, x);
  x[0] = evaluate(cast(x[0], DType::float32));
  const auto narrow = at_edges(both, x);
  for (std::size_t b = 0; b < wide[0].size(); ++b) CHECK(narrow[0][b] == Approx(wide[0][b]).epsilon(1e-6));
  double worst = 0;
  for (std::size_t i = 0; i < wide[1].size(); ++i)
    worst = std::max(worst, std::abs(wide[1][i] - narrow[1][i]));
  CHECK(worst < 1e-4);
}

TEST_CASE("what stands behind the lengths changes nothing in ctc_loss") {
  const Tensor logits = evaluate(random::normal(random::key(2), {6, 3, 4}));
  const Tensor lengths = ids({6, 4, 0}), labels = ids({3, 2, 0});
  const auto both = [&](const Tensors& in) { return with_slopes(first_blank, in); };
  const auto right = at_edges(both, {logits, tensor({1, 2, 2, 3, 1, 0, 0, 0, 0}, {3, 3}), lengths, labels});
  const Tensor there = expand_dims(sequence_mask(lengths, 6), -1);
  const Tensor dirty = evaluate(where(there, logits, quiet_nan));
  const Tensors in{dirty, tensor({1, 2, 2, 3, 1, 77, -5, 9, 0}, {3, 3}), lengths, labels};
  CHECK(at_edges(both, in) == right);
  for (Index t = 4; t < 6; ++t) {
    for (Index c = 0; c < 4; ++c) CHECK(right[1][static_cast<std::size_t>((t * 3 + 1) * 4 + c)] == 0);
  }
  // Nor in gradients of what the logits were computed from.
  const Variable x(dirty);
  const Tensor through = ctc_loss(x * x, in[1], lengths, labels);
  const std::vector<double> slopes = numbers(grad(sum(through), x));
  CHECK(std::none_of(slopes.begin(), slopes.end(), [](double s) { return std::isnan(s); }));
}

TEST_CASE("infeasible targets cost infinity or nothing, and have no gradient") {
  // Too long, too long with the blank between equal labels, no steps, a forbidden label, and one that fits.
  std::vector<double> scores(3 * 5 * 3, 0.5);
  for (std::size_t t = 0; t < 3; ++t) scores[(t * 5 + 3) * 3 + 2] = -INFINITY;
  const Tensor logits = tensor(scores, {3, 5, 3});
  const Tensors x{logits, tensor({1, 2, 1, 1, 1, 0, 1, 0, 0, 2, 0, 0, 1, 2, 1}, {5, 3}), ids({2, 2, 0, 3, 3}),
                  ids({3, 2, 1, 1, 3})};
  const auto infinite = at_edges([](const Tensors& in) { return with_slopes(first_blank, in); }, x);
  const auto skipped = at_edges([](const Tensors& in) { return with_slopes(skipping, in); }, x);
  for (std::size_t b = 0; b < 4; ++b) {
    CHECK(infinite[0][b] == INFINITY);
    CHECK(skipped[0][b] == 0);
  }
  CHECK(infinite[0][4] == Approx(3 * std::log(3)));
  CHECK(skipped[0][4] == infinite[0][4]);
  CHECK(infinite[1] == skipped[1]);
  for (std::size_t i = 0; i < infinite[1].size(); ++i) {
    INFO(i);
    CHECK((infinite[1][i] == 0) == (i / 3 % 5 != 4));
  }
}

TEST_CASE("ctc_loss of hard logits") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Reals values = few_hard_values(dtype);
    const auto both = [&](const Tensors& in) {  // one step of two classes: the label is the second
      return with_slopes(first_blank, {in[0], tensor({1}, {1, 1}), ids({1}), ids({1})});
    };
    for (const Real a : values) {
      for (const Real b : values) {
        const Tensor x =
            evaluate(cast(tensor({static_cast<double>(a), static_cast<double>(b)}, {1, 1, 2}), dtype));
        note_driven("ctc_loss", both({x}));
        note_driven("ctc_loss_gradient", both({x}));
        const auto got = at_edges(both, {x});
        CAPTURE(name_of(dtype), a, b, got[0][0], got[1][0], got[1][1]);
        const Real most = std::max(a, b);
        if (std::isnan(a) || std::isnan(b) || std::isinf(most)) {
          check_hard(got[0][0], real_nan, dtype, {});
          check_hard(got[1][0], real_nan, dtype, {});
          continue;
        }
        // A difference that overflows is infinite.
        const Real value = most - b + std::log1p(std::exp(std::min(a, b) - most));
        check_hard(got[0][0], value, dtype, {});
        const bool infeasible = std::isinf(got[0][0]);
        const Real share = std::exp(a - most) / (std::exp(a - most) + std::exp(b - most));
        check_hard(got[1][0], infeasible ? 0 : share * Real{0.75}, dtype, {1e-5, 1e-7});
        check_hard(got[1][1], infeasible ? 0 : -share * Real{0.75}, dtype, {1e-5, 1e-7});
      }
    }
  }
}

TEST_CASE("the gradient of ctc_loss is linear in that of the losses") {
  const Tensors x = large(DType::float64);
  const Variable weight(ones({7}, DType::float64));
  const Tensor slope = grad(sum(skipping(x) * weight), x[0]);
  const Tensor of_weight = grad(sum(slope * x[0]), weight);
  check_close(of_weight, numbers(sum(slope * x[0], {0, 2})), 1e-12);
}

TEST_CASE("ctc_loss of random sequences is never NaN, and infinite where it is infeasible only") {
  // SLUICE_CTC_CASES makes another number of sequences.
  const unsigned count = from_environment("SLUICE_CTC_CASES", sanitized ? 1000 : 10000, 1);
  std::mt19937 random(17);
  const auto below = [&](std::int32_t n) {
    return static_cast<std::int32_t>(random() % static_cast<unsigned>(n));
  };
  constexpr std::int32_t batch = 50;
  unsigned infinite = 0;
  for (unsigned done = 0; done < count; done += batch) {
    const std::int32_t time = 1 + below(12), classes = 2 + below(5), most = below(8), blank = below(classes);
    const double scale = std::vector<double>{1, 30, 1e4, 1e30}[static_cast<std::size_t>(below(4))];
    const bool forbids = below(3) == 0;
    std::vector<float> scores;
    for (std::int32_t i = 0; i < time * batch * classes; ++i) {
      const double drawn = (static_cast<double>(random()) / 4294967296.0 - 0.5) * scale;
      scores.push_back(forbids && i % classes > 0 && below(4) == 0 ? -INFINITY : static_cast<float>(drawn));
    }
    std::vector<std::int32_t> targets, steps, labels;
    std::vector<bool> fits;
    for (std::int32_t b = 0; b < batch; ++b) {
      steps.push_back(below(time + 1));
      labels.push_back(below(most + 1));
      std::int32_t needed = labels.back();
      for (std::int32_t i = 0; i < most; ++i) {
        targets.push_back((blank + 1 + below(classes - 1)) % classes);
        if (i > 0 && i < labels.back() && targets.back() == targets[targets.size() - 2]) ++needed;
      }
      fits.push_back(needed <= steps.back());
    }
    const Variable x(tensor(scores, {time, batch, classes}));
    const Tensor loss =
        ctc_loss(x, tensor(targets, {batch, most}), ids(steps), ids(labels), {.blank = blank});
    const Tensors found = evaluate(Tensors{loss, grad(sum(loss), x)});
    const std::vector<double> losses = numbers(found[0]), slopes = numbers(found[1]);
    bool right = true;
    for (std::size_t b = 0; b < batch; ++b) {
      right = right && !std::isnan(losses[b]) && losses[b] > -1e-3 &&
              (fits[b] ? forbids || std::isfinite(losses[b]) : losses[b] == INFINITY);
      if (std::isinf(losses[b])) ++infinite;
    }
    right = right && std::all_of(slopes.begin(), slopes.end(), [](double s) { return std::abs(s) < 1.001; });
    CAPTURE(done, time, classes, most, blank, scale, forbids);
    if (!right) FAIL("a loss or a gradient is wrong");
  }
  CHECK(infinite > count / 20);
  CHECK(infinite < count / 2);
}

TEST_CASE("ctc_loss says what does not fit") {
  const std::string takes = "[ctc_loss] takes logits [time, batch, classes] of a floating dtype, targets i32";
  check_error(first_blank, {f32({3, 4}), i32({2, 2}), i32({2}), i32({2})}, takes);
  check_error(first_blank, {i32({3, 2, 4}), i32({2, 2}), i32({2}), i32({2})}, takes);
  check_error(first_blank, {f32({3, 2, 0}), i32({2, 2}), i32({2}), i32({2})}, takes);
  check_error(first_blank, {f32({3, 2, 4}), i32({3, 2}), i32({2}), i32({2})}, takes);
  check_error(first_blank, {f32({3, 2, 4}), f32({2, 2}), i32({2}), i32({2})}, takes);
  check_error(first_blank, {f32({3, 2, 4}), i32({2, 2}), i32({3}), i32({2})},
              "got f32[3, 2, 4], i32[2, 2], i32[3] and i32[2]; transpose, reshape or");
  check_error(first_blank, {f32({3, 2, 4}), i32({2, 2}), i32({2}), i32({2, 1})}, takes);
  check_error(blank_one, {f32({3, 2, 1}), i32({2, 2}), i32({2}), i32({2})},
              "[ctc_loss] the blank must lie in 0..0: got 1 for logits f32[3, 2, 1]; it is a class");
  const Tensor logits = ones({3, 2, 4}), two = ids({2, 2});
  check_error(
      first_blank, {logits, tensor({1, 2, 3, 4}, {2, 2}), two, two},
      "[ctc_loss] labels must lie in 0..3 and cannot be the blank, 0: got 4 at [1, 1] of the targets [2, "
      "2]; correct it");
  check_error(first_blank, {logits, tensor({1, 2, -1, 1}, {2, 2}), two, two}, "got -1 at [1, 0]");
  check_error(blank_one, {logits, tensor({2, 1, 3, 3}, {2, 2}), two, two},
              "cannot be the blank, 1: got 1 at [0, 1]");
  check_error(
      first_blank, {logits, tensor({1, 2, 3, 1}, {2, 2}), ids({3, 4}), two},
      "[ctc_loss] input lengths must lie in 0..3, the steps of the logits: got 4 of sequence 1; count");
  check_error(first_blank, {logits, tensor({1, 2, 3, 1}, {2, 2}), two, ids({-1, 2})},
              "[ctc_loss] target lengths must lie in 0..2, the labels of the targets: got -1 of sequence 0");
}
