#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace lm {

// The commands. Each returns the exit code of the program: 0, unless it says otherwise; errors are thrown.

struct TrainCommand {
  std::string program = "lm";     ///< its name on the command line
  std::vector<std::string> text;  ///< empty: the default text, or with `resume` that of the training
  std::string out;
  std::string resume;
  int threads = 0;
  std::int64_t save_every = 0;
  std::int64_t sample_every = 0;
  std::int64_t sample_length = 300;
  std::string log;
  std::int64_t log_every = 10;
  ModelSettings model;
  TrainSettings train;
  Budget budget;
  std::vector<std::string> given;  ///< names of the options that were on the command line

  bool is_given(std::string_view option) const {
    return std::find(given.begin(), given.end(), option) != given.end();
  }
};
/// 130 after a signal to stop, once everything is saved.
int train(TrainCommand command);

struct SampleCommand {
  std::string model;
  std::string prime;       ///< with escapes such as \n
  std::string prime_file;  ///< "-": standard input
  std::int64_t length = 500;
  std::int64_t samples = 1;
  double temperature = 1;
  std::int64_t top_k = 0;
  double top_p = 1;
  double min_p = 0;
  double repetition_penalty = 1;
  std::int64_t repetition_window = 64;
  std::vector<std::string> stop;  ///< with escapes
  std::int64_t seed = 1;
  bool stream = false;
  int threads = 0;
};
int sample(const SampleCommand& command);

struct EvaluateCommand {
  std::string model;
  std::vector<std::string> text;  ///< empty: that of the training
  std::string part = "all";
  bool json = false;
  bool per_token = false;
  bool per_line = false;
  int threads = 0;
};
int evaluate(const EvaluateCommand& command);

struct InfoCommand {
  std::string model;
  bool json = false;
  bool vocabulary = false;
};
int info(const InfoCommand& command);

struct ExportCommand {
  std::string model;
  std::string out;
};
int export_model(const ExportCommand& command);

struct PlotCommand {
  std::string log;
  std::string out;
};
int plot(const PlotCommand& command);

}  // namespace lm
