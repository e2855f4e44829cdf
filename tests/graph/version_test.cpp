#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/with_values.h>
#include <sluice/ops/ops.h>
#include <sluice/ops/scan.h>
#include <sluice/optim/sgd.h>

#include <functional>

using namespace sluice;

namespace {

using Function = std::function<Tensors()>;

Variable scalar(double value) { return Variable(full({}, value, DType::float64)); }
double item(const Tensor& t) { return evaluate(t).item(); }

/// What a function without arguments gives when it is called as it is, traced and interpreted, and compiled;
/// `make` builds it over Variables of its own each time. All three must agree.
std::vector<double> values(const std::function<Function()>& make) {
  const auto items = [](const Tensors& tensors) {
    std::vector<double> all;
    for (const Tensor& t : tensors) all.push_back(item(t));
    return all;
  };
  const std::vector<double> eager = items(make()());
  const Function traced = make();
  CHECK(items(evaluate(trace([&](const Tensors&) { return traced(); }, {}), {})) == eager);
  CHECK(items(compile(make())()) == eager);
  return eager;
}

}  // namespace

TEST_CASE("a tensor keeps the value that its variable had when it was read") {
  CHECK(values([] {
          return [v = scalar(3)] {
            const Tensor before = v;
            v.assign(v + 1);
            const Tensor between = v;
            v.assign(v * 10);
            return Tensors{before, between, v, before + between};
          };
        }) == std::vector<double>{3, 4, 40, 7});
}

TEST_CASE("a loss keeps its gradient when its variable is assigned") {
  CHECK(values([] {
          return [v = scalar(3)] {
            const Tensor loss = square(v);
            v.assign(v - 1);
            return Tensors{grad(loss, v), loss, v};
          };
        }) == std::vector<double>{6, 9, 2});
}

TEST_CASE("a gradient is with respect to the newest version that y was made from") {
  CHECK(values([] {
          return [v = scalar(3)] {
            const Tensor old = v;
            v.assign(5);
            const Tensor both = square(old) + 10 * v;
            v.assign(7);
            return Tensors{grad(both, v), grad(both, old), grad(square(v), v)};
          };
        }) == std::vector<double>{10, 6, 14});
}

TEST_CASE("a tensor that was read before is no version that y was made from later") {
  CHECK(values([] {
          return [v = scalar(3)] {
            const Tensor old = v;
            v.assign(5);
            return Tensors{grad(square(v), old)};
          };
        }) == std::vector<double>{0});
}

TEST_CASE("no gradient goes through an assignment") {
  CHECK(values([] {
          return [v = scalar(3), w = scalar(2)] {
            v.assign(v * w);
            const Tensor y = v * w;
            return Tensors{y, grad(y, w), grad(y, v), grad(grad(y * y, w), w)};
          };
        }) == std::vector<double>{12, 6, 2, 72});
}

TEST_CASE("what was assigned to a variable is no longer what it was computed from") {
  CHECK(values([] {
          return [v = scalar(3), w = scalar(2)] {
            const Tensor x = w;
            v.assign(x * 5);
            const auto of_x = [&](const Tensors&) { return Tensors{x * x}; };  // looks at x itself
            return Tensors{value_and_grad([&](const Tensors& in) { return x * in[1]; }, {x, v}).gradients[0],
                           jvp(of_x, {x, v}, {ones_like(x), ones_like(x)}).tangents[0]};
          };
        }) == std::vector<double>{10, 4});
}

TEST_CASE("two losses on one variable train as written, in either order of updates") {
  CHECK(values([] {
          const auto v = scalar(3);
          const auto sgd =
              std::make_shared<optim::SGD>(NamedVariables{{"v", v}}, optim::SGDOptions{.learning_rate = 0.1});
          return [v, sgd] {
            const Tensor a = square(v);
            const Tensor b = 5 * v;
            sgd->update(a);
            sgd->update(b);
            return Tensors{v};
          };
        })[0] == Approx(1.9));
}

