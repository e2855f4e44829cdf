#include <sluice/check/gradcheck.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/with_values.h>
#include <sluice/kernels/threads.h>
#include <sluice/nn/adaptive_softmax.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/transpose.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"
#include "support/edges.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// PyTorch's name of a parameter; its projections are transposed.
std::string torch_name(const std::string& name) {
  if (name == "head") return "head.weight";
  if (name == "head_bias") return "head.bias";
  const std::string cluster = name.substr(name.find('.') + 1);
  return "tail." + cluster + (name.starts_with("projections") ? ".0.weight" : ".1.weight");
}

Tensor as_ours(const std::string& name, const Tensor& value) {
  return evaluate(name.starts_with("projections") ? transpose(value) : value);
}

nn::AdaptiveSoftmax module_of(const Record& c, DType dtype) {
  std::vector<Index> cutoffs;
  for (const Record& cutoff : c.items("cutoffs")) cutoffs.push_back(cutoff.integer());
  nn::AdaptiveSoftmax module(
      c.integer("in"), c.integer("classes"), cutoffs, random::key(1),
      {.div_value = c.number("div_value"), .head_bias = c.flag("head_bias"), .dtype = dtype});
  for (const NamedVariable& v : module.variables()) {
    Variable variable = v.variable;
    variable.assign(as_ours(v.name, constant(c.array(torch_name(v.name)), dtype)));
  }
  return module;
}

void check_against_golden(DType dtype, double tolerance) {
  const Golden golden = Golden::open("adaptive_softmax.json");
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record c = golden.at(name);
    const nn::AdaptiveSoftmax module = module_of(c, dtype);
    const Variable h(constant(c.array("h"), dtype));
    const Tensor classes = constant(c.array("target"), DType::int32);
    const Tensor losses = module.loss(h, classes, {.reduction = nn::Reduction::none});
    check_close(losses, c.array("losses").data, tolerance);
    check_close(module.loss(h, classes), {c.number("mean")}, tolerance);
    check_close(module.log_probabilities(h), c.array("log_probabilities").data, tolerance);
    const Tensor scalar = sum(losses * constant(c.array("seed"), dtype));
    check_close(grad(scalar, h), c.array("grad.h").data, tolerance);
    for (const NamedVariable& v : module.variables()) {
      INFO(v.name);
      const Tensor right = constant(c.array("grad." + torch_name(v.name)));
      check_close(grad(scalar, v.variable), as_ours(v.name, right), tolerance);
    }
  }
}

nn::AdaptiveSoftmax small(bool head_bias = true) {
  return {4, 12, {3, 6}, random::key(3), {.div_value = 2, .head_bias = head_bias, .dtype = DType::float64}};
}

Tensor some_h(const Shape& shape) {
  return evaluate(random::normal(random::key(5), shape, 0, 1, DType::float64));
}

}  // namespace

TEST_CASE("AdaptiveSoftmax is PyTorch's") { check_against_golden(DType::float64, 1e-12); }

TEST_CASE("AdaptiveSoftmax keeps float32's accuracy") { check_against_golden(DType::float32, 5e-6); }

