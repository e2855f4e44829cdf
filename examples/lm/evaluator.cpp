#include "evaluator.h"

#include <sluice/nn/loss.h>

#include <chrono>
#include <cmath>
#include <numbers>

namespace lm {
namespace {

namespace nn = sluice::nn;
namespace text = sluice::text;
using sluice::Tensor;

text::Batches whole_text(std::vector<std::int32_t> tokens, std::int64_t batch, std::int64_t length) {
  if (tokens.size() < 2) throw UserError("the text is too short to measure: at least 2 tokens are needed");
  return {std::move(tokens), static_cast<std::size_t>(batch), static_cast<std::size_t>(length),
          text::Batches::Tail::pad};
}

}  // namespace

double Score::bits() const { return nats / std::numbers::ln2; }
double Score::perplexity() const { return std::exp(nats); }
double Score::tokens_per_second() const { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }

Evaluator::Evaluator(const Model& model, std::vector<std::int32_t> tokens, std::int64_t batch,
                     std::int64_t length)
    : batches_(whole_text(std::move(tokens), batch, length)),
      carried_(model.layers(), batch),
      window_(
          [&model, carried = carried_](const Tensor& x, const Tensor& y) {
            const Model::Result result = model(x, carried.read());
            carried.assign(result.states);
            return nn::cross_entropy(
                result.logits, y, {.ignore_index = text::Batches::ignored, .reduction = nn::Reduction::sum});
          },
          sluice::zeros({length, batch}, sluice::DType::int32),
          sluice::zeros({length, batch}, sluice::DType::int32)) {}

std::optional<Score> Evaluator::operator()(const std::function<bool()>& stopped) {
  const auto start = std::chrono::steady_clock::now();
  carried_.reset();
  batches_.seek({});
  Score score;
  double nats = 0;
  for (text::Batches::Window window; !window.last;) {
    if (stopped()) return std::nullopt;
    window = batches_.next(window_.input<std::int32_t>(0), window_.input<std::int32_t>(1));
    window_.run();
    nats += static_cast<double>(window_.output<float>(0)[0]);
    score.tokens += window.targets;
  }
  score.nats = nats / static_cast<double>(score.tokens);
  score.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return score;
}

}  // namespace lm
