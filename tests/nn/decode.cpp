#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/nn/decode.h>
#include <sluice/nn/gru.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/log.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/one_hot.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/take.h>

#include "support/close.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr std::int32_t start = 0, end = 1;

/// A decoder whose next id depends on the last two: a table of log probabilities [sequences, classes,
/// classes, classes]. The state is {which sequence, the last id but one}, as numbers.
struct Markov {
  Index sequences, classes;
  Tensor table;

  Markov(int seed, Index sequences, Index classes)
      : sequences(sequences), classes(classes), table([&] {
          const Tensor key = random::key(static_cast<std::uint64_t>(seed));
          const Tensor logits =
              random::normal(key, {sequences, classes, classes, classes}, 0, 2, DType::float64);
          return evaluate(log_softmax(logits));
        }()) {}

  nn::States initial() const {
    const Tensor which = reshape(arange(sequences), {sequences, 1});
    return {nn::State{which, full({sequences, 1}, start, DType::int32)},
            nn::State{zeros({sequences, 1}, DType::float64)}};
  }
  nn::DecodeStep operator()(const Tensor& ids, const nn::States& states) const {
    const Tensor& which = states[0].parts[0];
    const Tensor& before = states[0].parts[1];
    const Index rows = ids.dim(0);
    const int n = static_cast<int>(classes);
    const Tensor place = (reshape(which, {rows}) * n + reshape(before, {rows})) * n + ids;
    const Tensor log_probs = take(reshape(table, {sequences * classes * classes, classes}), place, 0);
    return {log_probs, {nn::State{which, reshape(ids, {rows, 1})}, states[1]}};
  }
  double log_prob(Index sequence, std::int32_t before, std::int32_t last, std::int32_t next) const {
    return table.at(sequence, before, last, next);
  }
};

struct Found {
  std::vector<std::int32_t> ids;  ///< with the end, if it came
  double score;
};

double penalty(std::size_t n, const nn::BeamOptions& options) {
  const auto count = static_cast<double>(n);
  return std::pow(options.penalty == nn::LengthPenalty::gnmt ? (5 + count) / 6 : count, options.alpha);
}

/// All sequences there are, the best first.
std::vector<Found> enumerate(const Markov& decoder, Index sequence, const nn::BeamOptions& options) {
  std::vector<Found> all;
  const std::function<void(std::vector<std::int32_t>&, double)> go_on = [&](auto& ids, double sum) {
    if (!ids.empty() && (ids.back() == end || static_cast<Index>(ids.size()) == options.most)) {
      all.push_back({ids, sum / penalty(ids.size(), options)});
      return;
    }
    const std::int32_t last = ids.empty() ? start : ids.back();
    const std::int32_t before = ids.size() < 2 ? start : ids[ids.size() - 2];
    for (std::int32_t next = 0; next < decoder.classes; ++next) {
      ids.push_back(next);
      go_on(ids, sum + decoder.log_prob(sequence, before, last, next));
      ids.pop_back();
    }
  };
  std::vector<std::int32_t> none;
  go_on(none, 0);
  std::stable_sort(all.begin(), all.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
  return all;
}

/// One sequence that was found, checked: after the end come ends only, and the length is of what is before.
Found found(const nn::Decoded& decoded, Index sequence, Index beam) {
  Found result{{}, decoded.scores.at(sequence, beam)};
  const Index most = decoded.ids.dim(2);
  const auto length = static_cast<Index>(decoded.lengths.at(sequence, beam));
  for (Index t = 0; t < most; ++t) {
    const auto id = static_cast<std::int32_t>(decoded.ids.at(sequence, beam, t));
    CHECK((id == end) == (t >= length));
    if (t <= length) result.ids.push_back(id);
  }
  return result;
}

nn::Decoded evaluated(const nn::Decoded& d) {
  const Tensors all = evaluate(Tensors{d.ids, d.lengths, d.scores});
  return {all[0], all[1], all[2]};
}

}  // namespace

