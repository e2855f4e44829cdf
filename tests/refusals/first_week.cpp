// The mistakes that people make in their first week with the library: each is refused, in words that help.

#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("first week: dtypes") {
  const Tensor key = random::key(1);
  const Tensor f = ones({2, 3});
  const Tensor d = ones({2, 3}, DType::float64);
  const Tensor i = ones({2, 3}, DType::int32);
  const Tensor b = f > 0.5;
  const nn::Linear linear(3, 4, key);
  const nn::LSTM f64(2, 3, 4, key, {.cell = {.dtype = DType::float64}});
  const nn::LSTM rnn(1, 3, 4, key);
  refuses("add", "dtypes must be equal: got f32[2, 3] and f64[2, 3]; cast one of them", [&] { f + d; });
  refuses("operand", "must be a 32-bit integer: got 0.5", [&] { i * 0.5; });
  refuses("operand", "must be a 32-bit integer: got 3.7", [&] { i + 3.7; });
  refuses("operand", "must be a 32-bit integer: got 30000000000", [&] { i + 3e10; });
  refuses("multiply", "a tensor of numbers (f32, f64 or i32): got bool[2, 3]", [&] { evaluate(b * f); });
  refuses("add", "got bool[2, 3]", [&] { b + 1; });
  refuses("mean", "needs a floating tensor: got i32[2, 3]; cast it", [&] { mean(i); });
  refuses("less", "got f32[2, 3] and i32[2, 3]", [&] { return f < i; });
  refuses("linear", "takes x f32[..., 3], for its weight f32[3, 4]: got f64[3]", [&] {
    linear(tensor({1., 2., 3.}));
  });
  refuses("linear", "takes x f32[..., 3], for its weight f32[3, 4]: got i32[3]", [&] {
    linear(tensor({1, 2, 3}));
  });
  refuses("linear", "takes x f32[..., 3], for its weight f32[3, 4]: got f32[5]", [&] { linear(ones({5})); });
  refuses("recurrent", "takes x f64[time, batch, 3]: got f32[5, 2, 3]; cast it", [&] {
    f64(ones({5, 2, 3}));
  });
  refuses("recurrent", "got f64[2, 4], f64[2, 4]", [&] {
    rnn(ones({5, 2, 3}), {.initial = rnn.initial(2, DType::float64)});
  });
}

TEST_CASE("first week: shapes") {
  const Tensor key = random::key(1);
  const Tensor f = ones({2, 3});
  const nn::LSTM rnn(1, 3, 4, key);
  const nn::CarriedState carried(rnn, 4);
  refuses("recurrent", "takes x f32[time, batch, 3]: got f32[2, 5, 7]; time is axis 0", [&] {
    rnn(ones({2, 5, 7}));
  });
  refuses("recurrent", "takes x f32[time, batch, 3]: got f32[5, 3]; time is axis 0", [&] {
    rnn(ones({5, 3}));
  });
  refuses("recurrent", "got f32[3, 4], f32[3, 4]; start from initial(2)", [&] {
    rnn(ones({5, 2, 3}), {.initial = rnn.initial(3)});
  });
  refuses("recurrent", "or make a CarriedState for this batch", [&] {
    rnn(ones({5, 2, 3}), {.initial = carried.read()});
  });
  refuses("mse", "got f32[2, 1] and f32[2]; reshape or cast", [&] { nn::mse(ones({2, 1}), ones({2})); });
  refuses("mse", "got f32[2] and f32[]", [&] { nn::mse(ones({2}), 1.F); });
  refuses("cross_entropy", "one class i32[...] for each: got f32[2, 3] and f32[2, 3]",
          [&] { nn::cross_entropy(f, f); });
  refuses("cross_entropy", "classes must lie in 0..2: got 3 at [1] of the classes [2]", [&] {
    evaluate(nn::cross_entropy(f, tensor({0, 3})));
  });
  refuses("reshape", "got [2, 3] with 6 for [4, 2] with 8", [&] { reshape(f, {4, 2}); });
  refuses("concat", "got", [&] { concat({f, ones({3, 3})}, -1); });
  refuses("tensor", "got 3 values for [2, 2], which has 4", [&] { tensor({1.F, 2.F, 3.F}, {2, 2}); });
  refuses("select", "must lie in -2..1 on axis 0 of [2, 3]: got 2", [&] { select(f, 0, 2); });
  refuses("take", "ids must lie in 0..1: got 5 at [0] of the ids [1]",
          [&] { evaluate(take(f, tensor({5}), 0)); });
}

