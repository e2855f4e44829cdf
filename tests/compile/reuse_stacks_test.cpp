// What a loop stacks lies over what it reads for the last time, and nowhere where something is still to be
// read.

#include "support/catch.h"
#include "support/programs.h"

#include <sluice/compile/shared_memory.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

using namespace sluice;
using test::count;
using test::numbers;
using test::printed;

namespace {

const PassSet reuse = PassSet::only({"windows", "fuse", "reuse"});

/// What the first loop of a printed program writes: parts, "%12[+16]", are in the memory of something else.
std::string written_by_loop(const std::string& program) {
  const std::size_t end = program.find(" = loop(");
  REQUIRE(end != std::string::npos);
  return program.substr(program.rfind('\n', end) + 1, end - program.rfind('\n', end) - 1);
}

/// A scan over xs whose carry takes no part of x.
Tensors scanned(const Tensor& xs, const std::function<Tensors(const Tensor& x, const Tensor& mean)>& step) {
  return scan(
             [&](const Tensors& carry, const Tensors& x) {
               return Carried{{carry[0] * 0.5 + 0.25}, step(x[0], carry[0])};
             },
             {zeros({xs.dim(1), 1})}, {xs})
      .ys;
}

}  // namespace

TEST_CASE("an output of a loop lies over the input that it is computed from") {
  const TensorFunction function = [](const Tensors& a) {
    const Tensor x = cumsum(a[0], 0);
    return Tensors{
        sum(scanned(x, [](const Tensor& t, const Tensor& mean) { return Tensors{tanh(t - mean)}; })[0])};
  };
  const Tensors arguments{numbers({5, 3, 8}, 1)};
  CHECK(count(written_by_loop(printed(function, arguments, reuse)), "[+0]") == 1);
  CHECK(count(written_by_loop(printed(function, arguments, PassSet::only({"windows", "fuse"}))), "[+") == 0);
}

TEST_CASE("outputs that loops read lie over the columns that they are computed from") {
  const auto written = [](const std::function<Tensor(const Tensor&)>& left) {
    const TensorFunction function = [&](const Tensors& a) {
      const Tensor x = cumsum(a[0], 0);
      const Tensors gates = scanned(x, [&](const Tensor& t, const Tensor& mean) {
        return Tensors{left(slice(t, -1, 0, 4) + mean), tanh(slice(t, -1, 4, 8) * mean)};
      });
      const Carried after = scan(
          [](const Tensors& carry, const Tensors& g) {
            const Tensor next = carry[0] * g[0] + g[1];
            return Carried{{next}, {}};
          },
          {zeros({3, 4})}, gates);
      return after.carry;
    };
    return written_by_loop(printed(function, {numbers({5, 3, 8}, 1)}, reuse));
  };
  const std::string gates = written([](const Tensor& t) { return sigmoid(t); });
  CHECK(count(gates, "[+0]") == 1);
  CHECK(count(gates, "[+16]") == 1);
  // Not what only a copy could bring there.
  const std::string sums = written([](const Tensor& t) { return cumsum(t, -1); });
  CHECK(count(sums, "[+0]") == 0);
  CHECK(count(sums, "[+16]") == 1);
}

TEST_CASE("outputs of a loop lie elsewhere where the input is read once more") {
  const Tensors arguments{numbers({5, 3, 8}, 1), numbers({8, 8}, 2)};
  const auto parts = [&](const TensorFunction& function) {
    return count(written_by_loop(printed(function, arguments, reuse)), "[+");
  };
  const auto centered = [](const Tensor& t, const Tensor& mean) { return Tensors{tanh(t - mean)}; };
  SECTION("behind the loop") {
    CHECK(parts([&](const Tensors& a) {
            const Tensor x = cumsum(a[0], 0);
            return Tensors{sum(scanned(x, centered)[0]) + sum(cumsum(x, 1))};
          }) == 0);
  }
  SECTION("by the caller") {
    CHECK(parts([&](const Tensors& a) { return Tensors{sum(scanned(a[0], centered)[0])}; }) == 0);
  }
  SECTION("later in the same step") {
    CHECK(parts([&](const Tensors& a) {
            const Tensors ys = scanned(cumsum(a[0], 0), [&](const Tensor& t, const Tensor& mean) {
              const Tensor y = tanh(t - mean);
              return Tensors{y, sum(matmul(t, a[1] * sum(y)), 0)};
            });
            return Tensors{sum(ys[0]) + sum(ys[1])};
          }) == 0);
  }
  SECTION("at another step: a carry's values before and after each of them") {
    CHECK(count(printed(
                    [](const Tensors& a) {
                      const Carried all = scan(
                          [](const Tensors& carry, const Tensors& x) {
                            const Tensor next = tanh(carry[0] * x[0]);
                            return Carried{{next}, {next, carry[0]}};
                          },
                          {ones({3, 8})}, {a[0]});
                      const Tensors back = scan(
                                               [](const Tensors& carry, const Tensors& h) {
                                                 return Carried{{carry[0] + h[0]}, {tanh(h[1] * carry[0])}};
                                               },
                                               {zeros({3, 8})}, all.ys, {.reverse = true})
                                               .ys;
                      return Tensors{sum(back[0])};
                    },
                    arguments, reuse),
                "= loop(") == 2);
  }
}

TEST_CASE("values in one memory overlap in columns of the same table, or anywhere else in bytes") {
  std::vector<Value> values(4);
  const auto place = [&](std::size_t i, Shape shape, Index row_stride, std::size_t offset) {
    values[i].spec = {DType::float32, shape};
    values[i].row_stride = row_stride;
    values[i].memory = 7;
    values[i].memory_offset = offset;
  };
  place(0, {3, 2}, 6, 0);
  place(1, {3, 2}, 6, 8);
  place(2, {3, 2}, 6, 4);
  place(3, {3, 6}, 6, 0);
  CHECK_FALSE(overlap(values, 0, 1));
  CHECK(overlap(values, 0, 2));
  CHECK(overlap(values, 1, 3));
  CHECK(same_place(values, 0, 0));
  CHECK_FALSE(same_place(values, 0, 3));
  values[3].memory = 8;
  CHECK_FALSE(overlap(values, 1, 3));
  place(3, {2}, 2, 12);  // one row of its own length: between the first and the second of value 1
  CHECK(overlap(values, 1, 3));
}
