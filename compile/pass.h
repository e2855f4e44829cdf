#pragma once

#include <sluice/graph/trace.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One step of the compiler from Graph to Graph: with the same inputs, outputs and Variables written,
/// equivalent up to reassociation of sums and products and its effects (rounding, overflow, underflow, the
/// sign of a sum that is zero), and cheaper to run. A pass is one function in its own source file, and one
/// line in passes.cpp, which is the order they run in.
struct Pass {
  std::string_view name;
  std::string_view what;  ///< a short description
  Graph (*run)(const Graph& graph);
};

/// All passes in the order they run in. A pass worth repeating is listed twice.
std::span<const Pass> graph_passes();

/// The optimisations of lowering that can be switched off: the names that are switches of make_schedule and
/// not passes.
std::span<const std::string_view> lowering_switches();

/// The set of passes and lowering switches that are on.
class PassSet {
 public:
  static PassSet all() { return PassSet(false, {}); }
  static PassSet none() { return PassSet(true, {}); }
  static PassSet only(std::vector<std::string> names,
                      Location where = Location::current());  ///< throws Error for unknown names
  static PassSet without(std::vector<std::string> names,
                         Location where = Location::current());  ///< throws Error for unknown names
  /// "all", "none", "share,fuse" for only these, or "-share,-fuse" for all but these. Throws Error for
  /// anything else.
  static PassSet parse(std::string_view text, Location where = Location::current());
  /// The set given by the environment variable SLUICE_PASSES; all if it is unset. Throws Error as parse does.
  static PassSet from_environment(Location where = Location::current());

  bool has(std::string_view name) const;

 private:
  PassSet(bool listed, std::vector<std::string> names) : listed_(listed), names_(std::move(names)) {}

  bool listed_;  // whether names_ are the ones switched on, or off
  std::vector<std::string> names_;
};

/// The effect of one pass on a graph.
struct PassReport {
  std::string_view name;
  std::string_view what;
  double milliseconds = 0;
  std::size_t nodes_before = 0;  ///< including bodies of scans
  std::size_t nodes_after = 0;
  std::string before;  ///< the printed graphs, if requested
  std::string after;
  bool changed = true;  ///< false: the graph is the one before
};

enum class PassTexts { none, keep };

/// Replaces ops that are made of others by those (decompose.h), whatever the set, then runs the passes of the
/// set in order and verifies each result. Throws Error naming the pass whose graph is not legal.
Graph optimize(Graph graph, const PassSet& passes, std::vector<PassReport>* reports = nullptr,
               PassTexts texts = PassTexts::none);

/// The reports as a table, one line per pass, with the printed graphs, if present, of passes that changed
/// something; the others are marked as unchanged.
std::string to_text(const std::vector<PassReport>& reports);

/// The number of nodes of a graph, including bodies.
std::size_t node_count(const Graph& graph);

}  // namespace sluice