TEST_CASE("A beam that is wide enough finds all sequences in the order of their scores") {
  for (int seed = 0; seed < 12; ++seed) {
    const Index classes = 2 + seed % 3;
    const Markov decoder(seed, 2, classes);
    nn::BeamOptions options{.start = start, .end = end, .most = classes == 4 ? 3 : 4};
    options.beams = static_cast<Index>(std::pow(classes, options.most));
    options.alpha = seed % 4 * 0.5;
    options.penalty = seed % 2 == 0 ? nn::LengthPenalty::gnmt : nn::LengthPenalty::simple;
    const nn::Decoded decoded = evaluated(nn::beam_search(decoder, decoder.initial(), options));
    CHECK(decoded.ids.shape() == Shape{2, options.beams, options.most});
    for (Index sequence = 0; sequence < 2; ++sequence) {
      const std::vector<Found> all = enumerate(decoder, sequence, options);
      REQUIRE(static_cast<Index>(all.size()) <= options.beams);
      std::set<std::vector<std::int32_t>> seen;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const Found one = found(decoded, sequence, static_cast<Index>(i));
        CHECK(one.score == Approx(all[i].score).epsilon(1e-12));
        // Sequences of the same transitions have one score, and may change places.
        const auto same = [&](const Found& other) { return other.ids == one.ids; };
        const auto it = std::find_if(all.begin(), all.end(), same);
        REQUIRE(it != all.end());
        CHECK(one.score == Approx(it->score).epsilon(1e-12));
        CHECK(seen.insert(one.ids).second);
      }
      for (Index i = static_cast<Index>(all.size()); i < options.beams; ++i) {
        CHECK(decoded.scores.at(sequence, i) == -std::numeric_limits<double>::infinity());
        CHECK(decoded.lengths.at(sequence, i) == 0);
        for (Index t = 0; t < options.most; ++t) CHECK(decoded.ids.at(sequence, i, t) == end);
      }
    }
  }
}

TEST_CASE("The score of a sequence is that of its ids, for any number of beams") {
  for (int seed = 20; seed < 30; ++seed) {
    const Markov decoder(seed, 3, 5);
    nn::BeamOptions options{
        .start = start, .end = end, .most = 7, .beams = 1 + seed % 5, .alpha = seed % 2 * 0.8};
    const nn::Decoded decoded = evaluated(nn::beam_search(decoder, decoder.initial(), options));
    for (Index sequence = 0; sequence < 3; ++sequence) {
      double above = std::numeric_limits<double>::infinity();
      std::vector<std::vector<std::int32_t>> others;
      for (Index beam = 0; beam < options.beams; ++beam) {
        const Found one = found(decoded, sequence, beam);
        double sum = 0;
        std::int32_t before = start, last = start;
        for (const std::int32_t id : one.ids) {
          sum += decoder.log_prob(sequence, before, last, id);
          before = last;
          last = id;
        }
        CHECK(one.score == Approx(sum / penalty(one.ids.size(), options)).epsilon(1e-12));
        CHECK(one.score <= above);
        above = one.score;
        CHECK(std::find(others.begin(), others.end(), one.ids) == others.end());
        others.push_back(one.ids);
      }
    }
  }
}

TEST_CASE("Greedy search takes the best id at each step, as a beam of one does") {
  for (int seed = 40; seed < 50; ++seed) {
    const Markov decoder(seed, 3, 4);
    const nn::Decoded greedy =
        evaluated(nn::greedy_search(decoder, decoder.initial(), {.start = start, .end = end, .most = 6}));
    const nn::Decoded beam = evaluated(
        nn::beam_search(decoder, decoder.initial(), {.start = start, .end = end, .most = 6, .beams = 1}));
    CHECK(greedy.ids.shape() == Shape{3, 6});
    check_close(reshape(beam.ids, {3, 6}), greedy.ids, 0);
    check_close(reshape(beam.lengths, {3}), greedy.lengths, 0);
    check_close(reshape(beam.scores, {3}), greedy.scores, 1e-14);
    for (Index sequence = 0; sequence < 3; ++sequence) {
      std::int32_t before = start, last = start;
      bool ended = false;
      double sum = 0;
      for (Index t = 0; t < 6; ++t) {
        std::int32_t best = 0;
        for (std::int32_t id = 1; id < 4; ++id) {
          if (decoder.log_prob(sequence, before, last, id) > decoder.log_prob(sequence, before, last, best))
            best = id;
        }
        if (!ended) sum += decoder.log_prob(sequence, before, last, best);
        before = last;
        last = ended ? end : best;
        ended = ended || best == end;
        CHECK(greedy.ids.at(sequence, t) == last);
      }
      CHECK(greedy.scores.at(sequence) == Approx(sum).epsilon(1e-12));
    }
  }
}

