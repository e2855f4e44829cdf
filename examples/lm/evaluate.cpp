#include <fmt/format.h>
#include <sluice/kernels/threads.h>
#include <sluice/text/corpus.h>
#include <sluice/text/escape.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "evaluator.h"
#include "saved.h"
#include "text_source.h"

namespace lm {
namespace {

namespace text = sluice::text;
using nlohmann::ordered_json;

/// The part of the text that this model was trained on, or the part that was held out.
std::string_view part_of(std::string_view content, const std::string& part, double validation) {
  if (part == "all") return content;
  const text::Parts parts = text::split(content, validation);
  if (part == "training") return parts.training;
  if (parts.validation.empty())
    throw UserError("this model was trained with --validation 0: there is no such part");
  return parts.validation;
}

/// The text of the training, or another one; a note where that makes a difference.
Text measured_text(const EvaluateCommand& c, const Saved& saved) {
  if (c.text.empty()) return read_again(saved.plan.text, saved.vocabulary.kind());
  Text text = read_text(c.text, saved.vocabulary.kind());
  for (const std::string& note : notes_on(text)) fmt::print(stderr, "lm: note: {}\n", note);
  if (c.part != "all" && !text.identity.is_same_text(saved.plan.text)) {
    fmt::print(
        stderr,
        "lm: note: {} is not the text of the training: the model may have seen any part of it, or none\n",
        name_of_text(text.identity));
  }
  return text;
}

/// Prints an object on a line. Bytes that are no text are U+FFFD; a terminal gets no control characters.
void print_line(const ordered_json& object) {
  const std::string line = object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  fmt::print("{}\n", isatty(STDOUT_FILENO) == 1 ? text::visible(line) : line);
}

ordered_json object_of(const text::Score& score) {
  return {{"nats", score.nats},
          {"tokens", score.tokens},
          {"characters", score.characters},
          {"bytes", score.bytes},
          {"words", score.words},
          {"unknown", score.unknown},
          {"nats_per_token", score.nats_per_token()},
          {"nats_per_character", score.nats_per_character()},
          {"bits_per_character", score.bits_per_character()},
          {"bits_per_byte", score.bits_per_byte()},
          {"perplexity_per_token", score.perplexity_per_token()},
          {"perplexity_per_word", score.perplexity_per_word()},
          {"seconds", score.seconds},
          {"tokens_per_second", score.tokens_per_second()}};
}

void print_for_people(const text::Score& score, text::TokenKind kind) {
  if (score.characters > 0)
    fmt::print("{:.4f} nats a character, {:.4f} bits a character, ", score.nats_per_character(),
               score.bits_per_character());
  fmt::print("{:.4f} bits a byte\n", score.bits_per_byte());
  fmt::print("perplexity {:.3f} a {}", score.perplexity_per_token(), singular_of(kind));
  if (score.words > 0) fmt::print(", {:.4g} a word", score.perplexity_per_word());
  fmt::print("\n{} {} ({} unknown)", score.tokens, plural_of(kind), score.unknown);
  if (score.words > 0) fmt::print(", {} words", score.words);
  fmt::print(", read from the beginning at {:.0f} {} a second\n", score.tokens_per_second(), plural_of(kind));
}

/// One JSON object for each token but the first, in order.
void print_tokens(const text::Vocabulary& vocabulary, const Evaluator& evaluator) {
  const auto& nats = evaluator.nats_of_tokens();
  for (std::size_t i = 0; i < nats.size(); ++i) {
    const std::int32_t id = evaluator.tokens()[i + 1];
    const ordered_json object{{"token", vocabulary.token(id)}, {"id", id}, {"nats", nats[i]}};
    print_line(object);
  }
}

/// One JSON object for each line of the text.
void print_lines(std::string_view content, const text::Vocabulary& vocabulary, const Evaluator& evaluator) {
  for (const text::LineScore& line :
       text::line_scores(content, vocabulary.lengths(content), evaluator.nats_of_tokens())) {
    const ordered_json object{{"line", line.line},
                              {"nats", line.nats},
                              {"tokens", line.tokens},
                              {"bytes", line.bytes},
                              {"nats_per_token", line.nats / static_cast<double>(line.tokens)}};
    print_line(object);
  }
}

}  // namespace

int evaluate(const EvaluateCommand& c) {
  if (int{c.json} + int{c.per_token} + int{c.per_line} > 1)
    throw UserError("say one of --json, --per-token and --per-line");
  sluice::kernels::set_threads(c.threads);
  const Saved saved = open_saved(c.model);
  const Text text = measured_text(c, saved);
  const std::string_view content = part_of(text.content, c.part, saved.plan.train.validation);
  const Model model = saved.model();
  Evaluator evaluator(model, saved.vocabulary, content, c.per_token || c.per_line);
  const text::Score score = evaluator([] { return false; }).value();
  if (c.per_token) {
    print_tokens(saved.vocabulary, evaluator);
  } else if (c.per_line) {
    print_lines(content, saved.vocabulary, evaluator);
  } else if (c.json) {
    print_line(object_of(score));
  } else {
    print_for_people(score, saved.vocabulary.kind());
  }
  return 0;
}

}  // namespace lm
