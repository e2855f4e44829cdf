// Labellings read from logits, against all paths one by one.

#include <sluice/check/check_op.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/nn/ctc.h>
#include <sluice/nn/ctc_decode.h>
#include <sluice/ops/log.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>

#include "ops/ctc_paths.h"
#include "support/close.h"
#include "support/edges.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor ids(const std::vector<std::int32_t>& values) {
  return tensor(values, {static_cast<Index>(values.size())});
}

/// The labels of hypothesis i of sequence b; what stands behind them must be the fill.
test::Labels labels_at(const nn::CtcLabels& found, Index b, Index i = 0, double fill = -1) {
  const Index best = found.ids.rank() == 3 ? found.ids.dim(1) : 1, time = found.ids.dim(-1);
  const std::vector<double> all = numbers(found.ids), lengths = numbers(found.lengths);
  const auto place = static_cast<std::size_t>(b * best + i);
  test::Labels labels;
  for (std::size_t t = 0; t < static_cast<std::size_t>(time); ++t) {
    const double id = all[place * static_cast<std::size_t>(time) + t];
    if (static_cast<double>(t) < lengths[place]) {
      labels.push_back(static_cast<std::int32_t>(id));
    } else {
      CHECK(id == fill);
    }
  }
  return labels;
}

Tensors all_of(const nn::CtcLabels& found) { return {found.ids, found.lengths, found.scores}; }

Values values_of(const Tensor& x) { return {x.shape(), numbers(x)}; }

}  // namespace

TEST_CASE("the best path merges repeated classes and leaves out blanks") {
  // Per step the class of the largest logit, of three: 1 1 0 1 2 2 0.
  std::vector<double> scores(7 * 2 * 3, 0.0);
  const std::vector<std::size_t> largest = {1, 1, 0, 1, 2, 2, 0};
  for (std::size_t t = 0; t < 7; ++t) {
    scores[(t * 2 + 0) * 3 + largest[t]] = 2;
    scores[(t * 2 + 1) * 3 + largest[t]] = 1;
  }
  const Tensor logits = tensor(scores, {7, 2, 3});
  const double one = -std::log1p(2 * std::exp(-2.0)), other = -std::log1p(2 * std::exp(-1.0));
  const nn::CtcLabels all = nn::ctc_greedy(logits, ids({7, 4}));
  CHECK(labels_at(all, 0) == test::Labels{1, 1, 2});
  CHECK(labels_at(all, 1) == test::Labels{1, 1});
  check_close(all.scores, {7 * one, 4 * other}, 1e-14);
  CHECK(all.scores.dtype() == DType::float64);
  // With another blank, and another fill.
  const nn::CtcLabels last = nn::ctc_greedy(logits, ids({7, 0}), {.blank = 2, .fill = 9});
  CHECK(labels_at(last, 0, 0, 9) == test::Labels{1, 0, 1, 0});
  CHECK(labels_at(last, 1, 0, 9).empty());
  check_close(last.scores, {7 * one, 0}, 1e-14);
}

TEST_CASE("a prefix beam finds what the best path misses") {
  // Two steps, p = 0.6 for the blank and 0.4 for the label: the best path is blank, blank with 0.36, but the
  // label has 0.64 by three paths.
  const Tensor logits = log(tensor({0.6, 0.4, 0.6, 0.4}, {2, 1, 2}));
  const nn::CtcLabels greedy = nn::ctc_greedy(logits, ids({2}));
  CHECK(labels_at(greedy, 0).empty());
  check_close(greedy.scores, {std::log(0.36)}, 1e-14);
  const nn::CtcLabels beam = nn::ctc_beam_search(logits, ids({2}), {.beams = 2, .best = 2});
  CHECK(labels_at(beam, 0) == test::Labels{1});
  CHECK(labels_at(beam, 0, 1).empty());
  check_close(beam.scores, {std::log(0.64), std::log(0.36)}, 1e-14);
}

TEST_CASE("a prefix beam that is wide enough has all labellings, with their probabilities") {
  for (const Index classes : {2, 3, 4}) {
    for (const std::int32_t blank : {0, 1}) {
      const Index time = 5, batch = 3;
      const std::vector<std::int32_t> lengths = {5, 3, 4};
      const Tensor logits = evaluate(random::normal(random::key(static_cast<std::uint64_t>(classes)),
                                                    {time, batch, classes}, 0, 2, DType::float64));
      const Values values = values_of(logits);
      std::size_t most = 0;
      for (Index b = 0; b < batch; ++b)
        most = std::max(most, Paths(values, b, lengths[static_cast<std::size_t>(b)], blank).count());
      const auto beams = static_cast<Index>(most) + 1;
      const nn::CtcLabels found =
          nn::ctc_beam_search(logits, ids(lengths), {.beams = beams, .blank = blank, .best = beams});
      const std::vector<double> scores = numbers(found.scores);
      for (Index b = 0; b < batch; ++b) {
        CAPTURE(classes, blank, b);
        const Paths paths(values, b, lengths[static_cast<std::size_t>(b)], blank);
        CHECK(labels_at(found, b) == paths.best());
        double before = 0;
        for (Index i = 0; i < beams; ++i) {
          const double score = scores[static_cast<std::size_t>(b * beams + i)];
          CHECK(score <= before);
          before = score;
          const test::Labels labels = labels_at(found, b, i);
          if (i < static_cast<Index>(paths.count())) {
            CHECK(std::abs(score + paths.loss(labels)) < 1e-12);
          } else {  // there is no other labelling
            CHECK(score == -INFINITY);
            CHECK(labels.empty());
          }
        }
        // A narrow beam finds a labelling, and no more than its probability.
        const nn::CtcLabels narrow =
            nn::ctc_beam_search(logits, ids(lengths), {.beams = 2, .blank = blank, .best = 2});
        for (Index i = 0; i < 2; ++i) {
          const double score = numbers(narrow.scores)[static_cast<std::size_t>(b * 2 + i)];
          CHECK(score <= -paths.loss(labels_at(narrow, b, i)) + 1e-12);
        }
      }
    }
  }
}

