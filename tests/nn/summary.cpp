#include <sluice/nn/embedding.h>
#include <sluice/nn/freeze.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/summary.h>
#include <sluice/ops/random.h>

#include "support/catch.h"

using namespace sluice;

namespace {

struct Tied : nn::Module {
  nn::Embedding embed{12, 3, random::key(1)};
  Variable out = embed.weight;
  Variable scale{full({}, 1, DType::float64)};
  Variable steps{full({2}, 0, DType::int32)};
  void members(const nn::Members& m) const override {
    m("embed", embed), m("out", out), m("scale", scale), m("steps", steps);
  }
};
struct Empty : nn::Module {
  void members(const nn::Members&) const override {}
};

}  // namespace

TEST_CASE("A summary is a table of all Variables, tied ones once") {
  const Tied model;
  model.scale.freeze();
  CHECK(nn::summary(model) ==
        "name          shape    dtype  numbers\n"
        "embed.weight  [12, 3]  f32         36  trained\n"
        "scale         []       f64          1  frozen\n"
        "steps         [2]      i32          2  -\n"
        "total                              39  160 bytes, 36 numbers trained\n");
}

TEST_CASE("A summary of several modules has their names, and one of nothing a total") {
  const nn::Linear head(3, 4, random::key(1));
  nn::freeze(head);
  CHECK(nn::summary({{"head", head}, {"none", Empty()}}) ==
        "name         shape   dtype  numbers\n"
        "head.weight  [3, 4]  f32         12  frozen\n"
        "head.bias    [4]     f32          4  frozen\n"
        "total                            16  64 bytes, 0 numbers trained\n");
  CHECK(nn::summary(Empty()) ==
        "name   shape  dtype  numbers\n"
        "total                      0  0 bytes, 0 numbers trained\n");
}
