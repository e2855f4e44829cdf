#include "writer.h"

#include <sluice/graph/evaluate.h>
#include <sluice/ops/random.h>
#include <sluice/text/utf8.h>

#include <limits>

namespace lm {

namespace text = sluice::text;
using sluice::Tensor;

namespace {

constexpr std::size_t block = 256;

/// Random numbers for the tokens of one block: memory does not depend on the length of the text.
std::vector<double> random_block(const Tensor& key, std::size_t number) {
  const Tensor own = sluice::random::fold_in(key, static_cast<std::int32_t>(number));
  return sluice::evaluate(sluice::random::uniform(own, {block}, 0, 1, sluice::DType::float64))
      .to_vector<double>();
}

}  // namespace

Writer::Writer(const Model& model, const text::Vocabulary& vocabulary)
    : vocabulary_(vocabulary),
      carried_(model.layers(), 1),
      step_(
          [&model, carried = carried_](const Tensor& token) {
            const Model::Result result = model.step(token, carried.read());
            carried.assign(result.states);
            return result.logits;
          },
          sluice::zeros({1}, sluice::DType::int32)),
      logits_(vocabulary.size()) {}

std::span<const float> Writer::read(std::int32_t token) {
  step_.input<std::int32_t>(0)[0] = token;
  step_.run();
  const auto logits = step_.output<float>(0);
  logits_.assign(logits.begin(), logits.end());
  if (vocabulary_.has_unknown())
    logits_[text::Vocabulary::unknown_id] = -std::numeric_limits<float>::infinity();
  return logits_;
}

std::vector<std::int32_t> Writer::tokens_of(std::string_view prime, std::size_t& unknown) const {
  if (!prime.empty()) return vocabulary_.encode(prime, &unknown);
  return vocabulary_.encode("\n");
}

std::size_t Writer::write(std::string_view prime, std::size_t count, std::uint64_t seed,
                          const text::SampleOptions& options,
                          const std::function<void(std::string_view)>& show) {
  text::Sampler sampler(options);
  text::Utf8Stream stream;
  std::size_t unknown = 0;
  carried_.reset();
  std::span<const float> logits;
  const std::vector<std::int32_t> before = tokens_of(prime, unknown);
  show(prime);
  for (const std::int32_t token : before) logits = read(token);
  const Tensor key = sluice::random::key(seed);
  std::vector<double> chances;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % block == 0) chances = random_block(key, i / block);
    const std::int32_t token = sampler(logits, chances[i % block]);
    show(stream.push(vocabulary_.decode(std::span(&token, 1))));
    logits = read(token);
  }
  show(stream.finish());
  return unknown;
}

std::string Writer::write(std::string_view prime, std::size_t count, std::uint64_t seed,
                          const text::SampleOptions& options) {
  std::string written;
  write(prime, count, seed, options, [&](std::string_view piece) { written += piece; });
  return written;
}

}  // namespace lm
