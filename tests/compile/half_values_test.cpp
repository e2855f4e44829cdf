#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

using namespace sluice;

namespace {

constexpr int parts = 6;
constexpr Index size = 3000;

std::vector<Variable> variables() {
  std::vector<Variable> all;
  for (int i = 0; i < parts; ++i) all.emplace_back(zeros({size}));
  return all;
}

/// Whether all elements of all arrays are the same number.
bool whole(const Arrays& arrays) {
  const float first = arrays.front().values<float>()[0];
  return std::all_of(arrays.begin(), arrays.end(), [&](const Array& array) {
    const auto values = array.values<float>();
    return std::all_of(values.begin(), values.end(), [&](float v) { return v == first; });
  });
}

Arrays arrays_of(const Tensors& tensors) {
  Arrays arrays;
  for (const Tensor& t : tensors) arrays.push_back(t.value());
  return arrays;
}

/// Adds 1 to all variables, each from its own value or, where the order of updates matters, from the first
/// one's.
Tensors count_on(const std::vector<Variable>& all) {
  const Tensor first = all.front();
  for (std::size_t i = 0; i < all.size(); ++i) all[i].assign((i % 2 == 0 ? first : Tensor(all[i])) + 1);
  return {};
}

/// Calls `other` on a thread of its own for as long as `count` runs of the program take.
void beside(const std::vector<Variable>& all, const std::function<void()>& other, int count = 150) {
  const auto step = compile([&] { return count_on(all); });
  step();
  std::atomic<bool> done = false;
  std::thread thread([&] {
    while (!done) other();
  });
  for (int i = 0; i < count; ++i) step();
  done = true;
  thread.join();
}

}  // namespace

TEST_CASE("whoever reads variables beside a running program sees the values of one step", "[threads]") {
  const auto all = variables();
  std::atomic<int> torn = 0;
  SECTION("values_of") {
    beside(all, [&] { torn += !whole(values_of(all)); });
  }
  SECTION("evaluate") {  // each read is a version of its own moment, and each is whole
    beside(all, [&] {
      for (const Array& array : arrays_of(evaluate(Tensors(all.begin(), all.end())))) torn += !whole({array});
    });
  }
  SECTION("a tensor read before") {
    beside(all, [&] {
      const Tensor read = all.front();
      torn += !whole({evaluate(read * 1).value(), evaluate(read).value()});
    });
  }
  SECTION("another program") {
    const auto look = compile([&] { return Tensors(all.begin(), all.end()); });
    beside(all, [&] { torn += !whole(arrays_of(look())); });
  }
  SECTION("a program that is made meanwhile") {
    beside(
        all, [&] { torn += !whole(arrays_of(compile([&] { return Tensors(all.begin(), all.end()); })())); },
        40);
  }
  CHECK(torn == 0);
}

TEST_CASE("a program sees all or nothing of what is loaded while it runs", "[threads]") {
  const auto all = variables();
  float next = 1000;
  beside(all, [&] {
    set_values(all, Arrays(parts, full({size}, next).value()));
    next += 1000;
  });
  CHECK(whole(values_of(all)));
}

TEST_CASE("programs that write what the other one reads run one after the other", "[threads]") {
  const auto all = variables();
  const auto step = compile([&] { return count_on(all); });
  beside(all, [&] { step(); });
  CHECK(whole(values_of(all)));
}

TEST_CASE("values are set all at once, or none is") {
  const auto all = variables();
  Arrays values(parts, ones({size}).value());
  values.back() = ones({size + 1}).value();
  CHECK_THROWS_AS(set_values(all, values), ShapeError);
  CHECK(values_of(all).front().values<float>()[0] == 0);
  CHECK_THROWS_WITH(set_values(all, {}), contains("got 6 Variables and 0 values"));
}
