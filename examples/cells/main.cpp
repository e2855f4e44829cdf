// Cells from papers, a page each, and what each is known for: one of them learns its task.
//
//   cells [--cell mogrifier|sru|qrnn|cfc] [--steps N] [--smoke]

#include "cfc.h"
#include "mogrifier.h"
#include "qrnn.h"
#include "sru.h"
#include "tasks.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

using sl::nn::Recurrent;

struct Lesson {
  std::string text;
  std::shared_ptr<const sl::nn::SequenceLayer> layers;
  sl::Index hidden, outputs;
  double rate;
  bool classes;
  std::function<tasks::Batch(tasks::Sizes, tasks::Draw&)> batch;
  tasks::Sizes sizes;
};

Lesson lesson(const std::string& cell) {
  const sl::Tensor key = sl::random::key(1);
  if (cell == "mogrifier") {
    return {"names brackets of three kinds that close; by chance 0.333 are right",
            std::make_shared<Recurrent<MogrifierCell>>(1, 6, 32, key),
            32,
            6,
            0.02,
            true,
            [](tasks::Sizes sizes, tasks::Draw& draw) { return tasks::brackets(3, 6, sizes, draw); },
            {24, 16}};
  }
  if (cell == "sru") {
    return {"adds two marked numbers among fifty; a guess of 1 has a loss of 0.167",
            std::make_shared<Recurrent<SRUCell>>(2, 2, 16, key),
            16,
            1,
            0.03,
            false,
            tasks::adding,
            {50, 16}};
  }
  if (cell == "qrnn") {
    return {"reads text where two symbols tell the next; its entropy is 0.804",
            std::make_shared<QRNN>(8, 48, key),
            48,
            8,
            0.02,
            true,
            [](tasks::Sizes sizes, tasks::Draw& draw) { return tasks::pairs(8, sizes, draw); },
            {24, 16}};
  }
  return {"follows sines that are looked at now and then; a guess of 0 has a loss of 0.5",
          std::make_shared<Recurrent<CfCCell>>(1, 2, 32, key),
          32,
          1,
          0.01,
          false,
          tasks::sines,
          {20, 16}};
}

/// Trains one cell; whether its loss got better.
bool train(const std::string& cell, int steps) {
  const Lesson to = lesson(cell);
  tasks::Learner learner(to.layers, to.hidden, to.outputs, to.rate);
  tasks::Draw draw(1), other(2);
  const tasks::Batch unseen = to.batch({to.sizes.time, 200}, other);
  fmt::print("{} ({} parameters) {}\n", cell, learner.count(), to.text);
  const double first = learner.loss(unseen);
  for (int i = 0; i <= steps; ++i) {
    if (i % std::max(1, steps / 5) == 0) {
      fmt::print("  step {:4}  loss of unseen sequences {:.4f}", i, learner.loss(unseen));
      fmt::print("{}\n", to.classes ? fmt::format("  accuracy {:.3f}", learner.accuracy(unseen)) : "");
    }
    learner.train(to.batch(to.sizes, draw));
  }
  return learner.loss(unseen) < first;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Cells from papers learn what they are known for");
  const std::vector<std::string> all = {"mogrifier", "sru", "qrnn", "cfc"};
  std::vector<std::string> chosen = all;
  int steps = 500;
  bool smoke = false;
  app.add_option("--cell", chosen, "which: mogrifier, sru, qrnn, cfc; all, if none is named")
      ->check(CLI::IsMember(all));
  app.add_option("--steps", steps, "steps of training")->capture_default_str();
  app.add_flag("--smoke", smoke, "train for a moment only");
  CLI11_PARSE(app, argc, argv);
  try {
    bool better = true;
    for (const std::string& cell : chosen) better = train(cell, smoke ? 20 : steps) && better;
    return better ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "cells: {}\n", error.what());
    return 1;
  }
}
