// Cells made at random: what is compiled must give what the interpreter gives, values and all gradients. A
// failure names the seed; SLUICE_CELL_SEED begins with another one, SLUICE_CELLS makes another number of
// cells.

#include <sluice/compile/pass.h>
#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/kernels/threads.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "compile/random_cells.h"
#include "compile/random_sets.h"
#include "support/catch.h"
#include "support/environment.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Calls check(seed) for as many seeds as are asked for.
template <class F>
void for_cells(unsigned count, const F& check) {
  const unsigned first = from_environment("SLUICE_CELL_SEED", 0);
  const unsigned last = first + from_environment("SLUICE_CELLS", count / share, 1);
  for (unsigned seed = first; seed < last; ++seed) {
    INFO("SLUICE_CELL_SEED=" << seed << " SLUICE_CELLS=1");
    check(seed);
  }
}

Tensors constants_of(const std::vector<Variable>& variables) {
  Tensors values;
  for (const Variable& variable : variables) values.push_back(variable.value());
  return values;
}

/// Results of a run, then what the Variables hold after it, and the same of a second run, which begins with
/// those; at last they get their old values back.
template <class Run>
Tensors outcome(const RandomCell& cell, const Run& run) {
  const Tensors before = constants_of(cell.variables);
  Tensors all;
  for (int runs = cell.variables.empty() ? 1 : 2; runs > 0; --runs) {
    const Tensors results = run();
    all.insert(all.end(), results.begin(), results.end());
    for (const Tensor& value : constants_of(cell.variables)) all.push_back(value);
  }
  for (std::size_t i = 0; i < before.size(); ++i) cell.variables[i].set(before[i].value());
  return all;
}

/// The same on other arguments and values of Variables.
template <class Change, class Run>
Tensors outcome_of(const RandomCell& cell, const Change& change, const Run& run) {
  return outcome(cell, [&] {
    const Tensors values = change(constants_of(cell.variables));
    for (std::size_t i = 0; i < values.size(); ++i) cell.variables[i].set(values[i].value());
    return run(change(cell.arguments));
  });
}

Tensors interpreted(const RandomCell& cell) {
  return outcome(cell, [&] { return evaluate(cell.graph, cell.arguments); });
}

/// After a run on NaN alone, so that nothing of an earlier run, or of memory that was never written, is
/// taken.
Tensors compiled(const RandomCell& cell, const PassSet& passes) {
  Program program(cell.graph, passes);
  outcome_of(cell, all_nan, [&](const Tensors& nan) { return program.run(nan); });
  return outcome(cell, [&] { return program.run(cell.arguments); });
}

double largest_of(const Tensor& t) {
  double largest = 0;
  for (Index k = 0; k < t.size(); ++k) {
    const double e = std::abs(t.value().element(k));
    if (std::isfinite(e)) largest = std::max(largest, e);
  }
  return largest;
}

/// Where two values differ by more than `allowed`, or in what is not finite; empty where they do not.
std::string difference(const Tensor& got, const Tensor& expected, double allowed) {
  if (got.spec() != expected.spec()) return "specs";
  for (Index k = 0; k < got.size(); ++k) {
    const double g = got.value().element(k);
    const double e = expected.value().element(k);
    const bool same =
        std::isfinite(e) ? std::abs(g - e) <= allowed : (std::isnan(e) ? std::isnan(g) : g == e);
    if (!same)
      return "element " + std::to_string(k) + " is " + std::to_string(g) + ", not " + std::to_string(e);
  }
  return "";
}

/// What the interpreter says, and how far a program may be from it.
class Oracle {
 public:
  Oracle(const RandomCell& cell, double tolerance)
      : cell_(cell), tolerance_(tolerance), expected_(interpreted(cell)) {}

  void require(const Tensors& got) {
    REQUIRE(got.size() == expected_.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double allowed = tolerance_ * std::max(1.0, largest_of(expected_[i]));
      if (difference(got[i], expected_[i], allowed).empty()) continue;
      // Some cells are chaotic, or divide what should be nothing: then last bits of arguments matter as much.
      const double sensitive = 100 * sensitivity(i);
      const std::string why = difference(got[i], expected_[i], std::max(allowed, sensitive));
      if (why.empty() || std::isinf(sensitive)) continue;
      INFO("result " << i << " of " << got.size() << ", " << got[i].spec().text());
      FAIL(why);
    }
  }

