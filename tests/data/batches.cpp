#include <sluice/data/batches.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/error.h>
#include <sluice/graph/evaluate.h>
#include <sluice/io/checkpoint.h>
#include <sluice/ops/take.h>
#include <sluice/ops/transpose.h>

#include "support/catch.h"
#include "support/folder.h"

using namespace sluice;
using data::Batches;
using data::Position;
using Ids = std::vector<std::int32_t>;

namespace {

/// 0, 1, 2, ... in this shape.
Tensor counted(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  std::iota(values.begin(), values.end(), 0.f);
  return tensor(values, shape);
}

/// The examples of an epoch, in the order in which they come.
Ids epoch_of(Batches& batches) {
  Ids all;
  for (Index i = 0; i < batches.batches_per_epoch(); ++i) {
    const Ids ids = batches.next()[0].to_vector<std::int32_t>();
    all.insert(all.end(), ids.begin(), ids.end());
  }
  return all;
}

}  // namespace

TEST_CASE("An epoch has each example once, and examples of all tensors stay together") {
  const Tensor ids = arange(10);
  const Tensor x = counted({10, 3});
  for (const bool shuffle : {false, true}) {
    Batches batches({ids, x}, {.batch = 4, .shuffle = shuffle});
    REQUIRE(batches.batches_per_epoch() == 3);
    CHECK(batches.examples() == 10);
    for (int epoch = 0; epoch < 3; ++epoch) {
      Ids seen;
      for (const Index size : {4, 4, 2}) {
        const Tensors batch = batches.next();
        REQUIRE(batch[0].shape() == Shape{size});
        REQUIRE(batch[1].shape() == Shape{size, 3});
        const Ids here = batch[0].to_vector<std::int32_t>();
        CHECK(batch[1].to_vector() == evaluate(take(x, batch[0])).to_vector());
        seen.insert(seen.end(), here.begin(), here.end());
      }
      CHECK(std::is_sorted(seen.begin(), seen.end()) == !shuffle);
      std::sort(seen.begin(), seen.end());
      CHECK(seen == ids.to_vector<std::int32_t>());
    }
    CHECK(batches.position() == Position{3, 0});
  }
}

TEST_CASE("The last batch of an epoch can be left out") {
  Batches batches({arange(10)}, {.batch = 4, .keep_last = false});
  CHECK(batches.batches_per_epoch() == 2);
  CHECK(epoch_of(batches).size() == 8);
  CHECK(batches.position() == Position{1, 0});
  CHECK(Batches({arange(8)}, {.batch = 4}).batches_per_epoch() == 2);
}

TEST_CASE("The order of an epoch follows from seed and epoch, the same on every machine") {
  Batches batches({arange(8)}, {.batch = 3, .seed = 1});
  const Ids first = epoch_of(batches), second = epoch_of(batches);
  // Computed apart from the library, by Python.
  CHECK(first == Ids{2, 6, 3, 5, 1, 4, 0, 7});
  CHECK(second == Ids{2, 6, 7, 3, 5, 4, 0, 1});
  Batches again({arange(8)}, {.batch = 5, .seed = 1});
  CHECK(epoch_of(again) == first);
  Batches other({arange(8)}, {.batch = 3, .seed = 2});
  CHECK(epoch_of(other) != first);
}

TEST_CASE("Each order of three examples is as likely as the others") {
  std::vector<int> times(27);
  Batches batches({arange(3)}, {.batch = 3});
  constexpr int epochs = 6000;
  for (int i = 0; i < epochs; ++i) {
    const Ids order = epoch_of(batches);
    ++times[static_cast<std::size_t>(9 * order[0] + 3 * order[1] + order[2])];
  }
  // The standard deviation of each count is 29.
  CHECK(std::count_if(times.begin(), times.end(), [](int n) { return std::abs(n - epochs / 6) < 150; }) == 6);
}

TEST_CASE("The axis of the batch moves to where it is wanted") {
  const Tensor x = counted({2, 3, 4, 5});
  for (Index axis = 0; axis < 4; ++axis) {
    for (Index batch_axis = 0; batch_axis < 4; ++batch_axis) {
      const Index count = x.dim(axis);
      Batches batches({x, arange(count)}, {.batch = 2, .axis = {axis, 0}, .batch_axis = {batch_axis, 0}});
      const Tensors batch = batches.next();
      // The axes of the result: those of x without `axis`, which is put before the place batch_axis.
      std::vector<Index> axes{0, 1, 2, 3};
      axes.erase(axes.begin() + axis);
      axes.insert(axes.begin() + batch_axis, axis);
      const Tensor expected = evaluate(transpose(take(x, batch[1], axis), axes));
      INFO("axis " << axis << " to " << batch_axis);
      CHECK(batch[0].shape() == expected.shape());
      CHECK(batch[0].to_vector() == expected.to_vector());
    }
  }
  // One axis for all tensors; the batch stays where the examples were.
  Batches last({x, x}, {.batch = 2, .axis = -1});
  CHECK(last.next()[1].shape() == Shape{2, 3, 4, 2});
  Batches moved({counted({6, 3}), counted({6, 2})}, {.batch = 4, .batch_axis = 1});
  CHECK(moved.next()[1].shape() == Shape{2, 4});
}

TEST_CASE("Tensors of any dtype and without elements are dealt") {
  const Tensor flags = tensor({true, false, true}, {3});
  const Tensor doubles = tensor({1., 2., 3.}, {3});
  Batches batches({flags, doubles, zeros({3, 0})}, {.batch = 2, .shuffle = false});
  const Tensors batch = batches.next();
  CHECK(batch[0].to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(batch[1].to_vector<double>() == std::vector<double>{1, 2});
  CHECK(batch[2].shape() == Shape{2, 0});
}

TEST_CASE("A fresh reader continues at any position with exactly the same batches") {
  const auto made = [] { return Batches({arange(11)}, {.batch = 3, .seed = 7}); };
  Batches whole = made();
  for (int i = 0; i < 10; ++i) {
    Batches fresh = made();
    fresh.seek(whole.position());
    CHECK(fresh.position() == whole.position());
    Batches ahead = made();
    ahead.seek(whole.position());
    for (int k = 0; k < 6; ++k)
      CHECK(fresh.next()[0].to_vector<std::int32_t>() == ahead.next()[0].to_vector<std::int32_t>());
    Batches one = made();
    one.seek(whole.position());
    CHECK(one.next()[0].to_vector<std::int32_t>() == whole.next()[0].to_vector<std::int32_t>());
  }
}

TEST_CASE("A checkpoint holds the position") {
  const test::Folder folder;
  const auto made = [](Index count) { return Batches({arange(count)}, {.batch = 3}); };
  Batches batches = made(11);
  for (int i = 0; i < 6; ++i) batches.next();
  io::save(folder.file("c"), batches.variables());
  Batches other = made(11);
  other.next();
  io::load(folder.file("c"), other.variables());
  CHECK(other.position() == Position{1, 2});
  CHECK(other.next()[0].to_vector<std::int32_t>() == batches.next()[0].to_vector<std::int32_t>());
  Batches smaller = made(5);
  io::load(folder.file("c"), smaller.variables());
  CHECK_THROWS_WITH(smaller.next(), contains("batch 2 of epoch 1") && contains("batches.cpp"));
}
