#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

#include <cmath>

using namespace sluice;

TEST_CASE("what losses with weights and masks refuse") {
  const Tensor x = ones({2, 3});
  const Tensor none;
  const Tensor classes = tensor({0, 1});
  const Tensor across = ones({3, 2}, DType::boolean);
  const nn::LossOptions numbers{.mask = ones({2})};
  refuses("cross_entropy", "one weight for each class, of the dtype of the scores: got f32[4] for f32[2, 3]",
          [&] { nn::cross_entropy(x, classes, {.weights = ones({4})}); });
  refuses("cross_entropy", "leading axes: got bool[3, 2] for losses [2]",
          [&] { nn::cross_entropy(x, classes, {.mask = across}); });
  refuses("nll", "got f64[3] for f32[2, 3]",
          [&] { nn::nll(x, classes, {.weights = ones({3}, DType::float64)}); });
  refuses("nll", "got bool[3, 2] for losses [2]", [&] { nn::nll(x, classes, {.mask = across}); });
  refuses("nll", "classes must lie in 0..2: got 3 at [1]", [&] {
    evaluate(nn::nll(x, tensor({0, 3}), {.mask = ones({2}, DType::boolean)}));
  });
  refuses("soft_cross_entropy", "got f32[2, 3] and i32[2]", [&] { nn::soft_cross_entropy(x, classes); });
  refuses("soft_cross_entropy", "on the last axis, [..., classes]: got f32[]",
          [&] { nn::soft_cross_entropy(ones({}), 1.F); });
  refuses("soft_cross_entropy", "in [0, 1]: got -1",
          [&] { nn::soft_cross_entropy(x, x, {.label_smoothing = -1}); });
  refuses("soft_cross_entropy", "got f32[2] for f32[2, 3]",
          [&] { nn::soft_cross_entropy(x, x, {.weights = ones({2})}); });
  refuses("soft_cross_entropy", "got bool[3, 2] for losses [2]",
          [&] { nn::soft_cross_entropy(x, x, {.mask = across}); });
  refuses("binary_cross_entropy_with_logits", "got bool[3, 2] for losses [2, 3]",
          [&] { nn::binary_cross_entropy_with_logits(x, x, {.mask = across}); });
  refuses("mse", "got f32[2] for losses [2, 3]", [&] { nn::mse(x, x, numbers); });
  refuses("l1", "got bool[3, 2] for losses [2, 3]", [&] { nn::l1(x, x, {.mask = across}); });
  refuses("huber", "got bool[3, 2] for losses [2, 3]", [&] { nn::huber(x, x, {.mask = across}); });
  refuses("kl_div", "got f32[2, 3] and f32[2]", [&] { nn::kl_div(x, ones({2})); });
  refuses("kl_div", "[..., classes]: got scalars", [&] { nn::kl_div(ones({}), 1.F); });
  refuses("kl_div", "got bool[3, 2] for losses [2]", [&] { nn::kl_div(x, x, {.mask = across}); });
  refuses("kl_div", "undefined Tensor", [&] { nn::kl_div(none, x); });
  refuses("quantile_loss", "each between 0 and 1: got []",
          [&] { nn::quantile_loss(x, x, {.quantiles = {}}); });
  refuses("quantile_loss", "each between 0 and 1: got [0.5, 1]", [&] {
    nn::quantile_loss(x, ones({2}), {.quantiles = {0.5, 1}});
  });
  refuses("quantile_loss", "takes 2 predictions on the last axis for each target", [&] {
    nn::quantile_loss(x, ones({2}), {.quantiles = {0.5, 0.9}});
  });
  refuses("quantile_loss", "got f32[2, 3] and i32[2]", [&] { nn::quantile_loss(x, classes); });
  const nn::AdaptiveSoftmax adaptive(3, 3, {2}, random::key(1), {.div_value = 3});
  refuses("adaptive_softmax", "got bool[3, 2] for losses [2]",
          [&] { adaptive.loss(x, classes, {.mask = across}); });
}

TEST_CASE("what masks of sequences refuse") {
  refuses("sequence_mask", "i32[batch]: got f32[2]", [&] { sequence_mask(ones({2}), 3); });
  refuses("sequence_mask", "negative: got -1", [&] { sequence_mask(tensor({1, 2}), -1); });
  refuses("sequence_mask", "in [0, 3], the padded time: got 4 of sequence 1", [&] {
    evaluate(sequence_mask(tensor({1, 4}), 3));
  });
}

TEST_CASE("what regularisers of outputs refuse") {
  const Tensor h = ones({4, 2, 3});
  const Tensor lengths = tensor({4, 2});
  refuses("activation_regularization", "finite and not negative: got -1",
          [&] { nn::activation_regularization(h, -1); });
  refuses("activation_regularization", "[time, batch, ...]: got f32[4]",
          [&] { nn::activation_regularization(ones({4}), 2); });
  refuses("activation_regularization", "got i32[2] for losses [4, 2, 3]",
          [&] { nn::activation_regularization(h, 2, lengths); });
  refuses("temporal_activation_regularization", "not negative: got nan",
          [&] { nn::temporal_activation_regularization(h, std::nan("")); });
  refuses("temporal_activation_regularization", "[time, batch, ...]: got i32[2]",
          [&] { nn::temporal_activation_regularization(lengths, 1); });
  refuses("temporal_activation_regularization", "got bool[3, 2] for losses [4, 2, 3]", [&] {
    nn::temporal_activation_regularization(h, 1, ones({3, 2}, DType::boolean));
  });
}

TEST_CASE("what embeddings with padding, dropout and scores refuse") {
  const Tensor key = random::key(1);
  const Tensor ids = tensor({1, 2});
  const nn::Embedding embedding(5, 4, key, {.dropout = 0.5});
  refuses("embedding", "in 0..4: got 5", [&] { nn::Embedding(5, 4, key, {.padding_idx = 5}); });
  refuses("embedding", "in 0..4: got -1", [&] { nn::Embedding(5, 4, key, {.padding_idx = -1}); });
  refuses("embedding", "a rate is in [0, 1): got 1", [&] { nn::Embedding(5, 4, key, {.dropout = 1}); });
  refuses("embedding", "at rate 0.5 takes a random key: got none",
          [&] { embedding(ids, {.mode = nn::Mode::train}); });
  refuses("embedding",
          "scores take vectors f32[..., 4], as long as those of its weight f32[5, 4]: got f32[2, 5]", [&] {
            embedding.scores(ones({2, 5}));
          });
  refuses("embedding", "got an undefined tensor", [&] { embedding.scores(Tensor()); });
}
