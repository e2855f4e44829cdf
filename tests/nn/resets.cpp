#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/learned_start.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/values.h>
#include <sluice/ops/slice.h>

#include "nn/sequences.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// bool[time, batch] from zeros and ones, one row of the batch per step.
Tensor resets_of(const std::vector<std::vector<std::int32_t>>& steps) {
  std::vector<std::int32_t> all;
  for (const auto& step : steps) all.insert(all.end(), step.begin(), step.end());
  const auto time = static_cast<Index>(steps.size());
  return evaluate(cast(tensor(all, {time, static_cast<Index>(steps.front().size())}), DType::boolean));
}

/// For a batch in which all sequences begin at these steps.
Tensor resets_at(Index time, Index batch, const std::vector<Index>& begins) {
  std::vector<std::vector<std::int32_t>> steps(static_cast<std::size_t>(time),
                                               std::vector<std::int32_t>(static_cast<std::size_t>(batch)));
  for (const Index t : begins) {
    for (std::int32_t& each : steps[static_cast<std::size_t>(t)]) each = 1;
  }
  return resets_of(steps);
}

Tensor part(const Tensor& x, Index begin, Index end) { return evaluate(slice(x, 0, begin, end)); }

}  // namespace

TEMPLATE_TEST_CASE("A sequence with resets is its pieces, bit for bit", "", nn::RNNCell, nn::LSTMCell,
                   nn::GRUCell, nn::FourGateCell, LeakyUnit) {
  const nn::Recurrent<TestType> rnn(2, 16, 16, random::key(1));
  const Index batch = 16;
  const Tensor x = normal_values(2, {6, batch, 16}), weight = normal_values(3, {6, batch, 16});
  const nn::States start = some_states(rnn, batch);
  const Tensor resets = resets_at(6, batch, {2, 5});
  const std::vector<std::pair<Index, Index>> pieces{{0, 2}, {2, 5}, {5, 6}};
  for (const bool reverse : {false, true}) {
    for (const Index checkpoint : {Index{0}, Index{2}}) {
      nn::RecurrentCall call;
      call.initial = start;
      call.resets = resets;
      call.reverse = reverse;
      call.checkpoint = checkpoint;
      const nn::Sequence whole = rnn(x, call);
      const Tensor slope = grad(sum(whole * weight), x);
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        const auto [begin, end] = pieces[i];
        const Tensor own = part(x, begin, end);
        nn::RecurrentCall alone;
        alone.reverse = reverse;
        if (i == (reverse ? pieces.size() - 1 : 0)) alone.initial = start;
        const nn::Sequence run = rnn(own, alone);
        check_close(part(whole, begin, end), run.output(), 0);
        check_close(part(slope, begin, end), grad(sum(run * part(weight, begin, end)), own), 0);
        if (i == (reverse ? 0 : pieces.size() - 1)) check_same(parts_of(whole.state), parts_of(run.state));
      }
    }
  }
}

TEST_CASE("Each sequence of a batch has resets of its own, within its length") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const Tensor x = normal_values(2, {5, 3, 3});
  const Tensor resets = resets_of({{1, 0, 0}, {0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 1, 1}});
  const std::vector<std::int32_t> lengths{5, 4, 3};
  const std::vector<std::vector<std::pair<Index, Index>>> pieces{
      {{0, 2}, {2, 5}}, {{0, 3}, {3, 4}}, {{0, 3}}};
  for (const bool reverse : {false, true}) {
    const nn::RecurrentCall call{.lengths = lengths_of(lengths), .resets = resets, .reverse = reverse};
    const nn::Sequence whole = rnn(x, call);
    const Tensor compiled = compile([&](const Tensor& in) { return rnn(in, call).output(); })(x);
    check_close(compiled, whole.output(), 1e-6);
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      const auto row = static_cast<Index>(b);
      for (const auto& [begin, end] : pieces[b]) {
        const nn::Sequence run = rnn(slice(x, {{begin, end}, {row, row + 1}}), {.reverse = reverse});
        check_close(slice(whole, {{begin, end}, {row, row + 1}}), run.output(), 1e-6);
        if (reverse ? begin != 0 : end != lengths[b]) continue;
        const Tensors states = parts_of(run.state), all = parts_of(whole.state);
        for (std::size_t i = 0; i < all.size(); ++i)
          check_close(slice(all[i], 0, row, row + 1), states[i], 1e-6);
      }
    }
  }
}

