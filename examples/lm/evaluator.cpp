#include "evaluator.h"

#include <chrono>

namespace lm {
namespace {

namespace text = sluice::text;
using sluice::Index;
using sluice::Tensor;

std::vector<std::int32_t> tokens_of(const text::Vocabulary& vocabulary, std::string_view content) {
  std::vector<std::int32_t> tokens = vocabulary.encode(content);
  if (tokens.size() < 2) throw UserError("the text is too short to measure: at least 2 tokens are needed");
  return tokens;
}

/// The counts of the predicted part of a text.
text::Score counts_of(const text::Vocabulary& vocabulary, std::string_view content) {
  const std::vector<std::uint32_t> lengths = vocabulary.lengths(content);
  text::Score score;
  if (lengths.empty()) return score;
  score.set(text::count_text(content, lengths.front()));
  score.tokens = lengths.size() - 1;
  vocabulary.encode(content.substr(lengths.front()), &score.unknown);
  return score;
}

sluice::Spec window_of(const text::Reading& reading) {
  return {sluice::DType::int32,
          {static_cast<Index>(reading.length()), static_cast<Index>(reading.streams())}};
}

}  // namespace

Evaluator::Evaluator(const Model& model, const text::Vocabulary& vocabulary, std::string_view content,
                     bool per_token)
    : counts_(counts_of(vocabulary, content)),
      reading_(tokens_of(vocabulary, content), {.per_token = per_token}),
      carried_(model.layers(), static_cast<Index>(reading_.streams())),
      window_(sluice::compile([&model, carried = carried_](const Tensor& x, const Tensor& y) {
                const Model::Result result = model(x, carried.read());
                carried.assign(result.states);
                return model.nats(result.h, y, sluice::nn::Reduction::none);
              }).prepare(window_of(reading_), window_of(reading_))) {}

std::optional<text::Score> Evaluator::operator()(const std::function<bool()>& stopped) {
  const auto start = std::chrono::steady_clock::now();
  carried_.reset();
  reading_.reset();
  for (text::Reading::Window window; !window.last;) {
    if (stopped()) return std::nullopt;
    window = reading_.next(window_.input<std::int32_t>(0), window_.input<std::int32_t>(1));
    window_.run();
    reading_.add(window_.output<float>(0));
  }
  text::Score score = counts_;
  score.nats = reading_.total();
  score.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return score;
}

}  // namespace lm
