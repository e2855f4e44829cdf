// Random programs of many ops, nested scans and Variables: without passes the compiled form must give the
// interpreter's bits, with passes the same values, and a scan the values and derivatives of the loop that
// defines it. A failure names the seed that makes it again.

#include "support/catch.h"

#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace sluice;

namespace {

constexpr auto f64 = DType::float64;

Tensor numbers(const Shape& shape, double seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(seed + 1.7 * static_cast<double>(i));
  return tensor(values, shape);
}

Tensor adapted(const Tensor& t, const Shape& shape) {
  return t.shape() == shape ? t : broadcast_to(sum(t) * 0.25, shape);
}

/// The loop that defines scan, in a graph without one.
Carried unrolled(const ScanBody& body, Tensors carry, const Tensors& xs, Index length, bool reverse) {
  std::vector<Tensors> steps(static_cast<std::size_t>(length));
  for (Index i = 0; i < length; ++i) {
    const Index t = reverse ? length - 1 - i : i;
    Tensors x;
    for (const Tensor& all : xs) x.push_back(squeeze(slice(all, 0, t, t + 1), 0));
    Carried step = body(carry, x);
    carry = step.carry;
    steps[static_cast<std::size_t>(t)] = step.ys;
  }
  Carried result{carry, {}};
  for (std::size_t i = 0; i < steps.front().size(); ++i) {
    Tensors over_time;
    for (const Tensors& step : steps) over_time.push_back(step[i]);
    result.ys.push_back(stack(over_time, 0));
  }
  return result;
}

enum class Loops { scanned, unrolled };

/// Writes programs: every step adds what it computes to a pool of tensors that later steps pick from.
class Author {
 public:
  Author(unsigned seed, Loops loops) : random_(seed), loops_(loops) {}

  std::size_t below(std::size_t n) { return random_() % n; }

  const Tensor& pick(const Tensors& pool) {
    const std::size_t recent = std::min<std::size_t>(pool.size(), 3);  // half of the time, for depth
    return pool[below(2) == 0 ? below(pool.size()) : pool.size() - 1 - below(recent)];
  }

  /// Something of this shape; where the pool has one, mostly that itself.
  Tensor like(const Tensors& pool, const Shape& shape) {
    Tensors same;
    std::copy_if(pool.begin(), pool.end(), std::back_inserter(same),
                 [&](const Tensor& t) { return t.shape() == shape; });
    return !same.empty() && below(4) != 0 ? pick(same) : adapted(pick(pool), shape);
  }

  void grow(Tensors& pool, std::size_t steps, int depth) {
    for (std::size_t i = 0; i < steps; ++i) {
      const Tensor x = pick(pool);
      const std::size_t choice = below(depth > 0 ? 12 : 10);
      if (choice >= 10) {
        add_scan(pool, depth - 1);
      } else {
        pool.push_back(x.size() > 48 ? sum(x) : computed(x, pick(pool), choice));
      }
    }
  }

 private:
  Tensor computed(const Tensor& given, const Tensor& other, std::size_t choice) {
    const Tensor x = given.rank() == 0 && choice >= 4 ? reshape(given, {1, 1}) : given;
    const auto axis = static_cast<Index>(below(static_cast<std::size_t>(std::max<Index>(x.rank(), 1))));
    switch (choice) {
      case 0:
        return tanh(x);
      case 1:
        return x * adapted(other, x.shape());
      case 2:
        return x - sum(other) * 0.1;
      case 3:
        return where(x < 0.2, x, adapted(other, x.shape()));
      case 4:
        return matmul(x, x.rank() == 1 ? x : tanh(x), {false, x.rank() > 1});
      case 5:
        return sum(x, axis);
      case 6:
        return concat({x, -x, x}, axis);
      case 7:
        return slice(x, axis, static_cast<Index>(below(2)), Range::to_end, 2);  // may be empty
      case 8:
        return x.rank() == 1 ? reshape(x, {1, x.size()}) : transpose(x);
      default:
        return cumsum(x, axis);
    }
  }

  void add_scan(Tensors& pool, int depth) {
    const auto length = static_cast<Index>(1 + below(3));
    const bool reverse = below(2) == 0;
    Tensors carry{full({}, 3, DType::int32)};
    for (std::size_t n = below(4); n > 0; --n) carry.push_back(like(pool, pick(pool).shape()));
    Tensors xs;
    for (std::size_t n = below(3); n > 0; --n) {
      const Tensor& x = pick(pool);
      xs.push_back(broadcast_to(x, x.shape().inserted(0, length)) *
                   numbers(x.shape().inserted(0, length), 6));
    }
    const auto seed = static_cast<unsigned>(random_());
    const ScanBody body = [&, outside = pool](const Tensors& c, const Tensors& x) {
      Author author(seed, loops_);
      Tensors inside{cast(c[0], f64) * 0.1, author.pick(outside)};
      inside.insert(inside.end(), x.begin(), x.end());
      inside.insert(inside.end(), c.begin() + 1, c.end());
      author.grow(inside, 1 + author.below(6), depth);
      Carried step{{c[0] + 1}, {}};
      for (std::size_t i = 1; i < c.size(); ++i) step.carry.push_back(author.like(inside, c[i].shape()));
      for (std::size_t n = author.below(3); n > 0; --n) step.ys.push_back(author.pick(inside));
      return step;
    };
    Carried result = loops_ == Loops::unrolled ? unrolled(body, carry, xs, length, reverse)
                                               : scan(body, carry, xs, {length, reverse});
    result.carry[0] = cast(result.carry[0], f64);
    pool.insert(pool.end(), result.carry.begin(), result.carry.end());
    for (const Tensor& y : result.ys) pool.push_back(y.rank() > 3 ? sum(y) : y);
  }

