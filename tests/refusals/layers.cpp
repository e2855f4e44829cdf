#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

namespace {

template <class M>
M left_of(M module) {
  const M taken = std::move(module);
  return module;  // NOLINT: what is left of it
}

const Tensor key = random::key(1);
const Tensor x = ones({5, 2, 3});
const Tensor none;

Tensor lengths_of(const std::vector<std::int32_t>& lengths) {
  return tensor(lengths, {static_cast<Index>(lengths.size())});
}

}  // namespace

TEST_CASE("what ops over padded sequences refuse") {
  refuses("sequence_mask", "got f32[2]", [] { sequence_mask(ones({2}), 3); });
  refuses("sequence_mask", "the time cannot be negative: got -1", [] { sequence_mask(lengths_of({1}), -1); });
  refuses("sequence_mask", "in [0, 3], the padded time: got 4 of sequence 1", [] {
    evaluate(sequence_mask(lengths_of({1, 4}), 3));
  });
  refuses("reverse_sequences", "x [time, batch, ...]: got f32[3]",
          [] { reverse_sequences(ones({3}), lengths_of({1})); });
  refuses("reverse_sequences", "i32[2] for x f32[5, 2, 3]: got i32[1]",
          [] { reverse_sequences(x, lengths_of({1})); });
  refuses("reverse_sequences", "in [0, 5], the padded time: got 6 of sequence 0", [] {
    evaluate(reverse_sequences(x, lengths_of({6, 1})));
  });
  refuses("reverse_sequences", "undefined Tensor", [] { reverse_sequences(none, lengths_of({1})); });
}

TEST_CASE("what recurrent layers refuse of lengths and resets") {
  const nn::LSTM rnn(1, 3, 4, key);
  refuses("recurrent", "i32[2] for x f32[5, 2, 3]: got i32[3]", [&] {
    rnn(x, {.lengths = lengths_of({1, 2, 3})});
  });
  refuses("recurrent", "i32[2] for x f32[5, 2, 3]: got f32[2]", [&] { rnn(x, {.lengths = ones({2})}); });
  refuses("recurrent", "got 6 of sequence 1", [&] {
    evaluate(rnn(x, {.lengths = lengths_of({5, 6})}).output());
  });
  refuses("recurrent", "got -1 of sequence 0", [&] {
    evaluate(rnn(x, {.lengths = lengths_of({-1, 5})}).output());
  });
  refuses("recurrent", "bool[5, 2] for x f32[5, 2, 3]: got f32[5, 2]", [&] {
    rnn(x, {.resets = ones({5, 2})});
  });
  refuses("recurrent", "got bool[2]", [&] { rnn(x, {.resets = zeros({2}, DType::boolean)}); });
}

