// What the lowering makes of a graph, as the printed program tells it; each switch also has a case that it
// leaves alone.

#include "support/catch.h"
#include "support/programs.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

using namespace sluice;
using test::count;
using test::numbers;
using test::printed;

namespace {

/// h = tanh(x W_x + h W_h), all of h.
Tensors recurrence(const Tensors& a) {
  const Carried result = scan(
      [&](const Tensors& c, const Tensors& x) {
        const Tensor h = tanh(matmul(x[0], a[1]) + matmul(c[0], a[2]));
        return Carried{{h}, {h}};
      },
      {zeros({a[0].dim(1), a[2].dim(0)})}, {a[0]});
  return {result.ys[0], result.carry[0]};
}

Tensors recurrence_arguments(Index steps, Index batch) {
  return {numbers({steps, batch, 24}, 1), numbers({24, 32}, 2), numbers({32, 32}, 3) * 0.1};
}

Tensors evaluated(const Tensors& tensors) { return evaluate(tensors); }

}  // namespace

TEST_CASE("slices, reshapes and concats are places in memory, not copies") {
  const TensorFunction function = [](const Tensors& a) {
    const Tensor gates = matmul(a[0], a[1]);
    const Tensor left = tanh(slice(gates, -1, 0, 4));
    const Tensor right = sigmoid(slice(gates, -1, 4, 8));
    return Tensors{matmul(concat({left, right}, -1), a[1]), reshape(left, {2, 6}) * 2};
  };
  const Tensors arguments{numbers({3, 8}, 1), numbers({8, 8}, 2)};
  const std::string with = printed(function, arguments, PassSet::only({"windows", "fuse"}));
  CHECK(count(with, "slice") == 0);
  CHECK(count(with, "concat") == 0);
  const std::string without = printed(function, arguments, PassSet::only({"fuse"}));
  CHECK(count(without, "= slice(") == 2);
  CHECK(count(without, "= concat(") == 1);
}

TEST_CASE("what is needed without gaps is copied, once") {
  const TensorFunction function = [](const Tensors& a) {
    const Tensor part = slice(a[0], -1, 1, 3);  // rows lie apart: cumsum wants them together
    return Tensors{cumsum(part, 0), cumsum(part, 1)};
  };
  const std::string text = printed(function, {numbers({4, 5}, 1)}, PassSet::only({"windows"}));
  CHECK(count(text, "= copy(") == 1);
}

TEST_CASE("elementwise ops of one shape are one kernel, with broadcast operands of any kind") {
  const TensorFunction function = [](const Tensors& a) {
    const Tensor x = a[0];                                                   // [2, 3, 5]
    return Tensors{tanh(x * a[1] + a[2]) * a[3] + a[4] * sigmoid(x) - 0.5};  // rows, columns, leading axes
  };
  const Tensors arguments{numbers({2, 3, 5}, 1), numbers({5}, 2), numbers({3, 1}, 3), numbers({2, 1, 1}, 4),
                          numbers({2, 1, 5}, 5)};
  const std::string fused = printed(function, arguments, PassSet::only({"fuse"}));
  CHECK(count(fused, "= elementwise(") == 1);
  const std::string apart = printed(function, arguments, PassSet::none());
  CHECK(count(apart, "elementwise") == 0);
  CHECK(count(apart, "= tanh(") == 1);
}

TEST_CASE("a group ends where a path leaves it and comes back") {
  const TensorFunction function = [](const Tensors& a) {
    const Tensor x = tanh(a[0]);
    return Tensors{x * matmul(sigmoid(x), a[1])};
  };
  const std::string text =
      printed(function, {numbers({4, 4}, 1), numbers({4, 4}, 2)}, PassSet::only({"fuse"}));
  CHECK(count(text, "= elementwise(") == 2);
}

TEST_CASE("a printed kernel has the shape of what it writes, the bytes of its operands and its operations") {
  const std::string text = printed([](const Tensors& a) { return Tensors{matmul(a[0], a[1])}; },
                                   {numbers({2, 3}, 1), numbers({3, 4}, 2)}, PassSet::all());
  CHECK(count(text, "f32[2, 4], 104 bytes, 48 flops") == 1);
}