TEST_CASE("versions are captured by scans") {
  const auto sum_over_steps = [](const Variable& v, const Tensor& old) {
    const auto body = [&](const Tensors& carry, const Tensors&) { return Carried{{carry[0] + v * old}, {}}; };
    return scan(body, {zeros({}, DType::float64)}, {}, {.length = 3}).carry[0];
  };
  CHECK(values([&] {
          return [&, v = scalar(3)] {
            const Tensor old = v;
            v.assign(5);
            const Tensor y = sum_over_steps(v, old);
            v.assign(0);
            return Tensors{y, grad(y, v), grad(y, old)};
          };
        }) == std::vector<double>{45, 9, 15});
}

TEST_CASE("variables swap their values") {
  CHECK(values([] {
          return [v = scalar(3), w = scalar(2)] {
            const Tensor old = v;
            v.assign(w);
            w.assign(old);
            return Tensors{v, w};
          };
        }) == std::vector<double>{2, 3});
}

TEST_CASE("an old value is kept only for those who hold a tensor made from it") {
  const Variable v(zeros({2}));
  Tensor old = v;
  const std::weak_ptr<const Node> node = old.shared_node();
  CHECK(v.read().is(old));
  v.assign(ones({2}));
  CHECK_FALSE(v.read().is(old));
  CHECK(evaluate(old).to_vector() == std::vector<float>{0, 0});
  compile([&] { v.assign(v + 1); })();
  CHECK(evaluate(old + v).to_vector() == std::vector<float>{2, 2});
  old = Tensor();
  CHECK(node.expired());
}

TEST_CASE("a program that runs keeps old values for those who read them") {
  const Variable v(zeros({}));
  const auto count = compile([&] { v.assign(v + 1); });
  std::vector<Tensor> reads;
  for (int i = 0; i < 3; ++i) {
    reads.push_back(v * 10);
    count();
  }
  CHECK(evaluate(reads[0]).item() == 0);
  CHECK(evaluate(reads[1]).item() == 10);
  CHECK(evaluate(reads[2]).item() == 20);
}

TEST_CASE("a tensor read outside of a traced function is refused inside, with both lines") {
  const Variable v(ones({2}));
  const Tensor tied = v.read();
  const Tensor derived = tied * 2;
  const auto f = [&](const Tensor& kept) { return compile([=](const Tensor& x) { return x + kept; }); };
  CHECK_THROWS_WITH(f(tied)(ones({2})),
                    contains("got a tensor f32[2] that was read outside") && contains("version_test.cpp") &&
                        contains("keep the Variable and use it inside, or evaluate the tensor"));
  CHECK_THROWS_AS(f(derived)(ones({2})), Error);
  CHECK(f(evaluate(derived))(ones({2})).to_vector() == std::vector<float>{3, 3});
  CHECK_THROWS_AS(compile([&] { return tied; })(), Error);
}

TEST_CASE("there are no values in a traced function") {
  const Variable v(ones({}));
  const auto throws_in_trace = [&](const std::function<void(const Tensor&)>& f) {
    const auto traced = compile([&](const Tensor& x) {
      f(x);
      return x;
    });
    CHECK_THROWS_WITH(traced(ones({})), contains("there are no values yet") && contains("version_test.cpp"));
  };
  throws_in_trace([&](const Tensor&) { static_cast<void>(v.value()); });
  throws_in_trace([&](const Tensor& x) { static_cast<void>(x.item()); });
  throws_in_trace([&](const Tensor& x) { static_cast<void>((x * 2).to_vector()); });
  throws_in_trace([&](const Tensor& x) { static_cast<void>(evaluate(x * 2)); });
  throws_in_trace([&](const Tensor&) { static_cast<void>(evaluate(v * 2)); });
  throws_in_trace([&](const Tensor&) { const Variable copy(v.read()); });
  CHECK(compile([&](const Tensor& x) { return x + evaluate(ones({}) * 2); })(ones({})).item() == 3);
}

