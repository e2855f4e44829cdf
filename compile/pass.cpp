#include <sluice/compile/decompose.h>
#include <sluice/compile/pass.h>
#include <sluice/graph/print.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace sluice {

namespace {

void require_known(const std::vector<std::string>& names) {
  std::vector<std::string_view> known;
  for (const Pass& pass : graph_passes()) {
    if (std::find(known.begin(), known.end(), pass.name) == known.end()) known.push_back(pass.name);
  }
  known.insert(known.end(), lowering_switches().begin(), lowering_switches().end());
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(fmt::format("[passes] a pass must be one of {}: got '{}'; correct the name",
                            fmt::join(known, ", "), name));
  }
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

PassSet PassSet::only(std::vector<std::string> names, Location where) {
  const detail::Call call(where);
  require_known(names);
  return PassSet(true, std::move(names));
}

PassSet PassSet::without(std::vector<std::string> names, Location where) {
  const detail::Call call(where);
  require_known(names);
  return PassSet(false, std::move(names));
}

PassSet PassSet::parse(std::string_view text, Location where) {
  const detail::Call call(where);
  if (text.empty() || text == "all") return all();
  if (text == "none") return none();
  std::vector<std::string> names = parts_of(text);
  const auto is_off = [](const std::string& name) { return name.starts_with('-'); };
  if (!is_off(names.front())) return only(std::move(names));
  for (std::string& name : names) {
    if (!is_off(name)) {
      throw Error(fmt::format(
          "[passes] either all names have a '-' in front, or none has one: got '{}'; \"-a,-b\" is all but a "
          "and b, \"a,b\" is a and b only",
          text));
    }
    name.erase(0, 1);
  }
  return without(std::move(names));
}

PassSet PassSet::from_environment(Location where) {
  const detail::Call call(where);
  const char* text = std::getenv("SLUICE_PASSES");
  if (text == nullptr) return all();
  try {
    return parse(text, Location{});
  } catch (Error& error) {
    error.add(fmt::format("; the environment variable SLUICE_PASSES is '{}'; set it to \"all\", or unset it",
                          text));
    throw;
  }
}

bool PassSet::has(std::string_view name) const {
  return (std::find(names_.begin(), names_.end(), name) != names_.end()) == listed_;
}

std::size_t node_count(const Graph& graph) {
  std::size_t count = 0;
  for (const Node* node : topological_order(graph.results())) {
    count += 1 + (node->op->body() != nullptr ? node_count(*node->op->body()) : 0);
  }
  return count;
}

namespace {

/// Whether a pass changed nothing.
bool is_same(const Graph& a, const Graph& b) {
  const Tensors before = a.results();
  const Tensors after = b.results();
  return std::equal(before.begin(), before.end(), after.begin(), after.end(),
                    [](const Tensor& x, const Tensor& y) { return x.is(y); });
}

}  // namespace

Graph optimize(Graph graph, const PassSet& passes, std::vector<PassReport>* reports, PassTexts texts) {
  using Clock = std::chrono::steady_clock;
  graph = decompose(graph);
  std::size_t nodes = reports == nullptr ? 0 : node_count(graph);
  for (const Pass& pass : graph_passes()) {
    if (!passes.has(pass.name)) continue;
    const auto begin = Clock::now();
    Graph after = pass.run(graph);
    const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
    const bool same = is_same(graph, after);
    try {
      if (!same) verify(after);
    } catch (Error& error) {
      error.add(fmt::format("; after the pass '{}'", pass.name));
      throw;
    }
    if (reports != nullptr) {
      const std::size_t left = same ? nodes : node_count(after);
      reports->push_back({pass.name, pass.what, taken.count(), nodes, left, {}, {}, !same});
      nodes = left;
      if (texts == PassTexts::keep) {
        reports->back().before = to_text(graph);
        reports->back().after = to_text(after);
      }
    }
    graph = std::move(after);
  }
  return graph;
}

std::string to_text(const std::vector<PassReport>& reports) {
  std::string text;
  double total = 0;
  for (const PassReport& report : reports) {
    total += report.milliseconds;
    const std::string nodes =
        report.changed ? fmt::format("{:>6} -> {:>6} nodes", report.nodes_before, report.nodes_after)
                       : fmt::format("unchanged {:>6} nodes", report.nodes_after);
    text += fmt::format("{:<20} {:>8.3f} ms  {}  {}\n", report.name, report.milliseconds, nodes, report.what);
    if (report.before != report.after)
      text += fmt::format("before:\n{}after:\n{}", report.before, report.after);
  }
  return text + fmt::format("{:<20} {:>8.3f} ms\n", "all passes", total);
}

}  // namespace sluice
