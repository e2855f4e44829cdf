#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/random.h>
#include <sluice/text/reading.h>

#include "support/catch.h"

namespace nn = sluice::nn;
using sluice::Index;
using sluice::Tensor;
using sluice::text::Reading;

namespace {

constexpr Index vocabulary = 11;

struct LanguageModel {
  nn::Embedding embed{vocabulary, 8, sluice::random::key(1)};
  nn::Recurrent<nn::LSTMCell> rnn{2, 8, 16, sluice::random::key(2)};
  nn::Linear head{16, vocabulary, sluice::random::key(3)};
};

/// Reads all windows with the state carried from one to the next.
void measure(const LanguageModel& model, Reading& reading) {
  const auto streams = static_cast<Index>(reading.streams());
  const auto length = static_cast<Index>(reading.length());
  const nn::CarriedState carried(model.rnn, streams);
  const auto nats_of = sluice::compile([&](const Tensor& x, const Tensor& y) {
    const nn::Sequence run = model.rnn(model.embed(x), {.initial = carried.read()});
    carried.assign(run.state);
    return nn::cross_entropy(model.head(run), y,
                             {.ignore_index = Reading::ignored, .reduction = nn::Reduction::none});
  });
  std::vector<std::int32_t> x(reading.length() * reading.streams());
  std::vector<std::int32_t> y(x);
  for (Reading::Window window; !window.last;) {
    window = reading.next(x, y);
    if (window.first) carried.reset();
    const sluice::Shape shape{length, streams};
    reading.add(nats_of(sluice::tensor(x, shape), sluice::tensor(y, shape)).to_vector<float>());
  }
}

double largest_difference(const Reading& a, const Reading& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.targets(); ++i) {
    largest =
        std::max(largest, std::abs(static_cast<double>(a.nats()[i]) - static_cast<double>(b.nats()[i])));
  }
  return largest;
}

}  // namespace

TEST_CASE("A recurrent model is measured alike in one part and in parts that begin ahead of their own") {
  const LanguageModel model;
  std::mt19937 random(1);
  std::vector<std::int32_t> tokens(4001);
  for (std::int32_t& token : tokens) token = static_cast<std::int32_t>(random() % vocabulary);
  const auto with = [&](std::size_t overlap, std::size_t most, std::size_t length = 64) {
    Reading reading(
        tokens,
        {.length = length, .overlap = overlap, .shortest = 500, .most_streams = most, .per_token = true});
    measure(model, reading);
    return reading;
  };
  const Reading whole = with(0, 1);
  REQUIRE(whole.streams() == 1);
  REQUIRE(whole.counted() == 4000);
  const Reading parts = with(200, 8);
  REQUIRE(parts.streams() == 8);
  CHECK(largest_difference(parts, whole) < 1e-5);
  CHECK(std::abs(parts.total() - whole.total()) < 1e-6 * whole.total());
  CHECK(largest_difference(with(0, 8), whole) > 1e-3);
  CHECK(largest_difference(with(0, 1, 100), whole) < 1e-5);
  // The same reading has the same bits.
  const Reading again = with(200, 8);
  CHECK(again.total() == parts.total());
  CHECK(again.nats() == parts.nats());
}