TEST_CASE("what bidirectional layers refuse") {
  const nn::Bidirectional<nn::LSTMCell> rnn(2, 3, 4, key);
  const auto lstm = [](Index in, Index hidden) { return std::make_shared<nn::LSTMCell>(in, hidden, key); };
  using Both = nn::BidirectionalLayers;
  refuses("bidirectional", "at least one layer, and at most 1048576: got 0",
          [] { nn::Bidirectional<nn::LSTMCell>(0, 3, 4, key); });
  refuses("dropout", "a rate is in [0, 1): got 1",
          [] { nn::Bidirectional<nn::LSTMCell>(1, 3, 4, key, {.dropout = 1}); });
  refuses("bidirectional", "sizes are at least 1", [] { nn::Bidirectional<nn::LSTMCell>(1, 3, 0, key); });
  refuses("bidirectional", "got 0 cells forward and 0 backward", [] { Both({}, {}); });
  refuses("bidirectional", "got 1 cells forward and 0 backward", [&] { Both({lstm(3, 4)}, {}); });
  refuses("bidirectional", "no null pointer", [&] { Both({lstm(3, 4)}, {nullptr}); });
  refuses("bidirectional", "got 3 inputs forward and 2 backward in layer 0",
          [&] { Both({lstm(3, 4)}, {lstm(2, 4)}); });
  refuses("bidirectional", "got 4 inputs forward and 8 backward in layer 1 above 8", [&] {
    Both({lstm(3, 4), lstm(4, 4)}, {lstm(3, 4), lstm(8, 4)});
  });
  refuses("bidirectional", "got 4 forward and 5 backward in layer 0; make them equal, or use Merge::concat",
          [&] { Both({lstm(3, 4)}, {lstm(3, 5)}, nn::Merge::sum); });
  refuses("bidirectional", "runs in both directions: got `reverse`", [&] { rnn(x, {.reverse = true}); });
  refuses("bidirectional", "an output depends on later steps", [&] {
    rnn.step(ones({2, 3}), rnn.initial(2));
  });
  refuses("bidirectional", "two states per layer, forward before backward: got 2 for 2 layers",
          [&] { rnn(x, {.initial = nn::States(2)}); });
  refuses("bidirectional", "got 1, and no layer is a ContextCell", [&] { rnn(x, {.extra = {x}}); });
  refuses("bidirectional", "takes x f32[time, batch, 3]: got f32[5, 2, 4]", [&] { rnn(ones({5, 2, 4})); });
  refuses("bidirectional", "got an undefined tensor", [&] { rnn(none); });
  refuses("bidirectional", "got i32[1]", [&] { rnn(x, {.lengths = lengths_of({1})}); });
  refuses("bidirectional", "layers count from 0: got layer 2 of 2", [&] { rnn.forward(2); });
  refuses("bidirectional", "got layer -1 of 2", [&] { rnn.backward(-1); });
  refuses("bidirectional", "moved from", [&] { left_of(rnn)(x); });
  refuses("bidirectional", "moved from", [&] { left_of(rnn).initial(2); });
  refuses("bidirectional", "moved from", [&] { left_of(rnn).inputs(); });
  refuses("bidirectional", "moved from", [&] { left_of(rnn).forward(0); });
  refuses("bidirectional", "moved from", [&] { left_of(rnn).backward(0); });
  refuses("recurrent", "moved from", [&] { left_of(nn::LSTM(1, 3, 4, key)).cell(0); });
  refuses("bidirectional", "a batch is not negative", [&] { rnn.initial(-1); });
}

