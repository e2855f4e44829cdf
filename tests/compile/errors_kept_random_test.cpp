// Random programs of ops that may throw, in straight lines and in loops with carries and inputs that are of
// no use: compiled, they throw where the interpreter throws, and compute what it computes.

#include "support/catch.h"
#include "support/environment.h"

#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/tanh.h>

#include <cmath>
#include <random>

using namespace sluice;

namespace {

constexpr Index width = 4;

/// Of an author; says nothing about whether it may throw.
struct Below final : Elementwise<Below, 1> {
  static constexpr std::string_view id = "below";
  static auto value(auto x) {
    if (x > 40) throw Error("[below] got a number above 40");
    return x;
  }
  bool only_moves() const override { return true; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
};

/// Builds one program from a seed: floats and ids of `width` elements that are made of each other.
class Author {
 public:
  explicit Author(std::uint32_t seed) : random_(seed) {}

  Tensors write(const Tensors& arguments) {
    floats_ = {arguments[0], arguments[1]};
    ints_ = {arguments[2], arguments[3]};
    grow(6);
    Tensors results{any(floats_)};
    if (coin()) results.push_back(any(ints_));
    if (coin()) results.push_back(any(floats_));
    return results;
  }

 private:
  Index below(Index n) { return static_cast<Index>(random_() % static_cast<std::uint32_t>(n)); }
  bool coin() { return below(2) == 0; }
  Tensor any(const Tensors& pool) {
    return pool[static_cast<std::size_t>(below(static_cast<Index>(pool.size())))];
  }

  void grow(int ops) {
    for (int i = 0; i < ops; ++i) {
      if (depth_ < 2 && below(5) == 0) {
        loop();
      } else if (coin()) {
        floats_.push_back(next_float());
      } else {
        ints_.push_back(next_int());
      }
    }
  }

  Tensor next_float() {
    const Tensor a = any(floats_);
    const Tensor b = any(floats_);
    const Tensor i = any(ints_);
    switch (below(9)) {
      case 0:
        return a + b;
      case 1:
        return tanh(a);
      case 2:
        return take(a, i);
      case 3:
        return a + sum(scatter_sum(i, b, 0, 3 + below(4)), 0);
      case 4: {
        const Index begin = below(width + 1);
        return slice(concat({a, take(b, i)}, 0), 0, begin, begin + width);
      }
      case 5:
        return concat({slice(a, 0, 0, 2), slice(take(b, i), 0, 1, 1), slice(a, 0, 2, width)}, 0);
      case 6:
        return make<Below>(a) + b;
      case 7:
        return grad(sum(tanh(take_along_axis(a, i, 0))), a) + b;
      default:
        return sum(slice(stack({a, make<Below>(b)}, 0), 0, 0, 1), 0);
    }
  }

  Tensor next_int() {
    const Tensor i = any(ints_);
    const Tensor j = any(ints_);
    switch (below(5)) {
      case 0:
        return i / j;
      case 1:
        return maximum(i, j);
      case 2:
        return take(i, j);
      case 3:
        return slice(concat({i, i / j}, 0), 0, 0, width);
      default:
        return i + 0;
    }
  }

  /// A loop of which only some results are used.
  void loop() {
    const Tensors floats = floats_;
    const Tensors ints = ints_;
    const Tensors carry{any(floats), any(ints), any(floats)};
    const Tensors xs{stack({any(floats), any(floats)}, 0), stack({any(ints), take(any(ints), any(ints))}, 0)};
    ++depth_;
    const Carried out = scan(
        [&](const Tensors& c, const Tensors& x) {
          floats_ = {c[0], c[2], x[0], any(floats)};
          ints_ = {c[1], x[1], any(ints)};
          grow(3);
          return Carried{{any(floats_), any(ints_), coin() ? c[2] : any(floats_)},
                         {any(floats_), x[0], any(ints_)}};
        },
        carry, xs, {.length = -1, .reverse = coin()});
    --depth_;
    floats_ = floats;
    ints_ = ints;
    if (coin()) floats_.push_back(out.carry[0]);
    if (below(4) == 0) ints_.push_back(out.carry[1]);
    if (coin()) floats_.push_back(sum(out.ys[0], 0));
    if (coin()) floats_.push_back(sum(slice(out.ys[1], 0, 0, 1), 0));
    if (below(4) == 0) ints_.push_back(sum(out.ys[2], 0));
  }

  std::mt19937 random_;
  Tensors floats_;
  Tensors ints_;
  int depth_ = 0;
};

struct Outcome {
  bool thrown = false;
  Tensors values;
};

template <class F>
Outcome outcome(const F& f) {
  try {
    return {false, f()};
  } catch (const Error&) {
    return {true, {}};
  }
}

/// Some passes, drawn one by one.
PassSet some_passes(std::mt19937& random) {
  std::vector<std::string> names;
  for (const Pass& pass : graph_passes()) {
    if (random() % 3 == 0) names.emplace_back(pass.name);
  }
  return PassSet::without(names);
}

bool alike(const Outcome& a, const Outcome& b) {
  if (a.thrown != b.thrown) return false;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    for (Index k = 0; k < a.values[i].size(); ++k) {
      const double x = a.values[i].value().element(k);
      const double y = b.values[i].value().element(k);
      if (!(std::abs(x - y) <= 1e-4 * (1 + std::abs(x)))) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("random programs of ops that may throw throw compiled where they throw interpreted") {
  const unsigned programs = test::from_environment("SLUICE_THROWING_PROGRAMS", 1500, 1);
  const unsigned first = test::from_environment("SLUICE_THROWING_SEED", 1);
  Index thrown = 0;
  Index run = 0;
  for (std::uint32_t seed = first; seed < first + programs; ++seed) {
    CAPTURE(seed);
    const Spec numbers{DType::float32, {width}};
    const Spec whole{DType::int32, {width}};
    const Graph graph =
        trace([&](const Tensors& x) { return Author(seed).write(x); }, {numbers, numbers, whole, whole});
    std::mt19937 random(seed);
    Program programs_of[] = {Program(graph, PassSet::all()), Program(graph, some_passes(random))};
    for (int arguments = 0; arguments < 3; ++arguments) {
      std::vector<float> x;
      std::vector<std::int32_t> ids;
      for (Index i = 0; i < 2 * width; ++i) {
        x.push_back(static_cast<float>(random() % 1000) / 500.f);
        // Mostly good ones, so that one bad one decides.
        ids.push_back(random() % 16 == 0 ? static_cast<std::int32_t>(random() % 9) - 3
                                         : 1 + static_cast<std::int32_t>(random() % 3));
      }
      const auto part = [&](const auto& of, Index begin) {
        return std::vector(of.begin() + begin, of.begin() + begin + width);
      };
      const Tensors given{tensor(part(x, 0), {width}), tensor(part(x, width), {width}),
                          tensor(part(ids, 0), {width}), tensor(part(ids, width), {width})};
      const Outcome expected = outcome([&] { return evaluate(graph, given); });
      (expected.thrown ? thrown : run) += 1;
      for (Program& program : programs_of) {
        const Outcome found = outcome([&] { return program.run(given); });
        CAPTURE(expected.thrown, found.thrown);
        CHECK(alike(expected, found));
      }
    }
  }
  // Both kinds are tried.
  CHECK(thrown > programs / 4);
  CHECK(run > programs / 4);
}
