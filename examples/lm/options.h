#pragma once

#include <CLI/CLI.hpp>

#include "commands.h"

namespace lm {

/// All commands of the program.
struct Commands {
  TrainCommand train;
  SampleCommand sample;
  EvaluateCommand evaluate;
  InfoCommand info;
  ExportCommand exported;
  PlotCommand plot;
};

/// Adds the commands with their options, which are read into `commands`.
void add_commands(CLI::App& app, Commands& commands);

}  // namespace lm
