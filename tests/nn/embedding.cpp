// Padding, tied scores and dropout of Embedding.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/io/checkpoint.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/sequential.h>
#include <sluice/nn/stack.h>
#include <sluice/nn/values.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>
#include <sluice/ops/transpose.h>
#include <sluice/optim/adam.h>

#include <algorithm>
#include <set>

#include "support/catch.h"
#include "support/close.h"
#include "support/folder.h"

using namespace sluice;
using namespace sluice::test;

namespace {

std::vector<double> row_of(const Tensor& table, Index row) { return numbers(Tensor(table)[row]); }

/// Predicts a word from the one before, with one table at both ends.
struct TiedModel : nn::Module {
  nn::Embedding words{7, 5, random::key(1), {.padding_idx = 0}};
  nn::Linear inner{5, 5, random::key(2)};

  void members(const nn::Members& m) const override { m("words", words), m("inner", inner); }
  Tensor operator()(const Tensor& ids) const { return words.scores(tanh(inner(words(ids)))); }
};

}  // namespace

TEST_CASE("The vector of padding is zero, and training leaves it there") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const nn::Embedding embedding(5, 3, random::key(1), {.padding_idx = 2, .dtype = dtype});
    const nn::Embedding plain(5, 3, random::key(1), {.dtype = dtype});
    for (const Index row : {0, 1, 3, 4}) CHECK(row_of(embedding.weight, row) == row_of(plain.weight, row));
    CHECK(row_of(embedding.weight, 2) == std::vector<double>(3));

    // The same value as a lookup in the table, and no gradient for that row, from either use.
    const Tensor ids = tensor({2, 0, 2, 4, 4, 2}, {3, 2});
    const Tensor h = random::normal(random::key(2), {4, 3}, 0, 1, dtype);
    for (const double level : {0.0, 1.0}) {
      embedding.weight.assign(full({5, 3}, level, dtype) + plain.weight);
      plain.weight.assign(embedding.weight);
      check_close(embedding(ids), plain(ids), 0);
      check_close(embedding.scores(h), matmul(h, transpose(plain.weight)),
                  dtype == DType::float32 ? 1e-6 : 1e-14);
      const auto loss = [&](const nn::Embedding& e) {
        return sum(square(e(ids))) + sum(square(e.scores(h)));
      };
      const Tensor gradient = grad(loss(embedding), embedding.weight);
      const Tensor expected = grad(loss(plain), plain.weight);
      CHECK(row_of(gradient, 2) == std::vector<double>(3));
      for (const Index row : {0, 1, 3, 4}) CHECK(row_of(gradient, row) == row_of(expected, row));
      // The gradient of h is that of all scores.
      const Variable v(h);
      check_close(grad(sum(square(embedding.scores(v))), v), grad(sum(square(plain.scores(v))), v), 1e-12);
    }
  }
}

TEST_CASE("A tied table is trained from both ends, and saved once") {
  const TiedModel model;
  CHECK(model.variables().size() == 3);  // words, weight, bias
  optim::Adam adam(model.variables(), {.learning_rate = 0.05});
  const Tensor ids = tensor({1, 2, 3, 4, 5, 6, 0, 0});
  const Tensor next = tensor({2, 3, 4, 5, 6, 1, 0, 0});
  const Tensor mask = not_equal(ids, 0);
  const auto step = compile([&] {
    const Tensor loss = nn::cross_entropy(model(ids), next, {.mask = mask});
    adam.update(loss);
    return loss;
  });
  for (int i = 0; i < 150; ++i) step();
  CHECK(step().item() < 0.05);
  CHECK(row_of(model.words.weight, 0) == std::vector<double>(5));  // also with Adam's moments

  const Folder folder;
  io::save(folder.file("model"), model.variables());
  const TiedModel other;
  io::load(folder.file("model"), other.variables());
  check_close(other(ids), model(ids), 0);
  const TiedModel copy = nn::clone(model);
  copy.words.weight.assign(2 * copy.words.weight);
  check_close(model(ids), other(ids), 0);
  CHECK(numbers(copy(ids)) != numbers(model(ids)));
}

TEST_CASE("Embedding dropout drops whole words, everywhere in a call") {
  const nn::Embedding embedding(2000, 3, random::key(1), {.padding_idx = 1, .dropout = 0.25});
  CHECK(embedding.dropout() == 0.25);
  CHECK(embedding.padding_idx() == 1);
  const Tensor all = arange(2000);
  const std::vector<double> w = numbers(embedding.weight);
  const auto dropped = [&](const Tensor& ids, int seed) {
    return numbers(embedding(ids, {.mode = nn::Mode::train, .key = random::key(seed)}));
  };
  const std::vector<double> y = dropped(all, 5);
  int count = 0;
  for (std::size_t word = 0; word < 2000; ++word) {
    const bool gone = y[3 * word] == 0;
    count += gone ? 1 : 0;
    for (std::size_t i = 3 * word; i < 3 * word + 3; ++i)
      REQUIRE(y[i] == (gone ? Approx(0) : Approx(w[i] / 0.75).epsilon(1e-6)));
  }
  CHECK(count == Approx(500).margin(5 * 19.4));  // the standard deviation of 2000 draws
  // The same words, wherever they stand; others with another key; none in evaluation.
  const std::vector<double> twice = dropped(tensor({7, 3, 7, 7, 3, 9}, {2, 3}), 5);
  for (const auto& [place, word] :
       {std::pair<std::size_t, std::size_t>{0, 7}, {1, 3}, {2, 7}, {4, 3}, {5, 9}}) {
    for (std::size_t i = 0; i < 3; ++i) CHECK(twice[3 * place + i] == y[3 * word + i]);
  }
  CHECK(dropped(all, 6) != y);
  CHECK(numbers(embedding(all)) == w);
  CHECK(numbers(embedding(all, {.mode = nn::Mode::evaluate, .key = random::key(5)})) == w);
  // Dropped words learn nothing.
  const Tensor gradient =
      grad(sum(embedding(all, {.mode = nn::Mode::train, .key = random::key(5)})), embedding.weight);
  const std::vector<double> slopes = numbers(gradient);
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    const bool padding = i / 3 == 1;
    CHECK(slopes[i] == (y[i] == 0 || padding ? Approx(0) : Approx(1 / 0.75).epsilon(1e-6)));
  }
}

TEST_CASE("A Sequential and a Stack hand their mode and a key to an Embedding") {
  const nn::Embedding embedding(40, 3, random::key(1), {.dropout = 0.5});
  const Tensor ids = reshape(arange(40), {10, 4});
  const Tensor own = random::fold_in(random::key(5), 0);  // part 0
  const std::vector<double> expected = numbers(embedding(ids, {.mode = nn::Mode::train, .key = own}));
  CHECK(expected != numbers(embedding(ids)));
  CHECK(numbers(embedding(ids, nn::Mode::train, own)) == expected);
  const nn::Sequential sequential(embedding, relu);
  CHECK(numbers(sequential(ids, nn::Mode::train, random::key(5))) ==
        numbers(relu(embedding(ids, nn::Mode::train, own))));
  CHECK(numbers(sequential(ids)) == numbers(relu(embedding(ids))));
  CHECK_THROWS_WITH(sequential(ids, nn::Mode::train, Tensor()),
                    contains("in embedding: training at rate 0.5 takes a random key: got none"));
  const nn::Stack stack{embedding};
  CHECK(numbers(stack(ids, {.mode = nn::Mode::train, .key = random::key(5)})) == expected);
  CHECK(numbers(stack(ids)) == numbers(embedding(ids)));
}
