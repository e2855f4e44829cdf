#include <sluice/graph/evaluate.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>

#include "compile/random_functions_run.h"
#include "compile/random_sets.h"

namespace sluice::test {

namespace {

constexpr int calls = 3;

/// What one call gave: results, then the values of all Variables; or what it threw.
struct Outcome {
  std::optional<std::string> error;
  Tensors values;
};
using Outcomes = std::vector<Outcome>;

Tensors constants_of(const std::vector<Variable>& variables) {
  Tensors values;
  for (const Variable& variable : variables) values.push_back(variable.value());
  return values;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::size_t bytes = a.spec().bytes();
  return a.spec() == b.spec() && (bytes == 0 || std::memcmp(a.value().data(), b.value().data(), bytes) == 0);
}

Specs specs_of(const Tensors& tensors) {
  Specs specs;
  for (const Tensor& t : tensors) specs.push_back(t.spec());
  return specs;
}

/// A way to run a function: its world, and what a call does.
class Way {
 public:
  Way(std::string name, const RandomFunction& function, const World::Nudge& nudge = {})
      : name(std::move(name)),
        function_(function),
        world_(function, nudge),
        arguments_(arguments_of(function, nudge)) {}
  virtual ~Way() = default;
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

  Outcomes outcomes() {
    Outcomes all;
    for (int i = 0; i < calls; ++i) all.push_back(outcome(i));
    return all;
  }

  const std::string name;
  /// Whether a call that throws has changed a Variable.
  bool left_half_done() const { return half_done_; }

 protected:
  virtual Tensors call(int number) = 0;

  Tensors traced_values(const Tensors& given) {
    return FunctionRun(function_, world_).run(function_.main, given);
  }

  const RandomFunction& function_;
  World world_;
  const Tensors arguments_;

 private:
  Outcome outcome(int number) {
    const std::vector<Variable> variables = world_.variables();
    const Tensors before = constants_of(variables);
    Outcome result;
    try {
      result.values = call(number);
    } catch (const Error& error) {
      result.error = error.what();
    }
    const Tensors after = constants_of(variables);
    if (result.error.has_value()) {
      for (std::size_t i = 0; i < before.size(); ++i) {
        half_done_ = half_done_ || !same_bits(before[i], after[i]);
        variables[i].set(before[i].value());
      }
    }
    result.values.insert(result.values.end(), after.begin(), after.end());
    return result;
  }

  bool half_done_ = false;
};

class Eager final : public Way {
 public:
  explicit Eager(const RandomFunction& function) : Way("eager", function) {}

 protected:
  Tensors call(int) override { return evaluate(traced_values(arguments_)); }
};

class Interpreted final : public Way {
 public:
  /// `whole`: computes all that an eager call evaluates, also where nobody needs it.
  explicit Interpreted(const RandomFunction& function, bool whole = false, const World::Nudge& nudge = {})
      : Way("traced and interpreted", function, nudge), whole_(whole) {}

 protected:
  Tensors call(int) override {
    const Graph graph = trace(
        [&](const Tensors& given) {
          FunctionRun run(function_, world_);
          if (whole_) run.keep_effects();
          Tensors results = run.run(function_.main, given);
          results.insert(results.end(), run.effects().begin(), run.effects().end());
          return results;
        },
        specs_of(arguments_));
    return evaluate(graph, arguments_);
  }

 private:
  const bool whole_;
};

class CompiledWay final : public Way {
 public:
  CompiledWay(const RandomFunction& function, const NamedSet& set)
      : Way("compiled with SLUICE_PASSES=" + set.name, function),
        compiled_(compile(TensorFunction([this](const Tensors& given) { return traced_values(given); }),
                          {.passes = set.set})) {}
  ~CompiledWay() override { kernels::set_threads(0); }

 protected:
  Tensors call(int number) override {
    if (function_.seed % 4 == 0) kernels::set_threads(1 + number % 2);  // plans anew
    return compiled_(arguments_);
  }

 private:
  Compiled<TensorFunction> compiled_;
};

/// Holds the outcomes of a way to run a function against those of another one.
class Comparison {
 public:
  Comparison(const RandomFunction& function, const Outcomes& expected)
      : function_(function), expected_(expected) {}

  /// Where outcomes differ; empty where they do not.
  std::string operator()(const Outcomes& found) {
    for (int call = 0; call < calls; ++call) {
      const Outcome& e = expected_[static_cast<std::size_t>(call)];
      const Outcome& f = found[static_cast<std::size_t>(call)];
      if (e.error.has_value() != f.error.has_value()) {
        return fmt::format("call {} {}, and should {}", call,
                           f.error.has_value() ? "throws " + *f.error : "throws nothing",
                           e.error.has_value() ? "throw " + *e.error : "not");
      }
      if (e.error.has_value()) continue;
      if (f.values.size() != e.values.size()) return "numbers of results";
      for (std::size_t i = 0; i < e.values.size(); ++i) {
        const std::string why = different(f.values[i], e.values[i], static_cast<std::size_t>(call), i);
        if (why.empty()) continue;
        const std::size_t returned = function_.main.returns.size();
        return fmt::format("call {}, {} {}, {}: {}", call, i < returned ? "result" : "Variable",
                           i < returned ? i : i - returned, e.values[i].spec().text(), why);
      }
    }
    return "";
  }

