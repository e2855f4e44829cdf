#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what CTC and its decoding refuse") {
  const Tensor logits = ones({3, 2, 4}), two = full({2}, 2, DType::int32);
  const Tensor targets = tensor({1, 2, 3, 1}, {2, 2}), wrong = tensor({1, 2, 3, 0}, {2, 2});
  refuses("ctc_loss", "got f32[2, 4]", [&] { ctc_loss(ones({2, 4}), targets, two, two); });
  refuses("ctc_loss", "got 4 for logits f32[3, 2, 4]",
          [&] { ctc_loss(logits, targets, two, two, {.blank = 4}); });
  refuses("ctc_loss", "got 0 at [1, 1]", [&] { evaluate(ctc_loss(logits, wrong, two, two)); });
  refuses("ctc_loss", "got 4 of sequence 0",
          [&] { evaluate(ctc_loss(logits, targets, full({2}, 4, DType::int32), two)); });
  refuses("ctc_loss", "got 3 of sequence 0",
          [&] { evaluate(ctc_loss(logits, targets, two, full({2}, 3, DType::int32))); });
  refuses("ctc_loss", "got a gradient that depends on its gradient", [&] {
    const Variable x(logits);
    grad(sum(square(grad(sum(ctc_loss(x, targets, two, two)), x))), x);
  });
  refuses("ctc_loss", "got f32[3, 2, 4], i32[2, 2], i32[2] and i32[3]",
          [&] { nn::ctc_loss(logits, targets, two, zeros({3}, DType::int32)); });
  refuses("ctc_loss", "got -1 for logits", [&] { nn::ctc_loss(logits, targets, two, two, {.blank = -1}); });
  refuses("ctc_greedy", "got f32[2, 4] and i32[2]", [&] { nn::ctc_greedy(ones({2, 4}), two); });
  refuses("ctc_greedy", "got i32[3, 2, 4] and i32[2]", [&] {
    nn::ctc_greedy(ones({3, 2, 4}, DType::int32), two);
  });
  refuses("ctc_greedy", "got 4 for logits", [&] { nn::ctc_greedy(logits, two, {.blank = 4}); });
  refuses("ctc_greedy", "got 5 of sequence 0",
          [&] { evaluate(nn::ctc_greedy(logits, full({2}, 5, DType::int32)).ids); });
  refuses("ctc_beam_search", "got f32[3, 2, 0] and i32[2]", [&] {
    nn::ctc_beam_search(ones({3, 2, 0}), two);
  });
  refuses("ctc_beam_search", "got 4 for logits", [&] { nn::ctc_beam_search(logits, two, {.blank = 4}); });
  refuses("ctc_beam_search", "got best = 3 and beams = 2",
          [&] { nn::ctc_beam_search(logits, two, {.beams = 2, .best = 3}); });
  refuses("ctc_beam_search", "got best = 0 and beams = 16",
          [&] { nn::ctc_beam_search(logits, two, {.best = 0}); });
  refuses("ctc_beam_search", "got -1 of sequence 1", [&] {
    evaluate(nn::ctc_beam_search(logits, tensor({3, -1})).ids);
  });
}
