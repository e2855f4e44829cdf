// The base of elementwise ops: broadcasting, threads, running in place, and ops of a user's own.

#include <sluice/graph/evaluate.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <random>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// a + 10 b + 100 c: tells which elements met.
struct Digits final : Elementwise<Digits, 3> {
  static constexpr std::string_view id = "digits";
  static auto value(auto a, auto b, auto c) { return a + 10 * b + 100 * c; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy, 10 * dy, 100 * dy}; }
};

/// Four operands, an attribute, and every number for a dtype.
class Mixed final : public Elementwise<Mixed, 4> {
 public:
  static constexpr std::string_view id = "mixed";
  static constexpr Domain domain = Domain::numeric;

  explicit Mixed(int scale) : scale_(scale) {}
  void members(Attributes& a) const override { a("scale", scale_); }
  auto value(auto a, auto b, auto c, auto d) const { return scale_ * (a * b - c * d); }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor scaled = scale_ * dy;
    return {scaled * y.input(1), scaled * y.input(0), -scaled * y.input(3), -scaled * y.input(2)};
  }

 private:
  int scale_;
};

struct IsSmall final : Elementwise<IsSmall, 1> {
  static constexpr std::string_view id = "is_small";
  static bool value(auto x) { return std::abs(x) < 1; }
};

Tensor random_tensor(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  for (float& value : values) value = static_cast<float>(random() % 1000) / 64.f;
  return tensor(values, shape);
}

/// The element of x that stands at these positions of a larger shape.
float element(const std::vector<float>& x, const Shape& own, const Shape& shape, Index at) {
  Index offset = 0;
  Index stride = 1;
  for (Index back = 1; back <= own.rank(); ++back) {
    const Index i = at % shape[shape.rank() - back];
    at /= shape[shape.rank() - back];
    offset += (own[own.rank() - back] == 1 ? 0 : i) * stride;
    stride *= own[own.rank() - back];
  }
  return x[static_cast<std::size_t>(offset)];
}

void check_broadcast(const Shape& a, const Shape& b, const Shape& c) {
  INFO(a.text() << b.text() << c.text());
  const Tensor x = random_tensor(a, 1);
  const Tensor y = random_tensor(b, 2);
  const Tensor z = random_tensor(c, 3);
  const Tensor result = evaluate(make<Digits>(x, y, z));
  const auto got = result.to_vector();
  const auto xs = x.to_vector();
  const auto ys = y.to_vector();
  const auto zs = z.to_vector();
  Index wrong = 0;
  for (Index at = 0; at < result.size(); ++at) {
    const float expected =
        Digits::value(element(xs, a, result.shape(), at), element(ys, b, result.shape(), at),
                      element(zs, c, result.shape(), at));
    wrong += std::abs(got[static_cast<std::size_t>(at)] - expected) > 1e-3f ? 1 : 0;
  }
  CHECK(wrong == 0);
}

/// k x where the mask holds, 0 elsewhere.
struct Counted final : Elementwise<Counted, 3> {
  static constexpr std::string_view id = "counted";
  static constexpr std::array leading = {DType::boolean, DType::int32};
  static auto value(bool mask, std::int32_t k, auto x) {
    return mask ? static_cast<decltype(x)>(k) * x : decltype(x)(0);
  }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {Tensor(), Tensor(), where(y.input(0), cast(y.input(1), dy.dtype()) * dy, 0)};
  }
};

/// Whether k is above x.
struct Above final : Elementwise<Above, 2> {
  static constexpr std::string_view id = "above";
  static constexpr std::array leading = {DType::int32};
  static bool value(std::int32_t k, auto x) { return k > x; }
};

}  // namespace

TEST_CASE("operands broadcast along any axes, alone or together") {
  check_broadcast({2, 3, 4}, {2, 3, 4}, {2, 3, 4});
  check_broadcast({2, 3, 4}, {4}, {});
  check_broadcast({2, 1, 4}, {3, 1}, {2, 1, 1});
  check_broadcast({1, 3, 1, 5}, {2, 1, 4, 1}, {2, 3, 1, 1});
  check_broadcast({2, 1, 3, 1, 2, 1, 3}, {1, 2, 1, 3, 1, 2, 1}, {3});
  check_broadcast({1, 1, 1}, {1}, {1, 1});
  check_broadcast({5, 1}, {1, 7}, {5, 7});
  check_broadcast({2, 2, 2, 2, 2, 2, 2, 2}, {2, 1, 2, 1, 2, 1, 2, 1}, {1, 2, 1, 2, 1, 2, 1, 2});
}

TEST_CASE("large operands broadcast alike when they are divided over threads") {
  for (const int threads : {1, 3}) {
    kernels::set_threads(threads);
    check_broadcast({130, 300}, {300}, {130, 1});
    check_broadcast({3, 40000}, {3, 1}, {40000});
    check_broadcast({40000, 2}, {40000, 1}, {2});
  }
  kernels::set_threads(0);
}

TEST_CASE("an op of a user's own keeps all promises") {
  check_op("digits", [](const Tensors& x) { return make<Digits>(x[0], x[1], x[2]); },
           {{{2, 3}, {3}, {2, 1}}, {{}, {}, {}}, {{4}, {}, {4}}, {{0}, {1}, {}}},
           {.scalar = [](const std::vector<double>& x) { return x[0] + 10 * x[1] + 100 * x[2]; }});
  check_op("mixed",
           [](const Tensors& x) {
             return make(std::make_shared<Mixed>(3), {x[0], x[1], x[2], x[3]});
           },
           {{{2, 3}, {3}, {2, 1}, {}}, {{5}, {5}, {5}, {5}}, {{}, {}, {}, {}}},
           {.scalar = [](const std::vector<double>& x) { return 3 * (x[0] * x[1] - x[2] * x[3]); }});
  const Tensor i = tensor({2, 3});
  CHECK(evaluate(make(std::make_shared<Mixed>(2), {i, i, i, 1})).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{4, 12});
}