TEST_CASE("a wide group runs in several tiles and pieces") {
  const TensorFunction function = [](const Tensors& a) {
    return Tensors{sigmoid(a[0]) * slice(a[1], -1, 3, 1503) + a[2]};
  };
  const Tensors arguments{numbers({301, 1500}, 1), numbers({301, 1600}, 2), numbers({1500}, 3)};
  CHECK(count(printed(function, arguments, PassSet::all()), "= elementwise(") == 1);
}

TEST_CASE("weights that a loop reads at every step are packed, others are not") {
  const Tensors arguments = evaluated(recurrence_arguments(5, 3));
  const std::string packed = printed(recurrence, arguments, PassSet::only({"pack"}));
  CHECK(count(packed, "= product, packed(") == 2);
  CHECK(count(printed(recurrence, arguments, PassSet::only({"windows"})), "packed") == 0);
  CHECK(count(printed(recurrence, evaluated(recurrence_arguments(1, 3)), PassSet::only({"pack"})),
              "packed") == 0);
}

TEST_CASE("threads divide the rows of a loop; any number of them gives the same bits", "[threads]") {
  const Tensors arguments = evaluated(recurrence_arguments(40, 37));
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  const PassSet lowering = PassSet::only({"windows", "fuse", "pack", "rows"});
  Program program(trace(recurrence, specs), lowering);
  std::vector<float> one_thread;
  for (const int threads : {1, 2, 3, 4, 8}) {
    kernels::set_threads(threads);
    const auto values = program.run(arguments)[0].to_vector();  // the program follows the number of threads
    if (one_thread.empty()) one_thread = values;
    CHECK(values == one_thread);
    CHECK(count(program.print(), "rows divided by") == (threads > 1 ? 1u : 0u));
  }
  kernels::set_threads(2);
  Program undivided(trace(recurrence, specs), PassSet::only({"windows", "fuse", "pack"}));
  CHECK(count(undivided.print(), "rows divided by") == 0);
  CHECK(undivided.run(arguments)[0].to_vector() == one_thread);
  kernels::set_threads(0);
}

TEST_CASE("a loop whose steps mix rows is not divided", "[threads]") {
  kernels::set_threads(2);
  const TensorFunction mixing = [](const Tensors& a) {
    const Carried result = scan(
        [&](const Tensors& c, const Tensors& x) {
          return Carried{{tanh(c[0] - sum(c[0], 0, true) * 0.01 + x[0])}, {}};
        },
        {zeros({64, 128})}, {a[0]});
    return result.carry;
  };
  const std::string text = printed(mixing, {numbers({20, 64, 128}, 1)}, PassSet::all());
  CHECK(count(text, "loop") == 1);
  CHECK(count(text, "rows divided by") == 0);
  kernels::set_threads(0);
}

TEST_CASE("a carry whose values are kept is computed where they are kept") {
  // Its values as they come in and as they go out are both wanted: one memory, a step apart.
  for (const bool reverse : {false, true}) {
    const TensorFunction function = [reverse](const Tensors& a) {
      const Carried result = scan(
          [](const Tensors& c, const Tensors& x) {
            const Tensor next = tanh(c[0] * x[0]);
            return Carried{{next}, {c[0], next}};
          },
          {a[1]}, {a[0]}, {-1, reverse});
      return Tensors{result.ys[0] * 2, result.ys[1] * 3, result.carry[0]};
    };
    const Tensors arguments{numbers({6, 3, 4}, 1), numbers({3, 4}, 2)};
    CHECK(count(printed(function, arguments, PassSet::all()), "= copy(") == 0);
    CHECK(count(printed(function, arguments, PassSet::without({"windows"})), "= copy(") > 0);
  }
}

