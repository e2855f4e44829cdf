#pragma once

// Small tasks that the cells of this folder are known for, and what learns them.

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/sequence_layer.h>
#include <sluice/ops/ops.h>
#include <sluice/optim/adam.h>

#include <cmath>
#include <functional>
#include <memory>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace sl = sluice;

namespace tasks {

/// Sequences: inputs, targets, and which places count.
struct Batch {
  sl::Tensor x;        ///< f32[time, batch, inputs]
  sl::Tensor y;        ///< classes, i32[time, batch], or numbers, f32[time, batch]
  sl::Tensor counted;  ///< 1 or 0, f32[time, batch]
};

struct Sizes {
  sl::Index time, batch;
};

using Draw = std::mt19937_64;

inline double uniform(Draw& draw) { return static_cast<double>(draw() >> 11) * 0x1p-53; }
inline int below(Draw& draw, int n) { return static_cast<int>(uniform(draw) * n); }

/// The next symbol of texts, of `kinds` symbols: the inputs are text[0 .. time), the targets
/// text[1 .. time]. texts [batch][time + 1]; counts(text, t) tells whether text[t] does.
template <class Counts>
Batch next_symbol(const std::vector<std::vector<int>>& texts, int kinds, const Counts& counts) {
  const auto batch = static_cast<sl::Index>(texts.size()), time = static_cast<sl::Index>(texts[0].size()) - 1;
  std::vector<int> inputs, targets;
  std::vector<float> counted;
  for (std::size_t t = 0; t < static_cast<std::size_t>(time); ++t) {
    for (const std::vector<int>& text : texts) {
      inputs.push_back(text[t]);
      targets.push_back(text[t + 1]);
      counted.push_back(counts(text, t + 1) ? 1 : 0);
    }
  }
  const sl::Tensor x = sl::one_hot(sl::tensor(inputs, {time, batch}), kinds);
  return {sl::evaluate(x), sl::tensor(targets, {time, batch}), sl::tensor(counted, {time, batch})};
}

/// Brackets of `kinds` kinds, at most `deepest` of them open: 0 .. kinds - 1 open, kinds .. 2 kinds - 1
/// close. Only those brackets count that close one which is not right before them: to know which kind is
/// next one has to remember what is open.
inline Batch brackets(int kinds, int deepest, Sizes sizes, Draw& draw) {
  std::vector<std::vector<int>> texts(static_cast<std::size_t>(sizes.batch));
  for (std::vector<int>& text : texts) {
    std::vector<int> open;
    while (static_cast<sl::Index>(text.size()) <= sizes.time) {
      const auto depth = static_cast<int>(open.size());
      if (depth == 0 || (depth < deepest && uniform(draw) < 0.5)) {
        open.push_back(below(draw, kinds));
        text.push_back(open.back());
      } else {
        text.push_back(kinds + open.back());
        open.pop_back();
      }
    }
  }
  return next_symbol(texts, 2 * kinds, [kinds](const std::vector<int>& text, std::size_t t) {
    return text[t] >= kinds && text[t - 1] >= kinds;
  });
}

/// Symbols of which each depends on the two before it: after a and b comes (3 a + 5 b) mod `kinds` with
/// probability 0.8, else any. One symbol alone tells nothing of the next.
inline Batch pairs(int kinds, Sizes sizes, Draw& draw) {
  std::vector<std::vector<int>> texts(static_cast<std::size_t>(sizes.batch));
  for (std::vector<int>& text : texts) {
    for (sl::Index t = 0; t <= sizes.time; ++t) {
      const bool known = t > 1 && uniform(draw) < 0.8;
      const auto n = text.size();
      text.push_back(known ? (3 * text[n - 2] + 5 * text[n - 1]) % kinds : below(draw, kinds));
    }
  }
  return next_symbol(texts, kinds, [](const std::vector<int>&, std::size_t t) { return t > 1; });
}

/// Numbers in [0, 1), two of which are marked, one in each half: the target, at the end, is their sum.
/// Always answering 1 gives a mean squared error of 1/6. Hochreiter and Schmidhuber, 1997.
inline Batch adding(Sizes sizes, Draw& draw) {
  const sl::Index half = sizes.time / 2;
  std::vector<float> inputs(static_cast<std::size_t>(sizes.time * sizes.batch * 2), 0);
  std::vector<float> targets(static_cast<std::size_t>(sizes.time * sizes.batch), 0);
  std::vector<float> counted(targets.size(), 0);
  for (sl::Index b = 0; b < sizes.batch; ++b) {
    const sl::Index first = below(draw, static_cast<int>(half));
    const sl::Index second = half + below(draw, static_cast<int>(sizes.time - half));
    const auto last = static_cast<std::size_t>((sizes.time - 1) * sizes.batch + b);
    counted[last] = 1;
    for (sl::Index t = 0; t < sizes.time; ++t) {
      const auto place = static_cast<std::size_t>(2 * (t * sizes.batch + b));
      inputs[place] = static_cast<float>(uniform(draw));
      if (t != first && t != second) continue;
      inputs[place + 1] = 1;
      targets[last] += inputs[place];
    }
  }
  return {sl::tensor(inputs, {sizes.time, sizes.batch, 2}), sl::tensor(targets, {sizes.time, sizes.batch}),
          sl::tensor(counted, {sizes.time, sizes.batch})};
}

/// Sines of different frequencies, looked at now and then: the value of the last look and the time since,
/// from 0.1 to 2.1, are inputs; the value now is the target. A period takes from 4 to 13. The first looks do
/// not count.
inline Batch sines(Sizes sizes, Draw& draw) {
  std::vector<float> inputs(static_cast<std::size_t>(sizes.time * sizes.batch * 2));
  std::vector<float> targets(static_cast<std::size_t>(sizes.time * sizes.batch));
  std::vector<float> counted(targets.size());
  for (sl::Index b = 0; b < sizes.batch; ++b) {
    const double frequency = 0.5 + uniform(draw);  // radians per unit of time
    double phase = 2 * std::numbers::pi * uniform(draw);
    for (sl::Index t = 0; t < sizes.time; ++t) {
      const double passed = 0.1 + 2 * uniform(draw);
      const auto place = static_cast<std::size_t>(t * sizes.batch + b);
      inputs[2 * place] = static_cast<float>(std::sin(phase));
      inputs[2 * place + 1] = static_cast<float>(passed);
      phase += frequency * passed;
      targets[place] = static_cast<float>(std::sin(phase));
      counted[place] = t >= 5 ? 1 : 0;
    }
  }
  return {sl::tensor(inputs, {sizes.time, sizes.batch, 2}), sl::tensor(targets, {sizes.time, sizes.batch}),
          sl::tensor(counted, {sizes.time, sizes.batch})};
}

/// Layers with a linear head, trained by Adam in compiled steps.
class Learner {
 public:
  Learner(std::shared_ptr<const sl::nn::SequenceLayer> layers, sl::Index hidden, sl::Index outputs,
          double rate)
      : layers_(std::move(layers)),
        head_(hidden, outputs, sl::random::key(99)),
        adam_(sl::nn::variables({{"layers", *layers_}, {"head", head_}}),
              {.learning_rate = rate, .clip_norm = 1}) {}

