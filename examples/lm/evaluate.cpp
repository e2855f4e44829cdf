#include <fmt/format.h>
#include <sluice/kernels/threads.h>
#include <sluice/text/corpus.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "evaluator.h"
#include "text_source.h"
#include "training.h"

namespace lm {
namespace {

/// The part of the text that this model was trained on, or the part that was held out.
std::string_view part_of(std::string_view text, const std::string& part, double validation) {
  if (part == "all") return text;
  const sluice::text::Parts parts = sluice::text::split(text, validation);
  if (part == "training") return parts.training;
  if (parts.validation.empty())
    throw UserError("this model was trained with --validation 0: there is no such part");
  return parts.validation;
}

}  // namespace

int evaluate(const EvaluateCommand& c) {
  sluice::kernels::set_threads(c.threads);
  const Saved saved = open_saved(c.model);
  const TrainSettings& settings = saved.plan.train;
  const Text text = read_text(c.text, saved.vocabulary.kind());
  std::size_t unknown = 0;
  std::vector<std::int32_t> tokens =
      saved.vocabulary.encode(part_of(text.content, c.part, settings.validation), &unknown);

  const Model model = saved.model();
  Evaluator evaluator(model, std::move(tokens), settings.batch, settings.length);
  const Score score = evaluator([] { return false; }).value();
  if (c.json) {
    const nlohmann::ordered_json object{{"nats", score.nats},
                                        {"bits", score.bits()},
                                        {"perplexity", score.perplexity()},
                                        {"tokens", score.tokens},
                                        {"tokens_per_second", score.tokens_per_second()},
                                        {"unknown", unknown}};
    fmt::print("{}\n", object.dump());
    return 0;
  }
  fmt::print("{:.4f} nats, {:.4f} bits, perplexity {:.3f} over {} {} ({} unknown), {:.0f} a second\n",
             score.nats, score.bits(), score.perplexity(), score.tokens, plural_of(saved.vocabulary.kind()),
             unknown, score.tokens_per_second());
  return 0;
}

}  // namespace lm