TEST_CASE("A beam finds what greedy search misses, and a penalty for length finds longer sequences") {
  // After the start, 2 is likelier than 3, but what follows 2 is uncertain.
  const double rare = 1e-3;
  const std::vector<double> rows{rare,     rare, 0.6 - rare, 0.4 - rare,  // after the start
                                 0.25,     0.25, 0.25,       0.25,        // after the end: never read
                                 0.3,      0.3,  0.2,        0.2,         // after 2
                                 rare / 2, 0.9,  0.1 - rare, rare / 2};   // after 3
  const nn::DecodeFunction step = [&](const Tensor& ids, const nn::States& states) {
    return nn::DecodeStep{take(log(tensor(rows, {4, 4})), ids, 0), states};
  };
  const nn::States nothing{nn::State{zeros({1, 1}, DType::float64)}};
  const nn::Decoded greedy = evaluated(nn::greedy_search(step, nothing, {.most = 2}));
  const nn::Decoded beam = evaluated(nn::beam_search(step, nothing, {.most = 2, .beams = 2}));
  check_close(greedy.ids, {2, 0}, 0);
  check_close(select(beam.ids, 1, 0), {3, end}, 0);
  CHECK(beam.scores.at(0, 0) == Approx(std::log((0.4 - rare) * 0.9)));
  CHECK(beam.scores.at(0, 0) > greedy.scores.at(0) + 0.5);

  // An end at once has probability 0.4, and each of the ids that would follow 0.7.
  const nn::DecodeFunction three = [&](const Tensor& ids, const nn::States& states) {
    return nn::DecodeStep{take(log(tensor({0.0, 0.4, 0.6, 0.0, 1.0, 0.0, 0.0, 0.3, 0.7}, {3, 3})), ids, 0),
                          states};
  };
  const auto best = [&](const nn::BeamOptions& options) {
    const nn::Decoded d = evaluated(nn::beam_search(three, nothing, options));
    return d.lengths.at(0, 0);
  };
  CHECK(best({.most = 4, .beams = 3}) == 0);
  CHECK(best({.most = 4, .beams = 3, .alpha = 1, .penalty = nn::LengthPenalty::simple}) == 4);
}

TEST_CASE("Searches give the same compiled as interpreted") {
  for (int seed = 60; seed < 64; ++seed) {
    const Markov decoder(seed, 3, 6);
    const nn::BeamOptions options{.start = start, .end = end, .most = 6, .beams = 4, .alpha = 0.6};
    const auto search = [&](const Tensor& table) {
      Markov own = decoder;
      own.table = table;
      const nn::Decoded beam = nn::beam_search(own, own.initial(), options);
      const nn::Decoded greedy =
          nn::greedy_search(own, own.initial(), {.start = start, .end = end, .most = 6});
      return Tensors{beam.ids, beam.lengths, beam.scores, greedy.ids, greedy.lengths, greedy.scores};
    };
    const Tensors expected = evaluate(search(decoder.table)), got = compile(search)(decoder.table);
    for (std::size_t i = 0; i < expected.size(); ++i) check_close(got[i], expected[i], 1e-14);
  }
}

TEST_CASE("A search runs a layer step by step, with a row for each beam of what it reads from outside") {
  const nn::GRU rnn(2, 5 + 3, 4, random::key(1));
  const Tensor head = random::normal(random::key(2), {4, 5}), said = random::normal(random::key(3), {3, 3});
  const auto search = [&](const Tensors& from_outside, const nn::States& initial, Index beams) {
    const Tensor outside = nn::repeat_rows(from_outside, beams)[0];
    const auto embed = [&](const Tensor& ids) { return concat({one_hot(ids, 5), outside}, -1); };
    const auto scores = [&](const Tensor& h) { return 3 * matmul(h, head); };
    const nn::Part<nn::SequenceLayer> layers = std::make_shared<const nn::GRU>(rnn);
    const nn::DecodeFunction step =
        beams == 1 ? nn::decode_function(rnn, embed, scores) : nn::decode_function(layers, embed, scores);
    return evaluated(nn::beam_search(step, initial, {.start = start, .end = end, .most = 6, .beams = beams}));
  };
  const nn::Decoded all = search({said}, rnn.initial(3), 3);
  for (Index b = 0; b < 3; ++b) {  // each sequence as it is alone
    const nn::Decoded alone = search({slice(said, 0, b, b + 1)}, rnn.initial(1), 3);
    check_close(select(all.ids, 0, b), select(alone.ids, 0, 0), 0);
    check_close(select(all.scores, 0, b), select(alone.scores, 0, 0), 1e-5);
  }
  CHECK(numbers(select(all.ids, 0, 0)) != numbers(select(all.ids, 0, 1)));
  // Teacher forcing along the ids that were found gives their score.
  for (Index b = 0; b < 3; ++b) {
    nn::States states = rnn.initial(1);
    double score = 0;
    std::int32_t last = start;
    for (Index t = 0; t < 6 && last != end; ++t) {
      const nn::Sequence now =
          rnn.step(concat({one_hot(tensor({last}), 5), slice(said, 0, b, b + 1)}, -1), states);
      last = static_cast<std::int32_t>(all.ids.at(b, 0, t));
      score += evaluate(log_softmax(3 * matmul(now, head))).at(0, last);
      states = now.state;
    }
    CHECK(all.scores.at(b, 0) == Approx(score).epsilon(1e-5));
  }
  CHECK(search({zeros({0, 3})}, rnn.initial(0), 2).ids.shape() == Shape{0, 2, 6});
}
