#pragma once

#include <sluice/graph/trace.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One step of the compiler from Graph to Graph: the same inputs, outputs and Variables written, with the
/// same values but for the order of sums and products and what depends on it (rounding, overflow, underflow,
/// the sign of a sum that is zero), and cheaper to run. A pass is one page with one function, and has one line
/// in passes.cpp, which is the order they run in.
struct Pass {
  std::string_view name;
  std::string_view what;  ///< in a few words
  Graph (*run)(const Graph& graph);
};

/// All passes in the order they run in. A pass that is worth doing again is there twice.
std::span<const Pass> graph_passes();

/// What the lowering of a graph to a Program can be told to leave out: the names that are switches of
/// make_schedule and no passes.
std::span<const std::string_view> lowering_switches();

/// Which passes and lowering switches are on.
class PassSet {
 public:
  static PassSet all() { return PassSet(false, {}); }
  static PassSet none() { return PassSet(true, {}); }
  static PassSet only(std::vector<std::string> names,
                      Location where = Location::current());  ///< throws Error for names that are not there
  static PassSet without(
      std::vector<std::string> names,
      Location where = Location::current());  ///< throws Error for names that are not there
  /// "all", "none", "share,fuse" for only these, or "-share,-fuse" for all but these. Throws Error for
  /// anything else.
  static PassSet parse(std::string_view text, Location where = Location::current());
  /// What the environment variable SLUICE_PASSES says; all where it is not set. Throws Error as parse does.
  static PassSet from_environment(Location where = Location::current());

  bool has(std::string_view name) const;

 private:
  PassSet(bool listed, std::vector<std::string> names) : listed_(listed), names_(std::move(names)) {}

  bool listed_;  // whether names_ are those that are on, or those that are off
  std::vector<std::string> names_;
};

/// What one pass did to a graph.
struct PassReport {
  std::string_view name;
  std::string_view what;
  double milliseconds = 0;
  std::size_t nodes_before = 0;  ///< bodies of scans included
  std::size_t nodes_after = 0;
  std::string before;  ///< the printed graphs, where they were asked for
  std::string after;
};

enum class PassTexts { none, keep };

/// Runs the passes of the set, one after the other; the verifier looks at what each returns. Throws Error
/// naming the pass whose graph is not legal.
Graph optimize(Graph graph, const PassSet& passes, std::vector<PassReport>* reports = nullptr,
               PassTexts texts = PassTexts::none);

/// The reports as a table, one line a pass, with the printed graphs of passes that changed something where
/// they are there.
std::string to_text(const std::vector<PassReport>& reports);

/// The nodes of a graph and of the bodies in it.
std::size_t node_count(const Graph& graph);

}  // namespace sluice
