// What cells are known to learn, and known not to: the parity of bits needs a state that is turned over by an
// input, which a running average is not. Whether the 20 bits so far are odd is asked after each.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/slstm.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/cumsum.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/random.h>
#include <sluice/ops/remainder.h>
#include <sluice/optim/adam.h>

#include "support/catch.h"

using namespace sluice;

namespace {

constexpr Index length = 20;

Tensor bits_of(const Tensor& key, Index batch) {
  return cast(random::bernoulli(key, 0.5, {length, batch, 1}), DType::float32);
}

Tensor parity_of(const Tensor& bits) { return remainder(cumsum(bits, 0), 2); }

/// The share of 1000 new sequences whose parity is right after the last bit, after so many steps of training.
template <class C>
double accuracy_after(int steps, Index hidden, const nn::RecurrentOptions<C>& options = {}) {
  const Tensors keys = random::split(random::key(1), 4);
  const nn::Recurrent<C> rnn(1, 1, hidden, keys[0], options);
  const nn::Linear head(hidden, 1, keys[1]);
  optim::Adam adam(nn::variables({{"rnn", rnn}, {"head", head}}), {.learning_rate = 0.03, .clip_norm = 1});
  const auto logits = [&](const Tensor& bits) { return head(rnn(2 * bits - 1)); };

  const Variable key(keys[2]);
  const auto step = compile([&] {
    const Tensors next = random::split(key, 2);
    key.assign(next[0]);
    const Tensor bits = bits_of(next[1], 32);
    Tensor loss = nn::binary_cross_entropy_with_logits(logits(bits), parity_of(bits));
    adam.update(loss);
    return loss;
  });
  for (int i = 0; i < steps; ++i) step();

  const Tensor bits = evaluate(bits_of(keys[3], 1000));
  const Tensor said = cast(logits(bits) > 0, DType::float32);
  return evaluate(mean(cast(equal(said, parity_of(bits)), DType::float32)[length - 1])).item();
}

}  // namespace

TEST_CASE("LSTM and sLSTM learn the parity of 20 bits, which a minGRU, linear in its state, cannot") {
  CHECK(accuracy_after<nn::LSTMCell>(160, 12) > 0.99);
  CHECK(accuracy_after<nn::SLSTMCell>(160, 12, {.cell = {.heads = 2}}) > 0.99);
  const double linear = accuracy_after<nn::MinGRUCell>(160, 12);
  CHECK(linear < 0.7);
  CHECK(linear > 0.3);
}
