#include <sluice/nn/attention_decoder.h>
#include <sluice/nn/bidirectional.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/highway.h>
#include <sluice/nn/ind_rnn.h>
#include <sluice/nn/learned_start.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/residual.h>
#include <sluice/nn/slstm.h>
#include <sluice/nn/stack.h>
#include <sluice/nn/weight_drop.h>
#include <sluice/ops/random.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// The recurrent weights of a module by their names in it, each with its first row: "reset.weight from 2".
template <class M>
std::vector<std::string> recurrent_names(const M& module) {
  std::vector<std::string> names;
  for (const nn::RecurrentWeight& one : module.recurrent_weights()) {
    for (const NamedVariable& named : module.variables()) {
      if (named.variable.is(one.weight))
        names.push_back(named.name + " from " + std::to_string(one.first_row));
    }
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Cells name the weights that their state is multiplied with") {
  const Tensor key = random::key(1);
  CHECK(recurrent_names(nn::LSTMCell(2, 4, key)) == Names{"forget.weight from 2", "input.weight from 2",
                                                          "candidate.weight from 2", "output.weight from 2"});
  CHECK(recurrent_names(nn::GRUCell(2, 4, key)) ==
        Names{"reset.weight from 2", "update.weight from 2", "candidate_hidden.weight from 0"});
  CHECK(recurrent_names(nn::IndRNNCell(2, 4, key)) == Names{"recurrent from 0"});
  CHECK(recurrent_names(nn::SLSTMCell(2, 4, key)).size() == 4);
  CHECK(recurrent_names(nn::MinGRUCell(2, 4, key)).empty());
}

TEST_CASE("Cells around others, and layers of others, name theirs") {
  const Tensor key = random::key(1);
  const auto gru = std::make_shared<nn::GRUCell>(2, 4, key);
  CHECK(recurrent_names(nn::LearnedStart(gru)).size() == 3);
  const auto fed = std::make_shared<nn::GRUCell>(6, 4, key);
  CHECK(recurrent_names(nn::AttentionDecoder(fed, 3, key))[0] == "inner.reset.weight from 6");
  CHECK(recurrent_names(nn::Bidirectional<nn::LSTMCell>(2, 2, 4, key)).size() == 16);
  const nn::GRU square(1, 4, 4, key);
  CHECK(recurrent_names(nn::Residual(square))[2] == "layer.0.candidate_hidden.weight from 0");
  CHECK(recurrent_names(nn::Highway(square, 4, key)).size() == 3);
  CHECK(recurrent_names(nn::Stack(nn::Linear(2, 4, key), square, nn::Residual(square))).size() == 6);
}

TEST_CASE("Weight drop around layers in both directions changes their outputs in training only") {
  const nn::Bidirectional<nn::GRUCell> layers(1, 2, 4, random::key(1));
  const nn::WeightDrop dropped(layers, 0.5);
  const Tensor x = random::normal(random::key(2), {5, 3, 2});
  check_close(dropped(x), layers(x), 0);
  const Tensor y = dropped(x, {.mode = nn::Mode::train, .key = random::key(3)});
  CHECK(numbers(y) != numbers(layers(x)));
}