  std::mt19937 random_;
  Loops loops_;
};

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::size_t bytes = a.spec().bytes();
  return a.spec() == b.spec() && (bytes == 0 || std::memcmp(a.value().data(), b.value().data(), bytes) == 0);
}

/// The same but for the order of sums, relative to the largest element.
bool near(const Tensor& a, const Tensor& b) {
  if (a.spec() != b.spec()) return false;
  double scale = 1;
  for (Index k = 0; k < b.size(); ++k) scale = std::max(scale, std::abs(b.value().element(k)));
  for (Index k = 0; k < b.size(); ++k) {
    const double x = a.value().element(k);
    const double y = b.value().element(k);
    if (!(x == y || std::abs(x - y) <= 1e-9 * scale || (std::isnan(x) && std::isnan(y)))) return false;
  }
  return true;
}

const Tensors arguments{numbers({2, 3}, 1), numbers({4, 2}, 2), numbers({}, 3)};
const Specs specs{arguments[0].spec(), arguments[1].spec(), arguments[2].spec()};

}  // namespace

TEST_CASE("random programs with Variables compute what the interpreter does, run after run") {
  const bool with_passes = GENERATE(false, true);
  for (unsigned seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    std::vector<Variable> variables;
    for (const Shape& shape : {Shape{2, 3}, Shape{2, 3}, Shape{3}, Shape{}})
      variables.emplace_back(numbers(shape, static_cast<double>(variables.size())));
    const auto values = [&] {
      Tensors now;
      for (const Variable& variable : variables) now.push_back(variable.value());
      return now;
    };
    const Graph graph = trace(
        [&](const Tensors& inputs) {
          Author author(seed, Loops::scanned);
          Tensors pool = inputs;
          pool.insert(pool.end(), variables.begin(), variables.end());
          for (int part = 0; part < 4; ++part) {
            author.grow(pool, author.below(6), 2);
            const Variable& variable = variables[author.below(variables.size())];
            variable.assign(author.like(pool, variable.shape()));
            pool.push_back(variable);
          }
          Tensors outputs;
          for (int i = 0; i < 5; ++i) outputs.push_back(author.pick(pool));
          return outputs;
        },
        specs);
    Program program(graph, with_passes ? PassSet::all() : PassSet::none());
    for (int round = 0; round < 3; ++round) {
      const Tensors before = values();
      Tensors expected = evaluate(graph, arguments);
      for (const Tensor& value : values()) expected.push_back(value);
      for (std::size_t i = 0; i < before.size(); ++i) variables[i].set(before[i].value());
      Tensors found = program.run(arguments);
      for (const Tensor& value : values()) found.push_back(value);
      REQUIRE(std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                         with_passes ? near : same_bits));
    }
  }
}

TEST_CASE("random programs with scans have the derivatives of their loops, twice") {
  for (unsigned seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    const auto traced = [&](Loops loops) {
      return trace(
          [&](const Tensors& inputs) {
            Author author(seed, loops);
            Tensors pool = inputs;
            author.grow(pool, 3 + author.below(8), 2);
            const auto weighed = [](const Tensors& tensors) {
              Tensor total = full({}, 0, f64);
              for (const Tensor& t : tensors) total = total + sum(tanh(t) * numbers(t.shape(), 4));
              return total;
            };
            Tensors results{weighed(pool)};
            const Tensors first = grad(results[0], inputs);
            const Tensors second = grad(weighed(first), inputs);
            results.insert(results.end(), first.begin(), first.end());
            results.insert(results.end(), second.begin(), second.end());
            return results;
          },
          specs);
    };
    const Graph scanned = traced(Loops::scanned);
    const Tensors values = evaluate(scanned, arguments);
    const Tensors compiled = Program(scanned, PassSet::none()).run(arguments);
    const Tensors passed = Program(scanned, PassSet::all()).run(arguments);
    const Tensors expected = evaluate(traced(Loops::unrolled), arguments);
    REQUIRE(std::equal(compiled.begin(), compiled.end(), values.begin(), values.end(), same_bits));
    REQUIRE(std::equal(passed.begin(), passed.end(), values.begin(), values.end(), near));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      for (Index k = 0; k < expected[i].size(); ++k) {
        REQUIRE(values[i].value().element(k) ==
                Approx(expected[i].value().element(k)).epsilon(1e-9).margin(1e-9));
      }
    }
  }
}