TEST_CASE("first week: values and graphs") {
  const Tensor f = ones({2, 3});
  const Variable w(f);
  const Tensor none;
  refuses("item", "got the result of 'sum', f32[]", [&] { sum(f).item(); });
  refuses("to_vector", "got the result of 'add', f32[2, 3]", [&] { (f + 1).to_vector(); });
  refuses("to_vector", "holds f32: got a request for i32", [&] { f.to_vector<std::int32_t>(); });
  refuses("item", "exactly one element: got f32[2, 3]", [&] { f.item(); });
  refuses("add", "got an undefined Tensor; assign it first", [&] { none + 1; });
  refuses("tensor", "got an undefined Tensor; assign it first", [&] { none.shape(); });
  refuses("variable", "got one that was never made", [&] { Variable() + 1; });
  refuses("assign", "got f32[3] for f32[2, 3]", [&] { w.assign(ones({3})); });
  refuses("grad", "got f32[2, 3]; reduce it", [&] { grad(w * 2, w); });
  refuses("grad", "only floating tensors have a gradient: got i32[2]", [&] { grad(sum(w), tensor({1, 2})); });
}

TEST_CASE("first week: scans") {
  const Tensor x = ones({2, 3});
  const Tensors start{zeros({3})};
  refuses("scan", "got f32[6] for f32[3], carry 0", [&] {
    scan(
        [](const Tensors& c, const Tensors& xs) {
          return Carried{{concat({c[0], xs[0]})}, {}};
        },
        start, {x});
  });
  refuses("scan", "got f64[3] for f32[3], carry 0", [&] {
    scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{cast(c[0], DType::float64)}, {}};
        },
        start, {x});
  });
  refuses("scan", "as many carries as it gets: got 0 for 1", [&] {
    scan([](const Tensors&, const Tensors& xs) { return Carried{{}, {xs[0]}}; }, start, {x});
  });
  refuses("scan", "got neither xs nor a length", [&] {
    scan([](const Tensors& c, const Tensors&) { return Carried{{c[0]}, {}}; }, start, {});
  });
}

TEST_CASE("first week: modules and optimisers") {
  const Tensor key = random::key(1);
  const Tensor f = ones({2, 3});
  const nn::Linear linear(3, 4, key);
  struct Unmade : nn::Module {
    Variable v;
    void members(const nn::Members& m) const override { m("v", v); }
  };
  const auto twice = [](NamedVariables all) {
    const NamedVariables again = all;
    all.insert(all.end(), again.begin(), again.end());
    return all;
  };
  const auto moved = [&] {
    nn::Linear from(3, 3, key);
    const nn::Linear to = std::move(from);
    return from;  // NOLINT: that is the mistake
  };
  const nn::LSTM drops(2, 3, 4, key, {.dropout = 0.5});
  const nn::Linear l64(3, 1, key, {.dtype = DType::float64});
  refuses("variables", "got 'a.weight' twice", [&] {
    nn::variables({{"a", linear}, {"a", nn::Linear(3, 4, key)}});
  });
  refuses("sgd", "the same Variable as 'weight'", [&] { optim::SGD(twice(linear.variables())); });
  refuses("sgd", "learning_rate must be finite and not negative: got -1",
          [&] { optim::SGD(linear.variables(), {.learning_rate = -1}); });
  refuses("linear", "this module has been moved from", [&] { moved()(ones({3})); });
  refuses("dropout", "training at rate 0.5 takes a random key: got none",
          [&] { nn::Dropout(0.5)(f, nn::Mode::train, {}); });
  refuses("recurrent", "training at rate 0.5 takes a random key: got none", [&] {
    drops(ones({5, 2, 3}), {.mode = nn::Mode::train});
  });
  refuses("linear", "a key must be i32[2]: got i32[1]", [&] { nn::Linear(3, 3, tensor({1})); });
  // The line is that where the module lists the Variable.
  CHECK_THROWS_WITH(Unmade().variables(), contains("[members] a member has a value: got Variable 'v'"));
}

TEST_CASE("first week: optimisers and schedules that are right") {
  const Variable v(ones({2, 3}));
  const nn::Linear l64(3, 1, random::key(1), {.dtype = DType::float64});
  optim::SGD doubles(l64.variables());
  CHECK_NOTHROW(doubles.update(sum(l64(ones({2, 3}, DType::float64)))));
  optim::SGD stepped({{"v", v}}, {.schedule = [](const Tensor& t) { return where(t < 10, 1.0, 0.1); }});
  CHECK_NOTHROW(stepped.update(sum(square(v))));
  optim::SGD constant({{"v", v}}, {.schedule = [](const Tensor&) { return full({}, 0.5); }});
  CHECK_NOTHROW(constant.update(sum(square(v))));
}
