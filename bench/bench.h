#pragma once
// Shared by the benchmarks: options, timing in turns, and rows of a Markdown table.

#include <sluice/compile/program.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {

/// Options of every program: how many threads, how long, and whether it is only a smoke test.
struct Settings {
  int threads = 1;
  double seconds = 2;  ///< per measurement
  bool smoke = false;
  bool explain = false;

  void add_to(CLI::App& app) {
    app.add_option("--threads", threads, "threads to compute with")->capture_default_str();
    app.add_option("--seconds", seconds, "time for every thing measured")->capture_default_str();
    app.add_flag("--smoke", smoke, "run everything once, in small: the figures mean nothing");
    app.add_flag("--explain", explain,
                 "tell on standard error what the programs do and where their time goes");
  }
};

/// One run of something to measure.
using Work = std::function<void()>;

inline double seconds_of(const Work& work, int runs = 1) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i) work();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  return passed.count() / runs;
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Median seconds per run of each of the works. They take turns, so that other load on the machine slows all
/// of them alike. Runs shorter than a sample are measured many at a time.
inline std::vector<double> medians(const std::vector<Work>& works, const Settings& settings) {
  constexpr double sample = 1e-3, turn = 20e-3;  // seconds
  std::vector<int> runs;
  for (const Work& work : works) {
    seconds_of(work);  // warms up: touches memory, starts threads
    runs.push_back(settings.smoke ? 1 : static_cast<int>(std::clamp(sample / seconds_of(work), 1.0, 1e6)));
  }
  std::vector<std::vector<double>> samples(works.size());
  const std::size_t least = settings.smoke ? 1 : 3;
  double spent = 0;
  for (std::size_t turns = 0; turns < least || (!settings.smoke && spent < settings.seconds); ++turns) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      // OpenMP threads spin for a while: they must be asleep before another one's turn.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      // Brings its memory back into the caches; long runs have more than fits there.
      if (runs[i] > 1) seconds_of(works[i], runs[i]);
      for (double passed = 0; passed < turn; passed += samples[i].back() * runs[i]) {
        samples[i].push_back(seconds_of(works[i], runs[i]));
        spent += samples[i].back() * runs[i] / static_cast<double>(works.size());
        if (settings.smoke) break;
      }
    }
  }
  std::vector<double> result;
  for (const std::vector<double>& of_one : samples) result.push_back(median(of_one));
  return result;
}

/// The peak memory of this process so far, in MiB. (Not getrusage, which includes the parent.)
inline double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

/// Lets another program control the turns: for every line it writes, answers with the median seconds per run,
/// the peak of memory `before` the work existed, and the peak so far.
inline void follow(const Work& work, double before) {
  for (std::string line; std::getline(std::cin, line);) {
    seconds_of(work);
    std::vector<double> samples;
    for (double total = 0; total < 0.1; total += samples.back()) samples.push_back(seconds_of(work));
    fmt::print("{} {} {}\n", median(samples), before, peak_mib());
    std::fflush(stdout);
  }
}

/// For --explain: prints the steps of a program, its passes, and its profile.
inline void explain(sluice::Program& program, const Settings& settings) {
  if (!settings.explain) return;
  program.run();
  fmt::print(stderr, "{}\n{}\n{}\n", program.print(), program.print_passes(), program.profile().text());
}

/// Prints a table as Markdown, each row as soon as it is complete.
class Table {
 public:
  explicit Table(const std::vector<std::string>& columns) {
    row(columns);
    row(std::vector<std::string>(columns.size(), "---"));
  }
  ~Table() { fmt::print("\n"); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void row(const std::vector<std::string>& cells) {
    for (const std::string& cell : cells) fmt::print("| {} ", cell);
    fmt::print("|\n");
    std::fflush(stdout);
  }
};

/// Time with a suitable unit: "1.23 ms".
inline std::string time(double seconds) {
  if (seconds < 1e-6) return fmt::format("{:.0f} ns", seconds * 1e9);
  if (seconds < 1e-3) return fmt::format("{:.2f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

inline std::string ratio(double value) { return fmt::format("{:.2f}", value); }

/// The main of every program: reads the options, sets the threads, and reports errors on one line.
inline int run(int argc, char** argv, CLI::App& app, Settings& settings, const Work& measure) {
  settings.add_to(app);
  CLI11_PARSE(app, argc, argv);
  try {
    sluice::kernels::set_threads(settings.threads);
    measure();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace bench
