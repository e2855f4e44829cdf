#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/attention.h>
#include <sluice/nn/functional.h>
#include <sluice/nn/values.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/select.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/square.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include "support/close.h"
#include "support/refused.h"

#include <limits>

using namespace sluice;
using namespace sluice::test;

namespace {

const Tensor key = random::key(5);

Tensor drawn(int seed, const Shape& shape, DType dtype = DType::float64) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, dtype));
}

nn::AttentionScore score_of(const std::string& name) {
  if (name == "additive") return nn::AttentionScore::additive;
  return name == "dot" ? nn::AttentionScore::dot : nn::AttentionScore::general;
}

/// One of each score, in float64: queries of 4 and keys of `key_size`, or of 4.
std::vector<nn::Attention> each_score(Index key_size) {
  using enum nn::AttentionScore;
  return {nn::Attention(4, key_size, key, {.score = additive, .units = 6, .dtype = DType::float64}),
          nn::Attention(4, 4, {}, {.score = dot, .scaled = true}),
          nn::Attention(4, key_size, key, {.score = general, .dtype = DType::float64})};
}

/// Context and weights, and the gradients of a scalar of both, with respect to the inputs and the weights.
Tensors everything(const nn::Attention& attention, const Tensors& in, const nn::AttentionCall& call) {
  const nn::Attended seen = attention(in[0], in[1], in[2], call);
  Tensors wrt = in;
  for (const NamedVariable& named : attention.variables()) wrt.push_back(named.variable);
  const Tensor loss = sum(square(seen.context())) + sum(seen.weights * seen.weights * seen.weights);
  Tensors all = grad(loss, wrt);
  all.push_back(seen);
  all.push_back(seen.weights);
  return all;
}

Tensor some_mask() {  // bool[5, 3]: all of the first sequence, some of the second, nothing of the third
  return tensor({{true, false, false},
                 {true, true, false},
                 {true, false, false},
                 {true, true, false},
                 {true, false, false}});
}

}  // namespace

TEST_CASE("Attention is that of PyTorch, with its gradients") {
  const Golden golden = Golden::open("attention.json");
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record c = golden.at(name);
    const Tensor queries = constant(c.array("queries")), keys = constant(c.array("keys"));
    const Tensor values = constant(c.array("values"));
    const nn::Attention attention(queries.dim(2), keys.dim(2), key,
                                  {.score = score_of(c.text("score")),
                                   .units = c.integer("units"),
                                   .scaled = c.flag("scaled"),
                                   .dtype = DType::float64});
    for (const NamedVariable& named : attention.variables()) {
      named.variable.assign(constant(c.array(named.name)));
    }
    const Tensor mask = cast(constant(c.array("mask")), DType::boolean);
    const Variable q(queries), k(keys), v(values);
    const nn::Attended seen = attention(q, k, v, {.mask = mask, .causal = c.flag("causal")});
    check_close(seen, constant(c.array("context")), 1e-12);
    check_close(seen.weights, constant(c.array("weights")), 1e-12);
    const Tensor loss = sum(seen.context() * constant(c.array("seed.context"))) +
                        sum(seen.weights * constant(c.array("seed.weights")));
    check_close(grad(loss, q), constant(c.array("grad.queries")), 1e-11);
    check_close(grad(loss, k), constant(c.array("grad.keys")), 1e-11);
    check_close(grad(loss, v), constant(c.array("grad.values")), 1e-11);
    for (const NamedVariable& named : attention.variables()) {
      check_close(grad(loss, named.variable), constant(c.array("grad." + named.name)), 1e-11);
    }
  }
}

TEST_CASE("Steps of a loop attend as a whole sequence does, compiled too") {
  for (const nn::Attention& attention : each_score(4)) {
    const Tensors in{drawn(1, {6, 3, 4}), drawn(2, {5, 3, 4}), drawn(3, {5, 3, 2})};
    const nn::AttentionCall call{.mask = some_mask()};
    const Tensors whole = everything(attention, in, call);
    const auto looped = [&](const Tensors& x) {
      Tensors wrt = x;
      for (const NamedVariable& named : attention.variables()) wrt.push_back(named.variable);
      const Tensors memory = attention.prepare(x[1], x[2], call);
      const auto body = [&](const Tensors&, const Tensors& now) -> Carried {
        const nn::Attended seen = attention.attend(now[0], memory);
        return {{}, {seen, seen.weights}};
      };
      const Tensors ys = scan(body, {}, {x[0]}).ys;
      Tensors all = grad(sum(square(ys[0])) + sum(ys[1] * ys[1] * ys[1]), wrt);
      all.insert(all.end(), ys.begin(), ys.end());
      return all;
    };
    const Tensors loop = looped(in), compiled = compile(looped)(in);
    REQUIRE(loop.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      check_close(loop[i], whole[i], 1e-12);
      check_close(compiled[i], whole[i], 1e-12);
    }
    const nn::Attended several = attention.attend(in[0], attention.prepare(in[1], in[2], call));
    check_close(several, whole[whole.size() - 2], 1e-12);
  }
}

TEST_CASE("What stands in masked keys and values changes nothing, and its gradient is zero") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor there = reshape(some_mask(), {5, 3, 1});
  for (const nn::Attention& attention : each_score(4)) {
    for (const bool causal : {false, true}) {
      const nn::AttentionCall call{.mask = some_mask(), .causal = causal};
      const Tensor q = drawn(1, {5, 3, 4}), k = drawn(2, {5, 3, 4}), v = drawn(3, {5, 3, 2});
      const Tensors clean = everything(attention, {q, k, v}, call);
      const Tensors dirty =
          everything(attention, {q, evaluate(where(there, k, nan)), evaluate(where(there, v, nan))}, call);
      for (std::size_t i = 0; i < clean.size(); ++i) check_close(dirty[i], numbers(clean[i]), 0);
      for (const std::size_t i : {1, 2}) check_close(where(there, 0.0, dirty[i]), zeros_like(dirty[i]), 0);

      // Nothing is there of the third sequence.
      const Tensor& context = dirty[dirty.size() - 2];
      const Tensor& weights = dirty[dirty.size() - 1];
      for (const Tensor& x : {select(context, 1, 2), select(weights, 1, 2)}) check_close(x, zeros_like(x), 0);
      const Tensor total = slice(sum(weights, -1), 1, 0, 1);
      check_close(total, ones_like(total), 1e-14);
    }
  }
}