TEST_CASE("what stacks and paths around layers refuse") {
  const nn::LSTM rnn(1, 3, 4, key);
  const nn::Stack stack(nn::Linear(3, 3, key), rnn, nn::Dropout(0.5));
  const std::shared_ptr<nn::SequenceLayer> nothing;
  refuses("stack", "got a null pointer for part 1", [&] { nn::Stack(relu, nothing)(x); });
  refuses("stack", "x [time, batch, channels]: got f32[5, 3]", [&] { nn::Stack(rnn, relu)(ones({5, 3})); });
  refuses("stack", "x [time, batch, ...]: got f32[5]", [&] { stack(ones({5})); });
  refuses("stack", "in part 1 of a Stack", [&] { stack(ones({5, 3})); });
  refuses("stack", "got an undefined tensor", [&] { stack(none); });
  refuses("stack", "a step takes x [batch, channels]: got f32[5, 2, 3]",
          [&] { nn::Stack(rnn, relu).step(x, rnn.initial(2)); });
  refuses("stack", "a step takes x [batch, ...]: got f32[]", [&] { stack.step(ones({}), stack.initial(2)); });
  refuses("stack", "in part 1 of a Stack", [&] { stack.step(x, stack.initial(2)); });
  const nn::Conv1d strided(3, 3, 2, key, {.padding = ConvPadding::causal, .stride = 2});
  refuses("stack", "which part 0 shortens: got resets bool[5, 2] and x f32[3, 2, 3] of part 1", [&] {
    nn::Stack(strided, rnn)(x, {.resets = zeros({5, 2}, DType::boolean)});
  });
  refuses("stack", "in part 0 of a Stack", [&] { stack(ones({5, 2, 4})); });
  refuses("stack", "in part 1 of a Stack", [&] { nn::Stack(relu, rnn)(ones({5, 2, 4})); });
  refuses("stack", "in part 0 of a Stack", [&] { nn::Stack{rnn}(x, {.lengths = lengths_of({1})}); });
  refuses("stack", "takes one length per sequence", [&] { stack(x, {.lengths = lengths_of({1})}); });
  refuses("stack", "got 2 for 1",
          [&] { stack(x, {.initial = nn::States(rnn.initial(2)[0].parts.size(), rnn.initial(2)[0])}); });
  refuses("stack", "got 0, fewer than there are", [&] { stack.step(ones({2, 3}), {}); });
  refuses("stack", "got 1, and no part has one", [&] { stack(x, {.extra = {x}}); });
  refuses("stack", "got 1, and no part has one", [&] {
    stack.step(ones({2, 3}), stack.initial(2), {.extra = {x}});
  });
  refuses("stack", "takes a random key: got none", [&] { stack(x, {.mode = nn::Mode::train}); });
  refuses("stack", "an output depends on later steps", [&] {
    const nn::Stack both(nn::Bidirectional<nn::GRUCell>(1, 3, 4, key));
    both.step(ones({2, 3}), both.initial(2));
  });
  refuses("stack", "got none, from the start or since it was moved from", [&] { left_of(stack)(x); });
  refuses("stack", "moved from", [&] { left_of(stack).initial(2); });

  const nn::Residual residual(nn::LSTM(1, 3, 3, key));
  const nn::Highway highway(nn::LSTM(1, 3, 3, key), 3, key);
  refuses("residual", "got a null pointer", [&] { nn::Residual(nn::Part<nn::SequenceLayer>(nothing)); });
  refuses("residual", "got x f32[5, 2, 3] and output f32[5, 2, 4]", [&] { nn::Residual{rnn}(x); });
  refuses("residual", "got x f32[2, 3] and output f32[2, 4]", [&] {
    nn::Residual{rnn}.step(ones({2, 3}), rnn.initial(2));
  });
  refuses("residual", "moved from", [&] { left_of(residual)(x); });
  refuses("residual", "moved from", [&] { left_of(residual).initial(2); });
  refuses("highway", "got 0 in and 0 out", [&] { nn::Highway(rnn, 0, key); });
  refuses("highway", "a key must be i32[2]", [&] { nn::Highway(rnn, 3, tensor({1})); });
  refuses("highway", "got a null pointer",
          [&] { nn::Highway(nn::Part<nn::SequenceLayer>(nothing), 3, key); });
  refuses("highway", "got x f32[5, 2, 3] and output f32[5, 2, 4]", [&] { nn::Highway(rnn, 3, key)(x); });
  refuses("highway", "takes x f32[..., 4]", [&] { nn::Highway(nn::LSTM(1, 3, 3, key), 4, key)(x); });
  refuses("residual", "moved from", [&] { left_of(residual).layer(); });
  refuses("highway", "moved from", [&] { left_of(highway).layer(); });
  refuses("highway", "moved from", [&] { left_of(highway)(x); });
  refuses("highway", "moved from", [&] { left_of(highway).step(ones({2, 3}), residual.initial(2)); });
}

TEST_CASE("what learned initial states refuse") {
  refuses("learned_start", "got a null pointer", [] { nn::LearnedStart(nullptr); });
  const nn::LearnedStart start(nn::GRUCell(3, 4, key));
  refuses("learned_start", "moved from", [&] { left_of(start).inner(); });
  refuses("cell", "moved from", [&] { left_of(start).initial(2); });
  CHECK_THROWS_WITH(left_of(start).recurrent_weights(),
                    contains("[learned_start]") && contains("moved from"));
  refuses("learned_start", "sizes are at least 1", [] { nn::LearnedStartOf<nn::LSTMCell>(3, 0, key); });
  refuses("recurrent", "the first state of a batch of 2 is f64[2, 4]: got f32[2, 4]",
          [] { nn::Recurrent<nn::LearnedStartOf<nn::GRUCell>>(1, 3, 4, key).initial(2, DType::float64); });
}
