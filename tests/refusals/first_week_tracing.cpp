// The mistakes of the first week with functions that are traced: each is refused, or does what its lines say.

#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

#include <stdexcept>

using namespace sluice;

TEST_CASE("first week: there are no values while a function is traced") {
  const Tensor x = ones({2, 3});
  const Variable w(x);
  optim::SGD sgd({{"w", w}});
  refuses("item", "there are no values yet, it only records",
          [&] { compile([&](const Tensor& y) { return sum(y).item() > 0 ? y : -y; })(x); });
  refuses("to_vector", "choose with where(), loop with scan(), or return the tensor", [&] {
    compile([&](const Tensor& y) { return y * static_cast<double>(sum(y).to_vector()[0]); })(x);
  });
  refuses("value", "use the Variable itself, or take the value outside",
          [&] { compile([&](const Tensor& y) { return y * w.value(); })(x); });
  refuses("sgd", "there are no values yet",
          [&] { compile([&](const Tensor& y) { return y * sgd.learning_rate(); })(x); });
  refuses("evaluate", "there are no values yet",
          [&] { compile([&](const Tensor& y) { return evaluate(y + 1); })(x); });
}

TEST_CASE("first week: what a trace or a scan has made is of no use outside") {
  const Tensor x = ones({2, 3});
  const Variable w(x);
  Tensor kept;
  const auto keeps = compile([&](const Tensor& y) {
    kept = y * 2;
    return kept;
  });
  keeps(x);
  refuses("evaluate", "a function that was traced", [&] { evaluate(kept); });
  refuses("compile", "belongs to", [&] { compile([&](const Tensor& y) { return y + kept; })(x); });
  Tensor inner;
  scan(
      [&](const Tensors& c, const Tensors& xs) {
        inner = c[0] + xs[0];
        return Carried{{inner}, {}};
      },
      {zeros({3})}, {x});
  refuses("evaluate", "the inside of a scan", [&] { evaluate(inner + 1); });
  refuses("grad", "the inside of a scan", [&] { grad(sum(w * 2), inner); });
  refuses("assign", "the body of a scan", [&] {
    scan(
        [&](const Tensors& c, const Tensors& xs) {
          w.assign(w + 1);
          return Carried{{c[0] + xs[0]}, {}};
        },
        {zeros({3})}, {x});
  });
}

TEST_CASE("first week: what throws has changed no Variable, and may be called again") {
  const Tensor x = ones({2, 3});
  const Variable w(x);
  int calls = 0;
  const auto mine = compile([&](const Tensor& y) {
    w.assign(w + 1);
    if (calls++ == 0) throw std::runtime_error("mine");
    return y + w;
  });
  CHECK_THROWS_WITH(mine(x), "mine");
  CHECK(w.value().to_vector()[0] == 1);
  CHECK(mine(x).to_vector()[0] == 3);
  CHECK(w.value().to_vector()[0] == 2);
  const auto looks_up = compile([&](const Tensor& ids) {
    w.assign(w + 1);
    return take(x, ids);
  });
  refuses("take", "ids must lie in 0..1: got 7", [&] {
    compile([&](const Tensor& ids) {
      w.assign(w + 1);
      return take(x, ids);
    })(tensor({7}));
  });
  CHECK_THROWS_AS(looks_up(tensor({7})), Error);
  CHECK(w.value().to_vector()[0] == 2);
}

TEST_CASE("first week: a loss made before an assignment keeps its value and its gradient") {
  const auto gradient = [](const Variable& v) {
    const Tensor loss = square(v);
    v.assign(v - 0.1);
    return grad(loss, v);
  };
  const Variable a(full({}, 3));
  const Variable b(full({}, 3));
  CHECK(evaluate(gradient(a)).item() == 6);
  CHECK(compile([&] { return gradient(b); })().item() == 6);
  const auto norm_of_second = [](const Variable& v, optim::SGD& sgd) {
    const Tensor first = square(v);
    const Tensor second = square(v);
    sgd.update(first);
    return Tensor(sgd.update(second));
  };
  const Variable c(full({}, 3));
  const Variable d(full({}, 3));
  optim::SGD eager({{"v", c}}, {.learning_rate = 0.1});
  optim::SGD traced({{"v", d}}, {.learning_rate = 0.1});
  CHECK(evaluate(norm_of_second(c, eager)).item() == 6);
  CHECK(compile([&] { return norm_of_second(d, traced); })().item() == 6);
  CHECK(c.value().item() == d.value().item());
  const Variable e(full({}, 3));
  optim::SGD sgd({{"v", e}}, {.learning_rate = 0.1});
  const Tensor loss = square(e);
  sgd.update(loss);
  CHECK(evaluate(loss).item() == 9);
}

TEST_CASE("first week: gradients of what has none are zeros") {
  const Variable v(ones({2, 3}));
  const Variable w(ones({2, 3}));
  CHECK(evaluate(sum(grad(sum(w * 2), v))).item() == 0);
  CHECK(evaluate(sum(grad(sum(cast(argmax(w.read()), DType::float32)), w))).item() == 0);
}

TEST_CASE("first week: a traced function is what was traced") {
  const auto drawn = compile([] { return random::uniform(random::key(1), {1}); });
  CHECK(drawn().to_vector() == drawn().to_vector());
  int n = 0;
  const auto counts = compile([&](const Tensor& x) { return x * static_cast<double>(++n); });
  const Tensor one = ones({1});
  counts(one);
  CHECK(counts(one).to_vector()[0] == 1);
}

TEST_CASE("first week: a forgotten member is found") {
  struct Forgot : nn::Module {
    nn::Linear a{3, 3, random::key(1)};
    nn::Linear b{3, 3, random::key(2)};
    void members(const nn::Members& m) const override { m("a", a); }
  };
  const Forgot model;
  optim::SGD sgd(model.variables());
  const auto step = compile([&](const Tensor& x) {
    const Tensor loss = sum(model.b(model.a(x)));
    CHECK(nn::unlisted(model, loss).size() == 2);
    CHECK(sgd.update(loss).unlisted.size() == 2);
    return loss;
  });
  CHECK_NOTHROW(step(ones({2, 3})));
}