TEST_CASE("Lengths are a mask, and each sequence attends as it does alone") {
  const Tensor lengths = tensor({5, 2, 0});
  for (const nn::Attention& attention : each_score(4)) {
    const Tensor q = drawn(1, {4, 3, 4}), k = drawn(2, {5, 3, 4}), v = drawn(3, {5, 3, 2});
    const Tensors by_lengths = everything(attention, {q, k, v}, {.lengths = lengths});
    const Tensors by_mask = everything(attention, {q, k, v}, {.mask = sequence_mask(lengths, 5)});
    for (std::size_t i = 0; i < by_mask.size(); ++i) check_close(by_lengths[i], by_mask[i], 0);

    const Tensors both = everything(attention, {q, k, v}, {.mask = some_mask(), .lengths = lengths});
    const Tensor within = evaluate(sequence_mask(lengths, 5));
    const Tensors together = everything(
        attention, {q, k, v},
        {.mask =
             evaluate(cast(cast(within, DType::int32) * cast(some_mask(), DType::int32), DType::boolean))});
    for (std::size_t i = 0; i < both.size(); ++i) check_close(both[i], together[i], 0);

    const auto alone = [](const Tensor& x, Index time) { return slice(slice(x, 1, 1, 2), 0, 0, time); };
    const nn::Attended second = attention(alone(q, 4), alone(k, 2), alone(v, 2));
    check_close(select(by_lengths[by_lengths.size() - 2], 1, 1), select(second, 1, 0), 1e-13);
  }
}

TEST_CASE("A causal query sees nothing of later keys") {
  for (const nn::Attention& attention : each_score(4)) {
    const Tensor x = drawn(1, {5, 2, 4});
    const nn::Attended all = attention(x, x, x, {.causal = true});
    for (Index t = 1; t <= 5; ++t) {
      const Tensor now = slice(x, 0, 0, t);
      check_close(select(all, 0, t - 1), select(attention(now, now, now), 0, t - 1), 1e-13);
      for (Index later = t; later < 5; ++later) {
        check_close(select(select(all.weights, 0, t - 1), 1, later), {0, 0}, 0);
      }
    }
  }
}

TEST_CASE("Gradients of attention are those of finite differences, for its weights too") {
  for (const nn::Attention& attention : each_score(4)) {
    for (const bool causal : {false, true}) {
      const nn::AttentionCall call{.lengths = tensor({3, 2}), .causal = causal};
      Tensors in{drawn(1, {3, 2, 4}), drawn(2, {3, 2, 4}), drawn(3, {3, 2, 2})};
      for (const NamedVariable& named : attention.variables()) in.push_back(evaluate(named.variable));
      const TensorFunction run = [&](const Tensors& x) {
        return nn::functional(attention, Tensors(x.begin() + 3, x.end()), [&]() -> Tensors {
          const nn::Attended seen = attention(x[0], x[1], x[2], call);
          return {seen, seen.weights};
        });
      };
      gradcheck(run, in, {.compiled = !causal});
    }
  }
  const nn::Attention additive = each_score(2).front();
  gradgradcheck([&](const Tensors& x) { return additive(x[0], x[1], x[1]).context(); },
                {drawn(1, {2, 1, 4}), drawn(2, {2, 1, 2})});
}

TEST_CASE("Attention has the parameters of its score, in the dtype that is asked for") {
  const auto names = [](const nn::Attention& attention) {
    std::vector<std::string> all;
    for (const NamedVariable& named : attention.variables()) all.push_back(named.name);
    return all;
  };
  using Names = std::vector<std::string>;
  const std::vector<nn::Attention> each = each_score(3);
  CHECK(names(each[0]) == Names{"query_weight", "key_weight", "score_weight"});
  CHECK(names(each[1]) == Names{});
  CHECK(names(each[2]) == Names{"key_weight"});
  CHECK(each[0].count() == 4 * 6 + 3 * 6 + 6);
  CHECK(each[2].count() == 3 * 4);
  CHECK(nn::Attention(4, 3, key).score_weight.shape() == Shape{4});

  const nn::Attention single = nn::to(each[0], DType::float32);
  const Tensor q = drawn(1, {2, 3, 4}, DType::float32), k = drawn(2, {5, 3, 3}, DType::float32);
  const nn::Attended seen = single(q, k, k, {.mask = some_mask()});
  CHECK(seen.dtype() == DType::float32);
  const Tensor q64 = cast(q, DType::float64), k64 = cast(k, DType::float64);
  check_close(cast(seen, DType::float64), each[0](q64, k64, k64, {.mask = some_mask()}).context(), 1e-6);
  check_close(nn::clone(single)(q, k, k), single(q, k, k).context(), 0);
  // No queries, no keys, no batch.
  CHECK(single(zeros({0, 3, 4}), k, k).shape() == Shape{0, 3, 3});
  check_close(single(q, zeros({0, 3, 3}), zeros({0, 3, 3})), std::vector<double>(18, 0), 0);
  CHECK(single(zeros({2, 0, 4}), zeros({5, 0, 3}), zeros({5, 0, 3})).shape() == Shape{2, 0, 3});
}