TEST_CASE("a value that is bool makes a bool tensor") {
  const Tensor x = tensor({0.5, -2.0});
  CHECK(make<IsSmall>(x).dtype() == DType::boolean);
  CHECK(evaluate(make<IsSmall>(x)).to_vector<bool>() == std::vector<bool>{true, false});
}

TEST_CASE("the first operands of an elementwise op may have dtypes of their own") {
  const Tensor mask = tensor({true, false, true});
  const Tensor k = tensor({2, 3, -1});
  const auto counted = [](const Tensors& x) { return make<Counted>(x[1], x[2], x[0]); };
  const auto formula = [](const std::vector<double>& x) { return x[1] != 0 ? x[2] * x[0] : 0; };
  check_op("counted", counted,
           {{{{3}}, {mask, k}},
            {{{2, 3}}, {mask, k}},
            {{{}}, {mask, k}},
            {{{3}}, {tensor({true}), tensor({4}, {})}}},
           {.scalar = formula});
  CHECK(evaluate(make<Counted>(mask, k, tensor({0.5f, 1.f, 4.f}))).to_vector() ==
        std::vector<float>{1, 0, -4});
  const Tensor above = make<Above>(k, tensor({1.5, 4.0, -2.0}));
  CHECK(above.dtype() == DType::boolean);
  CHECK(evaluate(above).to_vector<bool>() == std::vector<bool>{true, false, true});
  check_error([](const Tensors& x) { return make<Above>(x[0], x[1]); }, {f32({2}), f32({2})},
              "[above] operand 0 must be i32: got f32[2]; cast it");
  check_error([](const Tensors& x) { return make<Above>(x[0], x[1]); }, {i32({2}), i32({2})},
              "[above] the operand must be a floating tensor");
  check_error([](const Tensors& x) { return make<Counted>(x[0], x[1], x[2]); },
              {i32({2}), i32({2}), f32({2})}, "[counted] operand 0 must be bool: got i32[2]");
}

TEST_CASE("an op is refused operands that are too many, of other dtypes or shapes") {
  check_error([](const Tensors& x) { return make<IsSmall>(x[0], x[0]); }, {f32({2})},
              "[is_small] the number of operands must be 1: got 2");
  check_error([](const Tensors& x) { return make<IsSmall>(x[0]); }, {i32({2})},
              "[is_small] the operand must be a floating tensor");
  check_error([](const Tensors& x) { return make<Digits>(x[0], x[1], x[2]); }, {f32({2}), f32({2}), f32({3})},
              "[digits] shapes must be equal or 1");
  check_error([](const Tensors& x) { return make<Digits>(x[0], x[1], x[2]); }, {f32({2}), f32({2}), f64({2})},
              "[digits] dtypes must be equal: got f32[2] and f64[2]");
}

TEST_CASE("an element does not depend on how many are computed with it") {
  const Tensor x = random_tensor({67}, 4);
  for (const auto& function : {tanh, sigmoid, exp, log, sin, softplus, erf}) {
    const Tensor y = function(x);
    const auto whole = evaluate(y).to_vector();
    const auto& op = dynamic_cast<const ElementwiseOp&>(y.op());
    for (Index first = 0; first < 67; first += 5) {
      float one = 0;
      const void* input = x.value().values<float>().data() + first;
      const Index stride = 1;
      op.tile(&input, &stride, &one, 1, DType::float32);
      CHECK(one == whole[static_cast<std::size_t>(first)]);
    }
  }
}

TEST_CASE("the output may be the memory of an operand") {
  const Tensor a = random_tensor({301}, 5);
  const Tensor b = random_tensor({301}, 6);
  const auto check = [](const Tensor& y, std::size_t overwritten) {
    const auto expected = evaluate(y).to_vector();
    Arrays arrays;
    std::vector<View> views;
    for (std::size_t i = 0; i < y.input_count(); ++i) {
      arrays.push_back(y.input(i).value().clone());
      views.push_back({arrays.back().spec(), arrays.back().data()});
    }
    INFO(y.op().name());
    REQUIRE(y.op().in_place());
    const MutableView output{y.spec(), arrays[overwritten].data()};
    y.op().run(views, std::span(&output, 1));
    const auto got = arrays[overwritten].values<float>();
    CHECK(std::vector<float>(got.begin(), got.end()) == expected);
  };
  for (const std::size_t overwritten : {std::size_t{0}, std::size_t{1}}) {
    check(a - b, overwritten);
    check(a / b, overwritten);
    check(maximum(a, b), overwritten);
    check(pow(a, b), overwritten);
    check(make<Digits>(a, b, full({}, 2)), overwritten);
    check(where(evaluate(a < b), a, b), overwritten + 1);
  }
  check(tanh(a), 0);
  check(gelu(a), 0);
  check(relu(a), 0);
}

TEST_CASE("one value for all elements is computed once and spread") {
  const Tensor x = tensor({0.25f}, {});
  const void* input = x.value().data();
  const Index stride = 0;
  std::vector<float> output(9, -1);
  for (const auto& function : {tanh, relu}) {
    const Tensor y = function(x);
    dynamic_cast<const ElementwiseOp&>(y.op()).tile(&input, &stride, output.data(), 8, DType::float32);
    const float expected = static_cast<float>(evaluate(y).item());
    CHECK(std::vector<float>(output.begin(), output.begin() + 8) == std::vector<float>(8, expected));
    CHECK(output[8] == -1);
  }
}