TEST_CASE("A reset of the first step forgets the initial state, with its gradient") {
  const nn::GRU rnn(1, 3, 4, random::key(1));
  const Tensor x = normal_values(2, {3, 2, 3});
  const Tensor start = normal_values(3, {2, 4});
  const nn::Sequence run = rnn(x, {.initial = {{start}}, .resets = resets_of({{1, 0}, {0, 0}, {0, 0}})});
  check_close(slice(run, 1, 0, 1), slice(rnn(x), 1, 0, 1), 0);
  const std::vector<double> slope = numbers(grad(sum(run), start));
  for (std::size_t i = 0; i < 4; ++i) CHECK(slope[i] == 0);
  for (std::size_t i = 4; i < 8; ++i) CHECK(slope[i] != 0);
  // In reverse no step comes after step 0, and the state is what the sequence that begins there ends with.
  const nn::Sequence back = rnn(x, {.resets = resets_of({{1, 1}, {0, 0}, {0, 0}}), .reverse = true});
  check_same(parts_of(back.state), parts_of(rnn(x, {.reverse = true}).state));
}

TEST_CASE("Resets go on where a window begins: windows are the whole sequence") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const Tensor x = normal_values(2, {7, 2, 3});
  const Tensor resets = resets_of({{0, 0}, {0, 1}, {0, 0}, {1, 0}, {0, 0}, {0, 1}, {1, 0}});
  const nn::Sequence whole = rnn(x, {.resets = resets});
  const nn::CarriedState carried(rnn, 2);
  auto window = compile([&](const Tensor& in, const Tensor& begins) {
    const nn::Sequence run = rnn(in, {.initial = carried.read(), .resets = begins});
    carried.assign(run.state);
    return run.output();
  });
  for (const auto& [begin, end] : std::vector<std::pair<Index, Index>>{{0, 3}, {3, 6}, {6, 7}}) {
    check_close(window(part(x, begin, end), part(resets, begin, end)), part(whole, begin, end), 1e-6);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const Tensors last = parts_of({carried.read()[i]}), expected = parts_of({whole.state[i]});
    for (std::size_t j = 0; j < last.size(); ++j) check_close(last[j], expected[j], 1e-6);
  }
}

TEST_CASE("A learned initial state gets its gradient from each reset") {
  const nn::Recurrent<nn::LearnedStartOf<nn::LSTMCell>> rnn(1, 3, 4, random::key(1));
  const Tensor x = normal_values(2, {4, 2, 3});
  const Tensor weight = normal_values(3, {4, 2, 4});
  Tensors first;
  for (const Variable& each : rnn.cell(0).first) {
    each.assign(normal_values(5, {4}));
    first.push_back(each);
  }
  nn::States zero{{zeros({2, 4}), zeros({2, 4})}};  // so that all of it comes from the reset
  const nn::Sequence run = rnn(x, {.initial = zero, .resets = resets_at(4, 2, {3})});
  const nn::Sequence alone = rnn(part(x, 3, 4));
  const Tensors slopes = grad(sum(run * weight), first);
  const Tensors expected = grad(sum(alone * part(weight, 3, 4)), first);
  for (std::size_t i = 0; i < first.size(); ++i) {
    check_close(slopes[i], expected[i], 1e-6);
    for (const double each : numbers(slopes[i])) CHECK(each != 0);
  }
}

TEST_CASE("Dropout with resets is that of the same steps without") {
  const nn::LSTM rnn(2, 16, 16, random::key(1), {.dropout = 0.5});
  const Tensor x = normal_values(2, {5, 16, 16});
  const nn::RecurrentCall train{.mode = nn::Mode::train, .key = random::key(7)};
  nn::RecurrentCall call = train;
  call.resets = resets_at(5, 16, {3});
  check_close(part(rnn(x, call), 0, 3), part(rnn(x, train), 0, 3), 0);
  call.resets = resets_at(5, 16, {});
  check_same({rnn(x, call)}, {rnn(x, train)});
}

TEMPLATE_TEST_CASE("Gradients over resets are those of differences", "", nn::LSTMCell, LeakyUnit, NoisyUnit) {
  const nn::Recurrent<TestType> rnn =
      nn::to(nn::Recurrent<TestType>(2, 2, 2, random::key(1)), DType::float64);
  const Tensor resets = resets_of({{0, 1}, {1, 0}, {0, 1}});
  for (const bool reverse : {false, true}) {
    gradcheck(
        [&](const Tensors& in) -> Tensors {
          const nn::Sequence run =
              rnn(in[0], {.initial = states_like(rnn.initial(2, DType::float64), {in.begin() + 1, in.end()}),
                          .lengths = lengths_of({3, 2}),
                          .resets = resets,
                          .reverse = reverse});
          Tensors all = parts_of(run.state);
          all.push_back(run);
          return all;
        },
        [&] {
          Tensors in{normal_values(3, {3, 2, 2}, DType::float64)};
          for (const Tensor& each : parts_of(rnn.initial(2, DType::float64))) {
            in.push_back(normal_values(20 + static_cast<int>(in.size()), each.shape(), DType::float64));
          }
          return in;
        }(),
        {.compiled = false});
  }
}