 private:
  std::string different(const Tensor& found, const Tensor& expected, std::size_t call, std::size_t i) {
    if (found.spec() != expected.spec()) return "specs";
    const double tolerance = function_.dtype == DType::float64 ? 1e-9 : 3e-4;
    double largest = 1;
    for (Index k = 0; k < expected.size(); ++k) {
      const double e = std::abs(expected.value().element(k));
      if (std::isfinite(e)) largest = std::max(largest, e);
    }
    std::string why = elements(found, expected, tolerance * largest);
    if (why.empty()) return why;
    // Where last bits of what goes in matter much, so does the order of sums.
    const double sensitive = 100 * sensitivity(call, i);
    return std::isinf(sensitive) ? "" : elements(found, expected, std::max(tolerance * largest, sensitive));
  }

  static std::string elements(const Tensor& found, const Tensor& expected, double allowed) {
    for (Index k = 0; k < expected.size(); ++k) {
      const double f = found.value().element(k);
      const double e = expected.value().element(k);
      const bool same =
          std::isfinite(e) ? std::abs(f - e) <= allowed : (std::isnan(e) ? std::isnan(f) : f == e);
      if (!same) return fmt::format("element {} is {}, not {}", k, f, e);
    }
    return "";
  }

  /// How far last bits of arguments and Variables move a value; infinity where they change what is finite, or
  /// whether something is thrown.
  double sensitivity(std::size_t call, std::size_t i) {
    for (unsigned way = static_cast<unsigned>(nearby_.size()); way < 4; ++way)
      nearby_.push_back(Interpreted(function_, false, way).outcomes());
    double largest = 0;
    for (const Outcomes& near : nearby_) {
      if (near[call].error.has_value()) return std::numeric_limits<double>::infinity();
      const Tensor& value = near[call].values[i];
      for (Index k = 0; k < value.size(); ++k) {
        const double n = value.value().element(k);
        const double e = expected_[call].values[i].value().element(k);
        if (std::isfinite(n) && std::isfinite(e)) {
          largest = std::max(largest, std::abs(n - e));
        } else if (std::isnan(e) ? !std::isnan(n) : n != e) {
          return std::numeric_limits<double>::infinity();
        }
      }
    }
    return largest;
  }

  const RandomFunction& function_;
  const Outcomes expected_;
  std::vector<Outcomes> nearby_;
};

/// Where an eager call throws and a traced one does not, because nobody needs what cannot be computed, it is
/// left out of the comparison with all that comes after it.
void leave_out_what_only_eager_needs(const RandomFunction& function, Outcomes& expected, Outcomes& eager) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i].error.has_value() || !eager[i].error.has_value()) continue;
    if (!Interpreted(function, true).outcomes()[i].error.has_value()) return;
    for (; i < expected.size(); ++i) expected[i].error = eager[i].error = "left out";
  }
}

}  // namespace

std::string difference(const RandomFunction& function) {
  Interpreted interpreted(function);
  const Outcomes expected = interpreted.outcomes();
  if (interpreted.left_half_done()) return "interpreted: a call that throws has changed a Variable";
  Comparison compare(function, expected);
  for (const NamedSet& set : {NamedSet{"all", PassSet::all()}, set_of(function.seed)}) {
    CompiledWay compiled(function, set);
    const std::string why = compare(compiled.outcomes());
    if (!why.empty()) return compiled.name + ": " + why;
    if (compiled.left_half_done()) return compiled.name + ": a call that throws has changed a Variable";
  }
  Outcomes eagerly = Eager(function).outcomes();
  Outcomes comparable = expected;
  leave_out_what_only_eager_needs(function, comparable, eagerly);
  const std::string why = Comparison(function, comparable)(eagerly);
  return why.empty() ? "" : "eager: " + why;
}

namespace {

/// Calls `visit` with each list of lines, inner ones first, as long as it returns true.
bool for_lists(Block& block, const std::function<bool(std::vector<Line>&)>& visit) {
  for (Line& line : block.lines) {
    if (!for_lists(line.block, visit)) return false;
  }
  return visit(block.lines);
}

/// Drops the first line, from the back, without which there still is a difference.
bool dropped_one(RandomFunction& function, Block& block) {
  return !for_lists(block, [&](std::vector<Line>& lines) {
    for (std::size_t i = lines.size(); i-- > 0;) {
      const Line line = lines[i];
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
      if (!difference(function).empty()) return false;
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i), line);
    }
    return true;
  });
}

bool dropped_result(RandomFunction& function) {
  std::vector<int>& returns = function.main.returns;
  for (std::size_t i = 0; i < returns.size(); ++i) {
    const int number = returns[i];
    returns.erase(returns.begin() + static_cast<std::ptrdiff_t>(i));
    if (!difference(function).empty()) return true;
    returns.insert(returns.begin() + static_cast<std::ptrdiff_t>(i), number);
  }
  return false;
}

}  // namespace

RandomFunction shrunk(RandomFunction function) {
  const auto dropped = [&] {
    if (dropped_result(function) || dropped_one(function, function.main)) return true;
    return std::any_of(function.called.begin(), function.called.end(),
                       [&](Block& block) { return dropped_one(function, block); });
  };
  while (dropped()) {
  }
  return function;
}

}  // namespace sluice::test
