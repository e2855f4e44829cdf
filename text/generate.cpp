#include <fmt/format.h>

#include <limits>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/random.h>
#include <sluice/text/generate.h>
#include <sluice/text/stop_matcher.h>
#include <sluice/text/utf8.h>

namespace sluice::text {
namespace {

/// Random numbers from a seed, made in blocks: memory does not depend on the length of the text.
class Chances {
 public:
  explicit Chances(std::uint64_t seed) : key_(random::key(seed)) {}

  double operator()(std::size_t i) {
    if (i % block == 0) {
      const Tensor own = random::fold_in(key_, static_cast<std::int32_t>(i / block));
      numbers_ = evaluate(random::uniform(own, {block}, 0, 1, DType::float64)).to_vector<double>();
    }
    return numbers_[i % block];
  }

 private:
  static constexpr std::size_t block = 256;
  Tensor key_;
  std::vector<double> numbers_;
};

/// The tokens that a repetition penalty looks at; none if there is no penalty.
class Recent {
 public:
  Recent(const SampleOptions& options, std::size_t vocabulary)
      : counts_(options.repetition_penalty != 1), window_(options.repetition_window) {
    if (counts_ && window_ == 0) known_.resize(vocabulary);
  }

  void push(std::int32_t token) {
    if (!counts_ || is_known(token)) return;
    // The older half is forgotten at a time, so that a token is moved once and not at each step.
    if (window_ > 0 && tokens_.size() / 2 >= window_) {
      tokens_.erase(tokens_.begin(), tokens_.end() - static_cast<std::ptrdiff_t>(window_));
    }
    tokens_.push_back(token);
  }

  std::span<const std::int32_t> tokens() const { return tokens_; }

 private:
  /// Without a window a token is kept once: a long text costs no more than the vocabulary.
  bool is_known(std::int32_t token) {
    if (window_ > 0) return false;
    const bool before = known_[static_cast<std::size_t>(token)];
    known_[static_cast<std::size_t>(token)] = true;
    return before;
  }

  bool counts_;
  std::size_t window_;
  std::vector<bool> known_;
  std::vector<std::int32_t> tokens_;
};

void require_whole_characters(const Vocabulary& vocabulary, const std::vector<std::string>& stops) {
  if (vocabulary.kind() == TokenKind::byte) return;
  for (const std::string& stop : stops) {
    const std::size_t valid = valid_prefix(stop);
    if (valid == stop.size()) continue;
    throw Error(
        fmt::format("[generate] stop strings of a vocabulary of {}s must be UTF-8: got byte {:02x} at {} of "
                    "one; use whole characters",
                    name_of(vocabulary.kind()), static_cast<unsigned char>(stop[valid]), valid));
  }
}

/// The model's logits with the unknown token excluded.
void take_logits(std::span<const float> from, const Vocabulary& vocabulary, std::vector<float>& to) {
  if (from.size() != vocabulary.size()) {
    throw Error(fmt::format(
        "[generate] a model gives one logit for each of {} tokens: got {}; use the vocabulary that "
        "it was trained with",
        vocabulary.size(), from.size()));
  }
  to.assign(from.begin(), from.end());
  if (vocabulary.has_unknown()) to[Vocabulary::unknown_id] = -std::numeric_limits<float>::infinity();
}

}  // namespace

Generated generate(const Vocabulary& vocabulary, std::span<const std::int32_t> prime, const NextLogits& next,
                   const GenerateOptions& options, const std::function<void(std::string_view)>& show,
                   Location where) {
  const sluice::detail::Call call(where);
  if (!next || !show) {
    throw Error(fmt::format("[generate] it takes a model and what shows its text: got no {}; pass functions",
                            next ? "show" : "next"));
  }
  if (prime.empty()) {
    throw Error(
        "[generate] a model reads a token before it writes one: got an empty prime; prime it with a line "
        "end");
  }
  for (const std::int32_t token : prime) vocabulary.token(token);
  require_whole_characters(vocabulary, options.stop);
  Sampler sampler(options.sample);
  StopMatcher stops(options.stop);
  Recent recent(options.sample, vocabulary.size());
  for (const std::int32_t before : prime) recent.push(before);
  Chances chances(options.seed);
  const auto pass_on = [&](const std::string& text) {
    if (!text.empty()) show(text);
  };

  std::int32_t token = prime.back();
  for (const std::int32_t before : prime.first(prime.size() - 1)) next(before);
  Generated written;
  std::vector<float> logits;
  while (written.tokens < options.length && !stops.stopped()) {
    take_logits(next(token), vocabulary, logits);
    token = sampler(logits, chances(written.tokens), recent.tokens());
    recent.push(token);
    ++written.tokens;
    pass_on(stops.push(vocabulary.token(token)));
  }
  pass_on(stops.finish());
  written.stopped = stops.stopped();
  written.stop = stops.stop();
  return written;
}

}  // namespace sluice::text
