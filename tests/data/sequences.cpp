#include <sluice/data/sequences.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>

#include "support/catch.h"
#include "support/folder.h"

using namespace sluice;
using data::Position;
using data::SequenceBatch;
using data::Sequences;

namespace {

/// Examples {x f32[time, 2], y i32[time], class i32[]} whose values tell example and step.
std::vector<Tensors> marked(const std::vector<Index>& lengths) {
  std::vector<Tensors> examples;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    std::vector<float> x;
    std::vector<std::int32_t> y;
    for (Index t = 0; t < lengths[i]; ++t) {
      x.push_back(static_cast<float>(1000 * i + 1));
      x.push_back(static_cast<float>(t + 1));
      y.push_back(static_cast<std::int32_t>(t + 1));
    }
    examples.push_back({tensor(x, {lengths[i], 2}), tensor(y, {lengths[i]}),
                        tensor(std::vector<std::int32_t>{static_cast<std::int32_t>(i)}, {})});
  }
  return examples;
}

std::vector<Index> drawn(int count, std::uint32_t seed, double shape) {
  std::mt19937 random(seed);
  std::vector<Index> lengths;
  for (int i = 0; i < count; ++i) {
    const double uniform = (static_cast<double>(random()) + 1) / 4294967297.;
    lengths.push_back(1 + static_cast<Index>(shape == 0 ? 400 * uniform : shape * -std::log(uniform)));
  }
  return lengths;
}

}  // namespace

TEST_CASE("A batch holds its sequences, their lengths, a mask, and zeros behind their ends") {
  const std::vector<Index> lengths = drawn(45, 3, 6);
  Sequences sequences(marked(lengths), {.batch = 8, .lengths = 3});
  REQUIRE(sequences.batches_per_epoch() == 6);
  const std::vector<Index> padded = sequences.padded_lengths();
  Index padded_steps = 0;
  std::set<Index> seen;
  for (int i = 0; i < 6; ++i) {
    const SequenceBatch batch = sequences.next();
    const Index count = i == 5 ? 5 : 8, time = batch.mask.dim(0);
    padded_steps += time * count;
    CHECK(std::count(padded.begin(), padded.end(), time) == 1);
    REQUIRE(batch.values[0].shape() == Shape{time, count, 2});
    REQUIRE(batch.values[1].shape() == Shape{time, count});
    REQUIRE(batch.values[2].shape() == Shape{count});
    REQUIRE(batch.lengths.shape() == Shape{count});
    const auto x = batch.values[0].to_vector();
    const auto y = batch.values[1].to_vector<std::int32_t>();
    const auto mask = batch.mask.to_vector<bool>();
    for (std::size_t b = 0; b < batch.examples.size(); ++b) {
      const Index example = batch.examples[b];
      seen.insert(example);
      const Index length = lengths[static_cast<std::size_t>(example)];
      CHECK(batch.lengths.to_vector<std::int32_t>()[b] == length);
      CHECK(batch.values[2].to_vector<std::int32_t>()[b] == example);
      for (Index t = 0; t < time; ++t) {
        const std::size_t at = static_cast<std::size_t>(t * count) + b;
        const bool there = t < length;
        REQUIRE(mask[at] == there);
        REQUIRE(x[2 * at] == (there ? static_cast<float>(1000 * example + 1) : 0));
        REQUIRE(x[2 * at + 1] == static_cast<float>(there ? t + 1 : 0));
        REQUIRE(y[at] == (there ? t + 1 : 0));
      }
    }
  }
  CHECK(seen.size() == lengths.size());
  CHECK(sequences.padded_steps() == padded_steps);
  CHECK(sequences.position() == Position{1, 0});
}

