#include "options.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <type_traits>

namespace lm {
namespace {

/// A whole number as it is read by people: the library for options takes 010 for eight, and what is too large
/// for the largest there is.
CLI::Validator whole_number(std::int64_t low, std::int64_t high, const std::string& description) {
  const auto check = [low, high](const std::string& text) -> std::string {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    const bool is_octal = text.size() > 1 && text.front() == '0';
    if (parsed.ptr == end && parsed.ec == std::errc{} && !is_octal && value >= low && value <= high)
      return {};
    return fmt::format("a whole number from {} to {}, digits only: got {}", low, high, text);
  };
  return {check, description};
}
CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  return whole_number(low, high, fmt::format("INT in [{} - {}]", low, high));
}

constexpr std::int64_t most = std::int64_t{1} << 40;
CLI::Validator at_least(std::int64_t low) { return whole_number(low, most); }

/// One option for each setting. All integers among them are counts, or a seed.
template <class Settings>
void add_settings(CLI::App& app, Settings& settings) {
  Settings::each(settings, [&](const char* name, auto& value, const char* help) {
    const std::string option = std::string("--") + name;
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, bool>) {
      app.add_flag(option, value, help);
    } else {
      CLI::Option* added = app.add_option(option, value, help)->capture_default_str();
      if constexpr (std::is_integral_v<T>) added->check(whole_number(0, std::int64_t{1} << 62, ""));
    }
  });
}

void add_threads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "threads to use; 0: one for each CPU")->check(whole_number(0, 1024));
}

void add_model(CLI::App& app, std::string& model) {
  app.add_option("--model", model, "the checkpoint that train wrote")->required();
}

constexpr const char* text_help =
    "files, folders, patterns such as 'books/*.txt', or - for standard input; .gz and UTF-16 are read, too";

void add_train(CLI::App& app, TrainCommand& c) {
  CLI::App* train = app.add_subcommand("train", "train a model on a text, or go on with --resume");
  train->add_option("--text", c.text, std::string(text_help) + "; without: the sources of this program");
  train->add_option("--out", c.out,
                    "where to save the model; an older model there is replaced. "
                    "Without: the file resumed from, or model.ckpt");
  train->add_option("--resume", c.resume,
                    "go on with the training that this file holds. Without other settings: to the same bits; "
                    "a learning rate, schedule, dropout, batch and more may be new, and the text too");
  add_settings(*train, c.budget);
  add_settings(*train, c.model);
  add_settings(*train, c.train);
  add_threads(*train, c.threads);
  train->add_option("--save-every", c.save_every, "steps between saves; epochs and the end are saved anyway")
      ->check(at_least(0));
  train->add_option("--sample-every", c.sample_every, "steps between samples of what it writes; 0: none")
      ->check(at_least(0));
  train->add_option("--sample-length", c.sample_length, "tokens of a sample")
      ->check(at_least(1))
      ->capture_default_str();
  train->add_option("--log", c.log, "write the course of the training to a file NAME.csv or NAME.jsonl");
  train->add_option("--log-every", c.log_every, "steps between lines of the log")
      ->check(at_least(1))
      ->capture_default_str();
}

void add_sample(CLI::App& app, SampleCommand& c) {
  CLI::App* sample = app.add_subcommand("sample", "let a model write");
  add_model(*sample, c.model);
  CLI::Option* prime = sample->add_option(
      "--prime", c.prime, "the text to go on from, \\n a line end; without: the beginning of a line");
  sample->add_option("--prime-file", c.prime_file, "a file to go on from, - for standard input")
      ->excludes(prime);
  sample->add_option("--length", c.length, "tokens to write at most")
      ->check(at_least(0))
      ->capture_default_str();
  sample->add_option("--samples", c.samples, "texts to write, each with the next seed")
      ->check(at_least(1))
      ->capture_default_str();
  sample->add_option("--stop", c.stop, "end where this would be written, \\n a line end; may be said again")
      ->allow_extra_args(false);
  sample
      ->add_option("--temperature", c.temperature,
                   "below 1 more careful, above 1 bolder, 0: always the most likely")
      ->capture_default_str();
  sample->add_option("--top-k", c.top_k, "choose among the k most likely tokens; 0: all")->check(at_least(0));
  sample->add_option("--top-p", c.top_p, "choose among the most likely tokens that reach this probability")
      ->capture_default_str();
  sample
      ->add_option("--min-p", c.min_p,
                   "choose among tokens with at least this share of the most likely one's probability")
      ->capture_default_str();
  sample
      ->add_option("--repetition-penalty", c.repetition_penalty,
                   "above 1: tokens written lately are less likely")
      ->capture_default_str();
  sample->add_option("--repetition-window", c.repetition_window, "what lately means, in tokens; 0: all")
      ->check(at_least(0))
      ->capture_default_str();
  sample->add_option("--seed", c.seed, "another seed, another text")
      ->check(at_least(0))
      ->capture_default_str();
  sample->add_flag("--stream", c.stream, "print as it is written");
  add_threads(*sample, c.threads);
}

void add_evaluate(CLI::App& app, EvaluateCommand& c) {
  CLI::App* evaluate = app.add_subcommand("evaluate", "measure how well a model predicts a text");
  add_model(*evaluate, c.model);
  evaluate->add_option("--text", c.text, std::string(text_help) + "; without: the text of the training");
  evaluate
      ->add_option("--part", c.part, "all of the text, or its training or validation part as train splits it")
      ->check(CLI::IsMember({"all", "training", "validation"}))
      ->capture_default_str();
  evaluate->add_flag("--json", c.json, "one JSON object: the figures, each named with its unit");
  evaluate->add_flag("--per-token", c.per_token, "a JSON object for each token");
  evaluate->add_flag("--per-line", c.per_line, "a JSON object for each line of the text");
  add_threads(*evaluate, c.threads);
}

void add_others(CLI::App& app, Commands& commands) {
  CLI::App* info = app.add_subcommand("info", "say what a checkpoint holds and where its training stands");
  add_model(*info, commands.info.model);
  info->add_flag("--json", commands.info.json, "one JSON object");
  info->add_flag("--list-vocabulary", commands.info.vocabulary, "the tokens and their numbers");

  CLI::App* exported =
      app.add_subcommand("export", "write the model without its training, for passing it on");
  add_model(*exported, commands.exported.model);
  exported->add_option("--out", commands.exported.out, "the file to write")->required();

  CLI::App* plot = app.add_subcommand("plot", "draw the course of a training, with the program gnuplot");
  plot->add_option("log", commands.plot.log, "a log that train --log wrote")->required();
  plot->add_option("-o,--out", commands.plot.out, "NAME.svg, NAME.png or NAME.pdf")->required();
}

}  // namespace

void add_commands(CLI::App& app, Commands& commands) {
  app.require_subcommand(1);
  add_train(app, commands.train);
  add_sample(app, commands.sample);
  add_evaluate(app, commands.evaluate);
  add_others(app, commands);
}

}  // namespace lm
