// lm: trains a language model on a text, resumes a training, evaluates a model, generates text.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <system_error>
#include <type_traits>

#include "commands.h"
#include "stop_signal.h"

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
const CLI::Validator at_least_0 = whole_number(0, most);
const CLI::Validator at_least_1 = whole_number(1, most);

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

CLI::App* add_train(CLI::App& app, lm::TrainCommand& c) {
  CLI::App* train = app.add_subcommand("train", "train a model on a text, or go on with --resume");
  train->add_option("--text", c.text,
                    "a file, or a folder of text files; without: the sources of this program");
  train->add_option("--out", c.out,
                    "where to save the model; an older model there is replaced. "
                    "Without: the file resumed from, or model.ckpt");
  train->add_option("--resume", c.resume,
                    "go on with the training that this file holds: same text, same settings");
  add_settings(*train, c.budget);
  add_settings(*train, c.model);
  add_settings(*train, c.train);
  add_threads(*train, c.threads);
  train->add_option("--save-every", c.save_every, "steps between saves; epochs and the end are saved anyway")
      ->check(at_least_0);
  train->add_option("--sample-every", c.sample_every, "steps between samples of what it writes; 0: none")
      ->check(at_least_0);
  train->add_option("--sample-length", c.sample_length, "tokens of a sample")
      ->check(at_least_1)
      ->capture_default_str();
  train->add_option("--log", c.log, "write the course of the training to a file NAME.csv or NAME.jsonl");
  train->add_option("--log-every", c.log_every, "steps between lines of the log")
      ->check(at_least_1)
      ->capture_default_str();
  return train;
}

CLI::App* add_sample(CLI::App& app, lm::SampleCommand& c) {
  CLI::App* sample = app.add_subcommand("sample", "let a model write");
  add_model(*sample, c.model);
  sample->add_option("--prime", c.prime, "the text to go on from; without: the beginning of a line");
  sample->add_option("--length", c.length, "tokens to write")->check(at_least_0)->capture_default_str();
  sample
      ->add_option("--temperature", c.temperature,
                   "below 1 more careful, above 1 bolder, 0: always the most likely")
      ->capture_default_str();
  sample->add_option("--top-k", c.top_k, "choose among the k most likely tokens; 0: all")->check(at_least_0);
  sample->add_option("--top-p", c.top_p, "choose among the most likely tokens that reach this probability")
      ->capture_default_str();
  sample->add_option("--seed", c.seed, "another seed, another text")
      ->check(at_least_0)
      ->capture_default_str();
  sample->add_flag("--stream", c.stream, "print as it is written");
  add_threads(*sample, c.threads);
  return sample;
}

CLI::App* add_evaluate(CLI::App& app, lm::EvaluateCommand& c) {
  CLI::App* evaluate = app.add_subcommand("evaluate", "measure how well a model predicts a text");
  add_model(*evaluate, c.model);
  evaluate->add_option("--text", c.text, "a file or a folder; without: the default text of train");
  evaluate
      ->add_option("--part", c.part, "all of the text, or its training or validation part as train splits it")
      ->check(CLI::IsMember({"all", "training", "validation"}))
      ->capture_default_str();
  evaluate->add_flag("--json", c.json,
                     "one JSON object: nats, bits, perplexity, tokens, tokens_per_second, unknown");
  add_threads(*evaluate, c.threads);
  return evaluate;
}

CLI::App* add_info(CLI::App& app, lm::InfoCommand& c) {
  CLI::App* info = app.add_subcommand("info", "say what a checkpoint holds");
  add_model(*info, c.model);
  info->add_flag("--json", c.json, "one JSON object");
  return info;
}

/// The names of the options on the command line, without dashes.
std::vector<std::string> given_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0) names.push_back(option->get_name().substr(2));
  }
  return names;
}

int run(int argc, char** argv) {
  CLI::App app("A recurrent language model: train it on a text, let it write.");
  app.require_subcommand(1);
  lm::TrainCommand train_command;
  lm::SampleCommand sample_command;
  lm::EvaluateCommand evaluate_command;
  lm::InfoCommand info_command;
  const CLI::App* train = add_train(app, train_command);
  const CLI::App* sample = add_sample(app, sample_command);
  const CLI::App* evaluate = add_evaluate(app, evaluate_command);
  add_info(app, info_command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    throw lm::UserError(error.what());
  }
  if (*train) {
    train_command.program = argv[0];
    train_command.given = given_options(*train);
    return lm::train(train_command);
  }
  if (*sample) return lm::sample(sample_command);
  if (*evaluate) return lm::evaluate(evaluate_command);
  return lm::info(info_command);
}

/// Prints a message as one line, whatever it contains.
int fail(std::string message) {
  for (char& c : message) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  std::fprintf(stderr, "lm: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    lm::report_size_limits();
    const int code = run(argc, argv);
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
      // An earlier write may have failed, and its errno is lost.
      const std::string reason = errno == 0 ? "" : " (" + std::generic_category().message(errno) + ")";
      return fail("standard output cannot be written" + reason);
    }
    return code;
  } catch (const std::bad_alloc&) {
    return fail("out of memory: use a smaller model, batch or length");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