TEST_CASE("Padding costs less than 30% of the steps, in few shapes of batches") {
  for (const int count : {1000, 5000}) {
    for (const double shape : {0., 4., 50., 300.}) {
      const std::vector<Index> lengths = drawn(count, 5, shape);
      std::vector<Tensors> examples;
      for (const Index length : lengths) examples.push_back({zeros({length}, DType::boolean)});
      Sequences sequences(examples, {.batch = 32});
      INFO(count << " sequences, shape " << shape << ": " << sequences.steps() << " steps, "
                 << sequences.padded_steps() << " with padding");

      CHECK(sequences.padded_lengths().size() <= 8);
      std::set<std::string> shapes;
      for (int epoch = 0; epoch < 3; ++epoch) {
        Index steps = 0;
        for (Index i = 0; i < sequences.batches_per_epoch(); ++i) {
          const SequenceBatch batch = sequences.next();
          shapes.insert(batch.mask.shape().text());
          steps += batch.mask.size();
        }
        CHECK(steps == sequences.padded_steps());
      }
      CHECK(shapes.size() <= 9);
    }
  }
}

TEST_CASE("The padded lengths are those that cost the fewest steps") {
  // Of batches of one: with two lengths 2 and 9 cost 3 * 2 + 2 * 9; any other pair costs more.
  const auto of = [](const std::vector<Index>& lengths, Index count) {
    return Sequences(marked(lengths), {.batch = 1, .lengths = count}).padded_lengths();
  };
  CHECK(of({9, 1, 2, 2, 8}, 2) == std::vector<Index>{2, 9});
  CHECK(of({9, 1, 2, 2, 8}, 1) == std::vector<Index>{9});
  CHECK(of({9, 1, 2, 2, 8}, 100) == std::vector<Index>{1, 2, 8, 9});
  CHECK(of({5, 5, 5}, 3) == std::vector<Index>{5});
  // Against all choices, by brute force: any subset of the lengths that has the longest.
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::vector<Index> lengths = drawn(12, seed, 20);
    const Sequences sequences(marked(lengths), {.batch = 1, .lengths = 3});
    std::sort(lengths.begin(), lengths.end());
    Index best = 1 << 30;
    for (const Index a : lengths) {
      for (const Index b : lengths) {
        Index steps = 0;
        for (const Index length : lengths)
          steps += length <= std::min(a, b)   ? std::min(a, b)
                   : length <= std::max(a, b) ? std::max(a, b)
                                              : lengths.back();
        best = std::min(best, steps);
      }
    }
    CHECK(sequences.padded_steps() == best);
  }
}

TEST_CASE("Sequences are shuffled within and among the padded lengths") {
  Sequences sequences(marked(drawn(64, 9, 30)), {.batch = 4, .lengths = 2});
  const auto epoch = [&] {
    std::vector<std::vector<Index>> batches;
    for (Index i = 0; i < sequences.batches_per_epoch(); ++i) batches.push_back(sequences.next().examples);
    return batches;
  };
  auto first = epoch(), second = epoch();
  CHECK(first != second);
  for (auto* batches : {&first, &second}) {
    for (auto& batch : *batches) std::sort(batch.begin(), batch.end());
    std::sort(batches->begin(), batches->end());
  }
  CHECK(first != second);  // other batches, not only in another order
}

TEST_CASE("Unshuffled sequences come by length, those of one length in their order") {
  Sequences sequences(marked({3, 1, 3, 2, 1}), {.batch = 2, .shuffle = false});
  CHECK(sequences.next().examples == std::vector<Index>{1, 4});
  CHECK(sequences.next().examples == std::vector<Index>{3, 0});
  CHECK(sequences.next().examples == std::vector<Index>{2});
  CHECK(sequences.next().examples == std::vector<Index>{1, 4});
}

TEST_CASE("Sequences continue at a saved position with exactly the same batches") {
  const test::Folder folder;
  const auto made = [] { return Sequences(marked(drawn(30, 2, 9)), {.batch = 4, .seed = 3}); };
  Sequences whole = made();
  for (int i = 0; i < 12; ++i) {
    io::save(folder.file("c"), whole.variables());
    Sequences fresh = made(), sought = made();
    io::load(folder.file("c"), fresh.variables());
    sought.seek(whole.position());
    const std::vector<Index> expected = whole.next().examples;
    CHECK(fresh.next().examples == expected);
    CHECK(sought.next().examples == expected);
  }
}
