// Members that somebody forgot in members().

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/version.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"

using namespace sluice;

namespace {

constexpr int made_at = __LINE__ + 3;
struct Forgetful : nn::Module {
  nn::Linear first, second;
  Forgetful() : first(3, 3, random::key(1)), second(3, 3, random::key(2)) {}
  Tensor operator()(const Tensor& x) const { return second(first(x)); }
  void members(const nn::Members& m) const override { m("first", first); }
};

}  // namespace

TEST_CASE(
    "the Variables that a loss was made from and a module does not list are named by the line that made "
    "them") {
  const Forgetful model;
  const auto require = [&](const Tensor& loss) {
    const NamedVariables found = nn::unlisted(model, loss);
    REQUIRE(found.size() == 2);
    CHECK(found[0].variable.is(model.second.weight));
    CHECK(found[1].variable.is(model.second.bias));
    CHECK_THAT(found[0].name,
               contains("f32[3, 3] made at ") && contains("unlisted.cpp:" + std::to_string(made_at)));
    CHECK(nn::unlisted(nn::variables({{"model", model}, {"second", model.second}}), loss).empty());
  };
  require(sum(model(ones({2, 3}))));
  compile([&](const Tensor& x) { require(sum(model(x))); })(ones({2, 3}));
  CHECK(nn::unlisted(model, sum(model.first(ones({2, 3})))).empty());
}

TEST_CASE("Variables are found in the bodies of scans, too") {
  const nn::LSTM rnn(2, 3, 4, random::key(1));
  const Variable inner(ones({4}));
  const Tensor y = rnn(ones({5, 2, 3})).output();
  const Tensor z = scan(
                       [&](const Tensors& c, const Tensors& x) {
                         return Carried{{c[0] * inner + x[0]}, {}};
                       },
                       {zeros({2, 4})}, {y})
                       .carry[0];
  const NamedVariables found = nn::unlisted(rnn, sum(z));
  REQUIRE(found.size() == 1);
  CHECK(found[0].variable.is(inner));
  CHECK(variables_of({z}).size() == rnn.variables().size() + 1);
  CHECK(variables_of({y, inner, z, inner}).size() == rnn.variables().size() + 1);
  CHECK(variables_of({ones({2})}).empty());
}

TEST_CASE("a Variable's text is its spec and the line that made it") {
  const int line = __LINE__ + 1;
  const Variable v(ones({2}));
  CHECK_THAT(v.text(), contains("f32[2] made at ") && contains("unlisted.cpp:" + std::to_string(line)));
  CHECK_THROWS_WITH(Variable().text(), contains("[variable] only a Variable with a slot"));
}