TEST_CASE("the score of a prefix beam is minus the CTC loss of its labels") {
  const Tensor logits = evaluate(random::normal(random::key(8), {12, 2, 5}, 0, 4));
  const Tensor lengths = ids({12, 10});
  const nn::CtcLabels found = nn::ctc_beam_search(logits, lengths, {.beams = 500, .best = 3, .fill = 0});
  for (Index i = 0; i < 3; ++i) {
    test::Labels targets;
    std::vector<std::int32_t> counts;
    for (Index b = 0; b < 2; ++b) {
      test::Labels labels = labels_at(found, b, i, 0);
      counts.push_back(static_cast<std::int32_t>(labels.size()));
      labels.resize(12);
      targets.insert(targets.end(), labels.begin(), labels.end());
    }
    const std::vector<double> losses = numbers(nn::ctc_loss(logits, tensor(targets, {2, 12}), lengths,
                                                            ids(counts), {.reduction = nn::Reduction::none}));
    for (Index b = 0; b < 2; ++b) {
      const double score = numbers(found.scores)[static_cast<std::size_t>(b * 3 + i)];
      CHECK(-score == Approx(losses[static_cast<std::size_t>(b)]).epsilon(1e-4));
      CHECK(-score > losses[static_cast<std::size_t>(b)] - 1e-4);
    }
  }
}

TEST_CASE("decoding is pure, compiles, and has the same bits on any number of threads") {
  const auto greedy = [](const Tensors& x) { return all_of(nn::ctc_greedy(x[0], x[1], {.blank = 1})); };
  const auto beam = [](const Tensors& x) {
    return all_of(nn::ctc_beam_search(x[0], x[1], {.beams = 5, .blank = 1, .best = 3}));
  };
  for (const Shape& shape : {Shape{6, 3, 4}, Shape{1, 3, 2}, Shape{0, 3, 4}, Shape{4, 3, 1 + 1}}) {
    const auto time = static_cast<std::int32_t>(shape[0]);
    const Tensor logits = evaluate(random::normal(random::key(3), shape, 0, 2, DType::float64));
    const Tensors x{logits, ids({time, time / 2, 0})};
    sluice::check_op(greedy, x, {.gradient = false});
    sluice::check_op(beam, x, {.gradient = false});
    CHECK(at_edges(greedy, x)[0].size() == static_cast<std::size_t>(3 * time));  // compiled, too
    CHECK(at_edges(beam, x)[0].size() == static_cast<std::size_t>(9 * time));
  }
  const Tensors none{zeros({4, 0, 3}), zeros({0}, DType::int32)};
  CHECK(at_edges(beam, none)[0].empty());
  CHECK(at_edges(greedy, none)[0].empty());
}

TEST_CASE("decoding of logits without probabilities has no labels") {
  std::vector<float> scores(3 * 5 * 2, 0);
  scores[(1 * 5 + 1) * 2] = quiet_nan;
  scores[(1 * 5 + 2) * 2] = inf;
  scores[(1 * 5 + 3) * 2] = scores[(1 * 5 + 3) * 2 + 1] = -inf;
  scores[(2 * 5 + 4) * 2] = quiet_nan;                                 // behind its end
  for (std::size_t t = 0; t < 3; ++t) scores[(t * 5 + 0) * 2] = -inf;  // forbidden: one class is left
  const Tensor logits = tensor(scores, {3, 5, 2}), lengths = ids({3, 3, 3, 3, 2});
  const auto both = {all_of(nn::ctc_greedy(logits, lengths)), all_of(nn::ctc_beam_search(logits, lengths))};
  for (const Tensors& found : both) {
    const std::vector<double> counts = numbers(found[1]), got = numbers(found[2]);
    CHECK(counts[0] == 1);
    CHECK(got[0] == 0);
    for (std::size_t b = 1; b < 4; ++b) {
      CHECK(counts[b] == 0);
      CHECK(std::isnan(got[b]));
    }
    CHECK(std::isfinite(got[4]));
  }
}

TEST_CASE("no gradient flows through decoding") {
  const Variable x(ones({2, 1, 3}));
  check_close(grad(sum(nn::ctc_greedy(x, ids({2})).scores), x), std::vector<double>(6, 0), 0);
  check_close(grad(sum(nn::ctc_beam_search(x, ids({2})).scores), x), std::vector<double>(6, 0), 0);
}