 private:
  /// How far last bits of arguments move a result; infinity where they change what of it is finite.
  double sensitivity(std::size_t i) {
    for (unsigned way = 0; nearby_.size() < 4; ++way) {
      const auto change = [way](const Tensors& arguments) { return nudged(arguments, way); };
      nearby_.push_back(
          outcome_of(cell_, change, [&](const Tensors& near) { return evaluate(cell_.graph, near); }));
    }
    double largest = 0;
    for (const Tensors& near : nearby_) {
      for (Index k = 0; k < near[i].size(); ++k) {
        const double n = near[i].value().element(k);
        const double e = expected_[i].value().element(k);
        if (std::isfinite(n) && std::isfinite(e)) {
          largest = std::max(largest, std::abs(n - e));
        } else if (std::isnan(e) ? !std::isnan(n) : n != e) {
          return std::numeric_limits<double>::infinity();
        }
      }
    }
    return largest;
  }

  const RandomCell& cell_;
  double tolerance_;
  Tensors expected_;
  std::vector<Tensors> nearby_;
};

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::size_t bytes = a.spec().bytes();
  return a.spec() == b.spec() && (bytes == 0 || std::memcmp(a.value().data(), b.value().data(), bytes) == 0);
}

/// Compiles with all passes, and with one of the other sets.
void check_cell(const RandomCell& cell, unsigned seed, double tolerance) {
  Oracle oracle(cell, tolerance);
  {
    INFO("all passes");
    oracle.require(compiled(cell, PassSet::all()));
  }
  const NamedSet other = set_of(seed);
  INFO("SLUICE_PASSES=" << other.name);
  oracle.require(compiled(cell, other.set));
}

}  // namespace

TEST_CASE("random cells: compiled as interpreted") {
  for_cells(10000, [](unsigned seed) {
    CellPlan plan;
    plan.seed = seed;
    check_cell(random_cell(plan), seed, 1e-10);
  });
}

TEST_CASE("random cells in float32") {
  for_cells(1000, [](unsigned seed) {
    CellPlan plan;
    plan.seed = seed;
    plan.dtype = DType::float32;
    check_cell(random_cell(plan), seed, 2e-4);
  });
}

TEST_CASE("random cells: NaN and infinity come out where they do interpreted") {
  for_cells(1000, [](unsigned seed) {
    CellPlan plan;
    plan.seed = seed;
    RandomCell cell = random_cell(plan);
    spoil(cell, seed);
    check_cell(cell, seed, 1e-10);
  });
}

TEST_CASE("random cells that fail change no Variable, and run again") {
  unsigned failed = 0;
  for_cells(1500, [&](unsigned seed) {
    CellPlan plan;
    plan.seed = seed;
    RandomCell cell = random_cell(plan);
    const Tensors right = cell.arguments;
    if (!spoil_ids(cell, seed)) return;
    const auto fails = [&](const auto& run) {
      try {
        run();
      } catch (const Error&) {
        return true;
      }
      return false;
    };
    const Tensors before = constants_of(cell.variables);
    Program program(cell.graph, PassSet::all());
    if (!fails([&] { program.run(cell.arguments); })) return;  // nobody needs what the ids choose
    ++failed;
    const Tensors after = constants_of(cell.variables);
    REQUIRE(std::equal(before.begin(), before.end(), after.begin(), after.end(), same_bits));
    cell.arguments = right;
    Oracle(cell, 1e-10).require(outcome(cell, [&] { return program.run(cell.arguments); }));
  });
  INFO("runs that failed, with all seeds");
  CHECK((failed > 0 || std::getenv("SLUICE_CELLS") != nullptr));
}

TEST_CASE("larger random cells: as interpreted, and the same bits for any number of threads", "[threads]") {
  std::vector<Tensors> on_one_thread;
  for (const int threads : {1, 2, 3, 4, 8}) {
    kernels::set_threads(threads);
    std::size_t at = 0;
    for_cells(150, [&](unsigned seed) {
      INFO(threads << " threads");
      CellPlan plan;
      plan.seed = seed;
      plan.dtype = seed % 2 == 0 ? DType::float32 : DType::float64;
      plan.most_rows = 40;
      plan.most_steps = 20;
      plan.most_width = 60;
      const RandomCell cell = random_cell(plan);
      const Tensors values = compiled(cell, PassSet::all());
      if (threads == 1) {
        Oracle(cell, seed % 2 == 0 ? 2e-4 : 1e-10).require(values);
        on_one_thread.push_back(values);
      }
      const Tensors& expected = on_one_thread[at++];
      REQUIRE(std::equal(values.begin(), values.end(), expected.begin(), expected.end(), same_bits));
    });
  }
  kernels::set_threads(0);
}