TEST_CASE("a tensor that outlives its trace says which trace that was") {
  Tensor kept;
  const auto g = compile([&](const Tensor& x) { return kept = x * 2; });
  g(ones({2}));
  const auto says = contains("a function that was traced (graph/version_test.cpp:");
  CHECK_THROWS_WITH(evaluate(kept), says);
  CHECK_THROWS_WITH(compile([&](const Tensor& x) { return x + kept; })(ones({2})), says);
  const Variable v(ones({}));
  const auto keeps_read = compile([&] { return kept = v; });
  keeps_read();
  CHECK_THROWS_WITH(evaluate(kept), says);
  CHECK_THROWS_WITH(compile([&] { return kept + 1; })(), says);
}

TEST_CASE("a gradient with respect to a tensor from the inside of a scan is refused") {
  Tensor inner;
  const Tensor x = ones({4, 3});
  const auto body = [&](const Tensors& carry, const Tensors& xs) {
    inner = carry[0] * xs[0];
    return Carried{{inner}, {}};
  };
  const Tensor y = sum(scan(body, {ones({3})}, {x}).carry[0]);
  CHECK_THROWS_WITH(grad(y, inner), contains("belongs to the inside of a scan (graph/version_test.cpp:"));
  CHECK(item(sum(grad(y, zeros({3})))) == 0);  // what y does not depend on, as ever
}

TEST_CASE("variables stand for tensors, and gradients flow to what these were made from") {
  CHECK(values([] {
          return [v = scalar(3), w = scalar(2)] {
            const Tensor x = full({}, 5, DType::float64);
            const auto product = compile([=](const Tensor& factor) { return factor * v * w; });
            const Tensor y = with_values({v}, {square(x)}, [&] { return Tensors{product(x) + v}; })[0];
            return Tensors{y, grad(y, x), grad(y, w), grad(y, v), v};
          };
        }) == std::vector<double>{275, 160, 125, 0, 3});
}

TEST_CASE("the gradient through a step of training") {
  CHECK(values([] {
          return [v = scalar(3)] {
            const Tensor stepped = v - 0.25 * grad(square(v), v);  // v / 2
            const Tensor after = with_values({v}, {stepped}, [&] { return Tensors{square(v)}; })[0];
            return Tensors{after, grad(after, v)};
          };
        }) == std::vector<double>{2.25, 1.5});
}

TEST_CASE("with_values refuses what does not fit, and what a standing variable cannot do") {
  const Variable v(ones({2}));
  const auto nothing = [] { return Tensors{}; };
  CHECK_THROWS_WITH(with_values({v}, {}, nothing),
                    contains("got 1 Variables and 0 values") && contains("version_test.cpp"));
  CHECK_THROWS_WITH(with_values({v}, {ones({3})}, nothing), contains("got f32[3] for f32[2]"));
  CHECK_THROWS_WITH(with_values({Variable()}, {ones({3})}, nothing),
                    contains("undefined Variable at place 0"));
  CHECK_THROWS_WITH(with_values({v}, {Tensor()}, nothing), contains("undefined Tensor at place 0"));
  const auto inside = [&](const std::function<void()>& f) {
    with_values({v}, {ones({2})}, [&] {
      f();
      return Tensors{};
    });
  };
  CHECK_THROWS_WITH(inside([&] { v.assign(ones({2})); }),
                    contains("can only be read: got an assignment to f32[2]"));
  CHECK_THROWS_WITH(inside([&] { static_cast<void>(v.value()); }),
                    contains("can only be read: got a request"));
  CHECK_THROWS_WITH(inside([&] { v.set(ones({2}).value()); }),
                    contains("can only be read: got an assignment"));
  optim::SGD sgd({{"v", v}}, {.learning_rate = 1});
  CHECK_THROWS_WITH(inside([&] { sgd.update(sum(v * 2)); }),
                    contains("[sgd]") && contains("can only be read: got an assignment"));
  CHECK(sgd.steps() == 0);
  CHECK(evaluate(v).to_vector() == std::vector<float>{1, 1});
}