TEST_CASE("The loss of AdaptiveSoftmax is that of its log-probabilities, which sum to one") {
  const nn::AdaptiveSoftmax module = small();
  const Tensor h = some_h({2, 6, 4});
  const Tensor classes = tensor({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {2, 6});
  const Tensor log_p = module.log_probabilities(h);
  check_close(sum(exp(log_p), -1), std::vector<double>(12, 1), 1e-14);
  for (const nn::Reduction reduction : {nn::Reduction::none, nn::Reduction::sum, nn::Reduction::mean}) {
    check_close(module.loss(h, classes, {.reduction = reduction}),
                nn::nll(log_p, classes, {.reduction = reduction}), 1e-14);
    // Of the shortlist, of a cluster with the number of an entry of the head, of the last one, of none.
    for (const std::int32_t ignored : {1, 3, 4, 5, 11, -100}) {
      check_close(module.loss(h, classes, {.ignore_index = ignored, .reduction = reduction}),
                  nn::nll(log_p, classes, {.ignore_index = ignored, .reduction = reduction}), 1e-14);
    }
  }
  const Tensor none = module.loss(h, zeros({2, 6}, DType::int32), {.ignore_index = 0});
  check_close(none, {0}, 0);
  check_close(grad(none, module.head), std::vector<double>(20), 0);
}

TEST_CASE("The gradients of AdaptiveSoftmax are right, compiled and on several threads too") {
  const nn::AdaptiveSoftmax module = small();
  const Tensor classes = tensor({11, 0, 4, 3, 2, 7});
  const auto loss = [&](const Tensors& in) {
    return with_values({module.head, module.head_bias, module.projections[0], module.projections[1],
                        module.tails[0], module.tails[1]},
                       Tensors(in.begin() + 1, in.end()),
                       [&] { return Tensors{module.loss(in[0], classes, {.ignore_index = 7})}; })[0];
  };
  Tensors values{some_h({6, 4})};
  for (const NamedVariable& v : module.variables()) values.push_back(evaluate(v.variable));
  CHECK(gradcheck(loss, values).entries > 0);
  const auto all = [&](const Tensors& in) {
    const Tensor y = loss(in);
    Tensors results = grad(y, in);
    results.push_back(y);
    return results;
  };
  std::vector<std::vector<double>> first;
  for (const int threads : {1, 2, 3}) {
    kernels::set_threads(threads);
    const auto got = at_edges(all, values);
    if (first.empty()) first = got;
    CHECK(got == first);
  }
  kernels::set_threads(0);
}

TEST_CASE("AdaptiveSoftmax without cutoffs is a linear layer with cross entropy") {
  const nn::AdaptiveSoftmax module(4, 7, {}, random::key(3), {.head_bias = true, .dtype = DType::float64});
  const Tensor h = some_h({5, 4});
  const Tensor classes = tensor({6, 0, 2, 2, 5});
  const Tensor logits = matmul(h, module.head, {.transpose_b = true}) + module.head_bias;
  check_close(module.loss(h, classes), nn::cross_entropy(logits, classes), 1e-14);
  check_close(module.loss(h, classes, {.ignore_index = 2}),
              nn::cross_entropy(logits, classes, {.ignore_index = 2}), 1e-14);
  CHECK(module.log_probabilities(h).shape() == Shape{5, 7});
  CHECK_THROWS_AS(evaluate(module.loss(h, full({5}, 7, DType::int32), {.ignore_index = 2})), Error);
}

TEST_CASE("AdaptiveSoftmax names its Variables and draws them as a linear layer does") {
  const nn::AdaptiveSoftmax module(64, 1000, {100, 300}, random::key(1));
  std::string names;
  for (const NamedVariable& v : module.variables()) names += v.name + " " + v.variable.spec().text() + ", ";
  CHECK(names ==
        "head f32[102, 64], projections.0 f32[64, 16], projections.1 f32[64, 4], tails.0 f32[200, 16], "
        "tails.1 f32[700, 4], ");
  CHECK(small(true).variables()[1].name == "head_bias");
  CHECK_FALSE(small(false).head_bias.defined());
  const auto largest = [](const Variable& v) {
    double most = 0;
    for (const double x : numbers(v)) most = std::max(most, std::abs(x));
    return most;
  };
  for (const auto& [variable, length] : {std::pair{module.head, 64},
                                         {module.projections[1], 64},
                                         {module.tails[0], 16},
                                         {module.tails[1], 4}}) {
    const double bound = 1 / std::sqrt(length);
    CHECK(largest(variable) <= bound);
    CHECK(largest(variable) > 0.9 * bound);
  }
}

TEST_CASE("Good cutoffs divide any number of classes") {
  for (const Index classes : {1, 2, 100, 8000, 8001, 40000, 40001, 200000, 1000000, 100000000}) {
    const std::vector<Index> cutoffs = nn::AdaptiveSoftmax::good_cutoffs(classes);
    Index before = 0;
    for (const Index cutoff : cutoffs) {
      CHECK(cutoff > before);
      before = cutoff;
    }
    CHECK(before < classes);
    CHECK(cutoffs.empty() == (classes <= 8000));
  }
}

TEST_CASE("AdaptiveSoftmax says what does not fit") {
  const nn::AdaptiveSoftmax module = small();
  const Tensor h = some_h({2, 4});
  const auto message = [&](const Tensor& x, const Tensor& classes) { return module.loss(x, classes); };
  CHECK_THROWS_WITH(message(h, h),
                    contains("[adaptive_softmax] takes h f64[..., 4] and a class i32[...] for each row: got "
                             "f64[2, 4] and f64[2, 4]; reshape or cast one of them") &&
                        contains("nn/adaptive_softmax.cpp"));
  CHECK_THROWS_WITH(message(some_h({2, 5}), tensor({0, 0})), contains("got f64[2, 5] and i32[2]"));
  CHECK_THROWS_WITH(module.log_probabilities(ones({2, 4})),
                    contains("[adaptive_softmax] takes h f64[..., 4]: got f32[2, 4]; reshape or cast it"));
  for (const std::int32_t wrong : {12, 1000, -1, -1000}) {
    const Tensor classes = tensor({5, wrong});
    const auto text = contains("[adaptive_softmax] classes must lie in 0..11: got " + std::to_string(wrong) +
                               " at [1] of the classes [2]; correct it, make the module with more classes");
    CHECK_THROWS_WITH(evaluate(message(h, classes)), text);
    CHECK_THROWS_WITH(evaluate(module.loss(h, classes, {.ignore_index = 5})), text);
    CHECK_THROWS_WITH(evaluate(grad(message(h, classes), module.head)), text);
  }
  // The head has as many entries as there are classes, so that none of its numbers is free for ignored rows.
  const nn::AdaptiveSoftmax single(4, 3, {1, 2}, random::key(3), {.div_value = 1, .dtype = DType::float64});
  for (const std::int32_t ignored : {0, 2, -100}) {
    const auto loss = [&](const Tensor& classes) {
      return single.loss(h, classes, {.ignore_index = ignored});
    };
    CHECK_THROWS_WITH(evaluate(grad(loss(tensor({1, 3})), single.head)),
                      contains("classes must lie in 0..2: got 3 at [1]"));
    const Tensor classes = tensor({1, ignored});
    check_close(loss(classes), nn::nll(single.log_probabilities(h), classes, {.ignore_index = ignored}),
                1e-14);
  }
}
