// Sequences whose tensors have steps of their own, and how layers and losses take batches.

#include <sluice/data/sequences.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/io/checkpoint.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sequence_mask.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/close.h"
#include "support/folder.h"

using namespace sluice;
using namespace sluice::test;
using data::SequenceBatch;
using data::Sequences;

namespace {

/// Examples {x f32[time, 2], labels i32[k], class i32[], notes f32[m, 1, 2]}, with k and m from 0 on, whose
/// values tell example and step.
std::vector<Tensors> labelled(int count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Tensors> examples;
  for (int i = 0; i < count; ++i) {
    const auto time = static_cast<Index>(1 + random() % 40), labels = static_cast<Index>(random() % 9),
               notes = time / 4;
    std::vector<std::int32_t> ids;
    for (Index t = 0; t < labels; ++t) ids.push_back(100 * i + static_cast<std::int32_t>(t) + 1);
    examples.push_back({full({time, 2}, i + 1), tensor(ids, {labels}), full({}, i, DType::int32),
                        full({notes, 1, 2}, 0.5 + i)});
  }
  return examples;
}

}  // namespace

TEST_CASE("Tensors with steps of their own come with their lengths and masks") {
  const std::vector<Tensors> examples = labelled(45, 3);
  Sequences sequences(examples, {.batch = 8, .lengths = 3, .own_lengths = {3, 1}});
  std::map<Index, std::set<std::pair<Index, Index>>> shapes;  // of padded lengths
  for (int i = 0; i < 3 * sequences.batches_per_epoch(); ++i) {
    const SequenceBatch batch = sequences.next();
    const auto count = static_cast<Index>(batch.examples.size());
    const Index labels = batch.values[1].dim(0), notes = batch.values[3].dim(0);
    REQUIRE(batch.values[1].shape() == Shape{labels, count});
    REQUIRE(batch.values[3].shape() == Shape{notes, count, 1, 2});
    REQUIRE(batch.own_lengths.size() == 2);
    shapes[batch.mask.dim(0)].insert({labels, notes});
    check_close(batch.own_masks[0], sequence_mask(batch.own_lengths[0], notes), 0);
    check_close(batch.own_masks[1], sequence_mask(batch.own_lengths[1], labels), 0);
    check_close(batch.mask, sequence_mask(batch.lengths, batch.values[0].dim(0)), 0);
    for (Index b = 0; b < count; ++b) {
      const Tensors& example =
          examples[static_cast<std::size_t>(batch.examples[static_cast<std::size_t>(b)])];
      REQUIRE(batch.lengths.at(b) == example[0].dim(0));
      REQUIRE(batch.own_lengths[1].at(b) == example[1].dim(0));
      REQUIRE(batch.own_lengths[0].at(b) == example[3].dim(0));
      REQUIRE(batch.values[2].at(b) == example[2].item());
      for (Index t = 0; t < labels; ++t)
        REQUIRE(batch.values[1].at(t, b) == (t < example[1].dim(0) ? example[1].at(t) : 0));
      for (Index t = 0; t < notes; ++t)
        REQUIRE(batch.values[3].at(t, b, 0, 1) == (t < example[3].dim(0) ? example[3].at(t, 0, 1) : 0));
    }
  }
  // One shape for each padded length, in every epoch, and none longer than it has to be.
  CHECK(shapes.size() == 3);
  Index longest = 0;
  for (const Tensors& example : examples) longest = std::max(longest, example[3].dim(0));
  for (const auto& [time, own] : shapes) {
    CHECK(own.size() == 1);
    CHECK(own.begin()->second == std::max<Index>(1, time / 4));
  }
  CHECK(shapes.rbegin()->second.begin()->second == longest);
}

TEST_CASE("Sequences say how many shapes their batches have") {
  for (const int count : {1, 5, 8, 16, 45}) {
    for (const Index lengths : {1, 3, 8}) {
      Sequences sequences(labelled(count, 4), {.batch = 8, .lengths = lengths, .own_lengths = {1, 3}});
      std::set<std::string> seen;
      for (int i = 0; i < 2 * sequences.batches_per_epoch(); ++i) {
        std::string text;
        const SequenceBatch batch = sequences.next();
        for (const Tensor& value : batch.values) text += value.spec().text() + " ";
        seen.insert(text);
      }
      CHECK(sequences.shapes() == static_cast<Index>(seen.size()));
    }
  }
}

TEST_CASE("Steps of their own change neither the order of examples nor what a checkpoint resumes") {
  const Folder folder;
  const auto made = [](bool own) {
    std::vector<Tensors> examples = labelled(30, 6);
    if (!own) {
      for (Tensors& example : examples) example = {example[0]};
    }
    std::vector<Index> places;
    if (own) places = {1, 3};
    return Sequences(std::move(examples), {.batch = 4, .lengths = 3, .seed = 3, .own_lengths = places});
  };
  Sequences plain = made(false), whole = made(true);
  for (int i = 0; i < 20; ++i) {
    io::save(folder.file("c"), whole.variables());
    Sequences resumed = made(true);
    io::load(folder.file("c"), resumed.variables());
    const SequenceBatch expected = whole.next(), found = resumed.next();
    CHECK(plain.next().examples == expected.examples);
    CHECK(found.examples == expected.examples);
    for (std::size_t k = 0; k < 4; ++k) check_close(found.values[k], expected.values[k], 0);
  }
}

TEST_CASE("A padded batch costs the layers and losses what its sequences cost alone") {
  std::vector<Tensors> examples;
  for (const Index time : {3, 7, 1, 5, 6}) {
    const Tensor key = random::key(time);
    std::vector<std::int32_t> classes;
    for (Index t = 0; t < time; ++t) classes.push_back(static_cast<std::int32_t>(t % 4));
    examples.push_back({evaluate(random::normal(key, {time, 3})), tensor(classes)});
  }
  Sequences sequences(examples, {.batch = 5, .shuffle = false});
  const SequenceBatch batch = sequences.next();
  const nn::LSTM rnn(1, 3, 4, random::key(1));
  const Tensor scores = rnn(batch.values[0], {.lengths = batch.lengths});
  double sum = 0, steps = 0;
  for (const Tensors& example : examples) {
    const Index time = example[0].dim(0);
    const Tensor alone = rnn(reshape(example[0], {time, 1, 3}));
    const Tensor loss =
        nn::cross_entropy(reshape(alone, {time, 4}), example[1], {.reduction = nn::Reduction::sum});
    sum += evaluate(loss).item();
    steps += static_cast<double>(time);
  }
  CHECK(evaluate(nn::cross_entropy(scores, batch.values[1], {.mask = batch.mask})).item() ==
        Approx(sum / steps).epsilon(1e-5));
}