TEST_CASE("a profile has a line for every kernel, with its operations") {
  const Tensors arguments = evaluated(recurrence_arguments(5, 3));
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  Program program(trace(recurrence, specs), PassSet::only({"windows", "fuse", "pack"}));
  const Profile profile = program.profile();
  CHECK(profile.seconds > 0);
  double products = 0;
  for (const Profile::Line& line : profile.lines) {
    if (line.kernel.find("product") == 0) {
      CHECK(line.depth == 1);
      CHECK(line.calls == 5);
      products += line.flops;
    }
  }
  CHECK(products == 2.0 * 5 * 3 * (24 + 32) * 32);
  CHECK_THAT(profile.text(), contains("product, packed") && contains("GFLOP/s") && contains("the run"));
}

TEST_CASE("memory is listed by what it holds, the largest first") {
  const Tensors arguments = evaluated(recurrence_arguments(50, 8));
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  const TensorFunction loss = [](const Tensors& a) { return grad(sum(recurrence(a)[0]), a); };
  const Program program(trace(loss, specs), PassSet::only({"windows", "fuse", "pack"}));
  const std::vector<MemoryUse> uses = program.memory();
  REQUIRE(uses.size() > 3);
  CHECK(uses.front().bytes == 51 * 8 * 32 * sizeof(float));
  CHECK_THAT(uses.front().name, contains("carry at all steps, scan") && contains("lowering_test.cpp:"));
  CHECK(std::is_sorted(uses.begin(), uses.end(),
                       [](const MemoryUse& a, const MemoryUse& b) { return a.bytes > b.bytes; }));
  for (const MemoryUse& use : uses) CHECK(use.offset + use.bytes <= program.arena_bytes());
}

TEST_CASE("what depends only on Variables that are read is computed again when one of them changes") {
  const Variable a(numbers({4, 3}, 1));
  const Variable b(numbers({4, 3}, 2));
  const Variable seen(zeros({}));
  const auto f = compile([&](const Tensor& x) {
    seen.assign(seen + 1);
    return matmul(x, concat({a, tanh(b)}, -1));
  });
  const Tensor x = numbers({2, 4}, 3);
  CHECK_THAT(f.program(x)->print(), contains("when a Variable it reads has changed:"));
  const auto expected = [&] { return evaluate(matmul(x, concat({a, tanh(b)}, -1))).to_vector(); };
  const auto close = [](const std::vector<float>& found, const std::vector<float>& wanted) {
    return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                      [](float p, float q) { return std::abs(p - q) < 1e-5f; });
  };
  CHECK(close(f(x).to_vector(), expected()));
  CHECK(close(f(x).to_vector(), expected()));
  b.assign(b * 2);
  CHECK(close(f(x).to_vector(), expected()));
  const auto grow = compile([&] { a.assign(a + 1); });  // changed by another program
  grow();
  CHECK(close(f(x).to_vector(), expected()));
  CHECK(seen.value().item() == 4);
  // Where all that is read is written too, nothing lasts.
  CHECK_THAT(grow.program()->print(), !contains("when a Variable it reads has changed:"));
}

TEST_CASE("a carry that is affine without a product is a loop of one elementwise kernel, both ways") {
  // As in minGRU: gate and candidate are functions of x alone, so all products are outside of the loop.
  const TensorFunction step = [](const Tensors& a) {
    const auto cell = [&](const Tensors& carry, const Tensors& x) {
      const Tensor z = sigmoid(matmul(x[0], a[1]));
      const Tensor h = (1 - z) * carry[0] + z * matmul(x[0], a[2]);
      return Carried{{h}, {h}};
    };
    const Tensor loss = sum(square(scan(cell, {zeros({6, 8})}, {a[0]}).ys[0]));
    return grad(loss, {a[1], a[2]});
  };
  const Tensors arguments{numbers({9, 6, 5}, 1), numbers({5, 8}, 2), numbers({5, 8}, 3)};
  const std::string text = printed(step, arguments, PassSet::all());
  REQUIRE(count(text, " = loop(") == 2);
  for (std::size_t at = text.find(" = loop("); at != std::string::npos; at = text.find(" = loop(", at + 1)) {
    // What is in the loop stands below it, further to the right; the next kernel ends it.
    const std::string behind = text.substr(text.find('\n', at));
    const std::string body = behind.substr(0, behind.find("\n  %"));
    CHECK(count(body, " = elementwise(") == 1);
    CHECK(count(body, " = product") == 0);
  }
}
