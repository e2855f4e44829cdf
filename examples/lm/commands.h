#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "settings.h"

namespace lm {

// The four commands. Each returns the exit code of the program: 0, unless it says otherwise; errors are
// thrown.

struct TrainCommand {
  std::string program = "lm";  ///< its name on the command line
  std::string text;            ///< empty: the default text
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
};
/// 130 after a signal to stop, once everything is saved.
int train(TrainCommand command);

struct SampleCommand {
  std::string model;
  std::string prime;
  std::int64_t length = 500;
  double temperature = 1;
  std::int64_t top_k = 0;
  double top_p = 1;
  std::int64_t seed = 1;
  bool stream = false;
  int threads = 0;
};
int sample(const SampleCommand& command);

struct EvaluateCommand {
  std::string model;
  std::string text;
  std::string part = "all";
  bool json = false;
  int threads = 0;
};
int evaluate(const EvaluateCommand& command);

struct InfoCommand {
  std::string model;
  bool json = false;
};
int info(const InfoCommand& command);

}  // namespace lm
