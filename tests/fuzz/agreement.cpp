#include "agreement.h"

#include <sluice/compile/program.h>
#include <sluice/graph/error.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/print.h>
#include <sluice/graph/walk.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>

namespace sluice::fuzz {

namespace {

/// Outputs and Variables after a run, or the text of what it threw.
struct Outcome {
  Tensors values;
  std::optional<std::string> error;
};

Tensors numbers_in(const std::vector<Variable>& variables) {
  Tensors now;
  for (const Variable& variable : variables) now.push_back(variable.value());
  return now;
}

std::vector<Outcome> outcomes(const std::function<Tensors()>& run, const std::vector<Variable>& variables) {
  const Tensors before = numbers_in(variables);
  std::vector<Outcome> found(2);
  for (Outcome& outcome : found) {
    try {
      outcome.values = run();
    } catch (const Error& error) {
      outcome.error = error.what();
    }
    const Tensors after = numbers_in(variables);
    outcome.values.insert(outcome.values.end(), after.begin(), after.end());
  }
  for (std::size_t i = 0; i < before.size(); ++i) variables[i].set(before[i].value());
  return found;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::size_t bytes = a.spec().bytes();
  return bytes == 0 || std::memcmp(a.value().data(), b.value().data(), bytes) == 0;
}

/// Equal, both NaN, or apart by the rounding of the largest number there is.
bool same_but_for_rounding(const Tensor& a, const Tensor& b, double scale) {
  const double tolerance = (a.dtype() == DType::float32 ? 1e-3 : 1e-8) * scale;
  for (Index k = 0; k < a.size(); ++k) {
    const double x = a.value().element(k);
    const double y = b.value().element(k);
    if (!(x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= tolerance)) return false;
  }
  return true;
}

/// The largest number, at least 1; infinite where numbers are so large that rounding may make them infinite.
double scale_of(const Tensors& values) {
  double scale = 1;
  for (const Tensor& value : values) {
    const double most = value.dtype() == DType::float32 ? 1e8 : 1e60;
    for (Index k = 0; k < value.size(); ++k) {
      const double x = std::abs(value.value().element(k));
      if (!(x < most)) return INFINITY;
      scale = std::max(scale, x);
    }
  }
  return scale;
}

void compare(const Outcome& expected, const Outcome& found, Values values, const std::string& graph) {
  if (expected.error.has_value() != found.error.has_value()) {
    report("interpreted: " + expected.error.value_or("no error") +
           "\ncompiled: " + found.error.value_or("no error") + "\n" + graph);
  }
  const double scale = values == Values::rounded ? scale_of(expected.values) : 1;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    const Tensor& a = expected.values[i];
    const Tensor& b = found.values[i];
    if (a.spec() != b.spec()) report("another spec: " + a.spec().text() + " and " + b.spec().text());
    const bool same = values == Values::bits ? same_bits(a, b)
                                             : values == Values::any || same_but_for_rounding(a, b, scale);
    if (!same) report("result " + std::to_string(i) + " differs of\n" + graph);
  }
}

}  // namespace

void report(const std::string& what) {
  std::fprintf(stderr, "FINDING %s\n", what.c_str());
  std::abort();
}

bool is_small(const Graph& graph) {
  constexpr Index most = Index{1} << 18;
  Index elements = 0;
  for (const Node* node : topological_order(graph.results())) {
    for (const Spec& output : node->outputs) {
      // Compared before it is added: sizes are up to 2^48.
      if (output.shape.size() > most) return false;
      if ((elements += output.shape.size()) > most) return false;
    }
    if (node->op->body() != nullptr && !is_small(*node->op->body())) return false;
  }
  return true;
}

void require_agreement(const Graph& graph, const Tensors& arguments, const std::vector<Variable>& variables,
                       const PassSet& passes, Values values) {
  const auto expected = outcomes([&] { return evaluate(graph, arguments); }, variables);
  Program program(graph, passes);
  const auto found = outcomes([&] { return program.run(arguments); }, variables);
  for (std::size_t i = 0; i < expected.size(); ++i) compare(expected[i], found[i], values, to_text(graph));
}

}  // namespace sluice::fuzz