  /// One step; the loss before it, over the places that count: cross entropy for classes, squared error for
  /// numbers.
  double train(const Batch& batch) { return train_(batch.x, batch.y, batch.counted).item(); }

  /// The loss.
  double loss(const Batch& batch) const {
    return sl::evaluate(loss_of(batch.x, batch.y, batch.counted)).item();
  }

  /// The share of places that count where the most likely class is right.
  double accuracy(const Batch& batch) const {
    const sl::Tensor right =
        sl::cast(sl::argmax(head_(layers()(batch.x)), -1) == batch.y, sl::DType::float32);
    return sl::evaluate(sl::sum(right * batch.counted) / sl::sum(batch.counted)).item();
  }

  const sl::nn::SequenceLayer& layers() const { return *layers_; }
  sl::Index count() const { return layers_->count() + head_.count(); }

 private:
  sl::Tensor loss_of(const sl::Tensor& x, const sl::Tensor& y, const sl::Tensor& counted) const {
    const sl::Tensor outputs = head_(layers()(x));
    const sl::Tensor losses = y.dtype() == sl::DType::int32
                                  ? sl::nn::cross_entropy(outputs, y, {.reduction = sl::nn::Reduction::none})
                                  : sl::square(sl::squeeze(outputs, {-1}) - y);
    return sl::sum(losses * counted) / sl::sum(counted);
  }

  std::shared_ptr<const sl::nn::SequenceLayer> layers_;
  sl::nn::Linear head_;
  sl::optim::Adam adam_;
  std::function<sl::Tensor(const sl::Tensor&, const sl::Tensor&, const sl::Tensor&)> train_ =
      sl::compile([this](const sl::Tensor& x, const sl::Tensor& y, const sl::Tensor& counted) {
        const sl::Tensor loss = loss_of(x, y, counted);
        adam_.update(loss);
        return loss;
      });
};

}  // namespace tasks
