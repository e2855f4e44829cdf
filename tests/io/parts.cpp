// One list of parts is a whole training: saved by it, a training goes on with the same bits.
#include "io/files.h"
#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/io/checkpoint.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/dropout.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/sequential.h>
#include <sluice/ops/ops.h>
#include <sluice/optim/optim.h>

#include <functional>

using namespace sluice;
using namespace sluice::io;

namespace {

using Names = std::vector<std::string>;

Names names_of(const Parts& parts) {
  Names names;
  for (const NamedVariable& named : parts.variables()) names.push_back(named.name);
  return names;
}

struct Predictor : nn::Module {
  explicit Predictor(const Tensor& key)
      : rnn(2, 3, 4, random::fold_in(key, 0)), head(4, 3, random::fold_in(key, 1)) {}
  void members(const nn::Members& m) const override { m("rnn", rnn), m("head", head); }

  nn::LSTM rnn;
  nn::Linear head;
};

/// All that a training has: each kind of part, of which each changes what the next steps give.
struct Run {
  explicit Run(std::uint64_t seed)
      : model(random::key(seed)),
        carried(model.rnn, 2),
        key(random::key(seed + 1)),
        adam(model.variables(), {.learning_rate = 0.05}),
        plateau(adam, {.factor = 0.5, .patience = 1, .cooldown = 1}),
        stopping(3) {}
  void members(const Members& m) const {
    m("model", model), m("carried", carried), m("key", key), m("adam", adam), m("plateau", plateau);
    m("stopping", stopping);
  }

  /// A step, and reports that are never better than the first; returns all that was seen.
  std::vector<double> step() {
    const double loss = compiled(full({5, 2, 3}, 0.3)).item();
    const bool lowered = plateau.observe(double(adam.steps()));
    const bool best = stopping.observe(-loss);
    return {loss, lowered ? 1. : 0., best ? 1. : 0., adam.learning_rate(), double(stopping.bad())};
  }
  std::vector<std::vector<double>> steps(int count) {
    std::vector<std::vector<double>> seen;
    for (int i = 0; i < count; ++i) seen.push_back(step());
    return seen;
  }

  Predictor model;
  nn::CarriedState carried;
  Variable key;
  optim::Adam adam;
  optim::Plateau plateau;
  optim::EarlyStopping stopping;
  nn::Dropout dropout{0.3};
  std::function<Tensor(const Tensor&)> compiled = compile([this](const Tensor& x) {
    const Tensors keys = random::split(key, 2);
    const nn::Sequence run = model.rnn(x, {.initial = carried.read()});
    carried.assign(run.state);
    const Tensor h = dropout(run, nn::Mode::train, keys[0]);
    const Tensor loss = mean(square(model.head(h) - x));
    key.assign(keys[1]);
    adam.update(loss);
    return loss;
  });
};

bool same_bits(const Parts& a, const Parts& b) { return same(collect(a), collect(b)); }

/// A Variable without module.
struct Weight {
  explicit Weight(double w, Shape shape = {2}) : v(full(std::move(shape), w)) {}
  bool is(float w) const { return v.value().to_vector<float>() == std::vector<float>(2, w); }
  Variable v;
};

}  // namespace

TEST_CASE("A training saved as a list of its parts goes on with the same bits") {
  const Folder folder;
  const auto parts = [](const Run& run) {
    return Parts{{"model", run.model}, {"carried", run.carried}, {"key", run.key},
                 {"adam", run.adam},   {"plateau", run.plateau}, {"stopping", run.stopping}};
  };
  Run first(1);
  first.steps(5);
  save(folder.file("list"), {{"model", first.model},
                             {"carried", first.carried},
                             {"key", first.key},
                             {"adam", first.adam},
                             {"plateau", first.plateau},
                             {"stopping", first.stopping}});
  save(folder.file("struct"), first, {{"note", "a struct lists the same"}});
  const Checkpoint after_five = collect(first);
  const auto expected = first.steps(5);
  CHECK(expected.front() != expected.back());
  CHECK_FALSE(same(after_five, collect(first)));
  CHECK(same(collect(first), collect(parts(first))));

  Run second(7);
  const Loaded loaded = load(folder.file("list"), parts(second));
  CHECK(same(loaded, after_five));
  CHECK(loaded.restored == names_of(second));
  CHECK(loaded.skipped.empty());
  CHECK(second.steps(5) == expected);
  CHECK(same_bits(second, first));

  Run third(8);
  CHECK(load(folder.file("struct"), third).text("note") == "a struct lists the same");
  CHECK(third.steps(5) == expected);
  CHECK(same_bits(third, first));

  // Each part matters: without any one of them the rest of the training is another one.
  for (const char* part : {"model", "carried", "key", "adam", "plateau", "stopping"}) {
    INFO(part);
    Run fourth(9);
    load(folder.file("list"), fourth, {.except = {part}});
    fourth.steps(5);
    CHECK_FALSE(same_bits(fourth, first));
  }
}

TEST_CASE("Names of parts are joined by dots, whatever lists them") {
  const nn::Linear linear(2, 3, random::key(1));
  const optim::SGD sgd(linear.variables(), {.learning_rate = 0.1});
  const optim::Plateau plateau(sgd);
  const Variable key(random::key(1));
  CHECK(names_of({{"model", linear}, {"sgd", sgd}, {"plateau", plateau}, {"key", key}}) ==
        Names{"model.weight", "model.bias", "sgd.step", "sgd.learning_rate", "plateau.best", "plateau.bad",
              "plateau.cooldown", "key"});
  CHECK(names_of({{"model", linear.variables()}}) == Names{"model.weight", "model.bias"});
  CHECK(names_of(linear.variables()) == Names{"weight", "bias"});
  CHECK(names_of(linear) == Names{"weight", "bias"});
  CHECK(names_of(sgd) == Names{"step", "learning_rate"});
  CHECK(names_of({}).empty());

  const std::vector<Variable> keys{key, Variable(random::key(2))};
  const std::vector<std::shared_ptr<optim::SGD>> optimisers{std::make_shared<optim::SGD>(sgd)};
  const std::vector<std::vector<nn::Linear>> nested{{linear}};
  const auto shared = std::make_shared<const nn::Linear>(2, 1, random::key(3));
  CHECK(names_of({{"keys", keys}, {"o", optimisers}, {"nested", nested}, {"shared", shared}}) ==
        Names{"keys.0", "keys.1", "o.0.step", "o.0.learning_rate", "nested.0.0.weight", "nested.0.0.bias",
              "shared.weight", "shared.bias"});
  static_assert(!Member<int> && !Member<std::vector<int>> && !Member<Tensor> && !HasVariables<Variable>);
}

TEST_CASE("A Variable that two parts share is saved once, under its first name") {
  const nn::Linear embed(2, 2, random::key(1), {.bias = false});
  nn::Linear head(2, 2, random::key(2));
  head.weight = embed.weight;
  CHECK(names_of({{"embed", embed}, {"head", head}}) == Names{"embed.weight", "head.bias"});
}

TEST_CASE("The same call takes lists of one, of Variables, with texts and without") {
  const Folder folder;
  const std::string path = folder.file("a");
  const Weight a(1), b(2);
  const nn::Linear linear(2, 2, random::key(1));
  const std::map<std::string, std::string> texts{{"x", "y"}};
  save(path, {{"a", a.v}});
  save(path, {{"linear", linear}});
  save(path, linear);
  save(path, {{"a", a.v}}, {{"x", "y"}});
  save(path, {{"a", a.v}}, {{"x", "y"}, {"z", "w"}});
  save(path, {{"a", a.v}, {"b", b.v}}, texts);
  CHECK(load(path).text("x") == "y");
  CHECK(load(path).arrays.size() == 2);
  save(path, NamedVariables{{"a", a.v}}, texts);
  save(path, nn::variables({{"linear", linear}}), {{"x", "y"}});
  CHECK(load(path, {{"linear", linear}}).restored == Names{"linear.weight", "linear.bias"});
  CHECK(load(path, {{"linear", linear}}, {.allow_missing = true}, {.bytes = 1000}).restored.size() == 2);
  CHECK(load(path, linear, {.prefix = "linear."}).restored == Names{"weight", "bias"});
}

TEST_CASE("All but the head is restored") {
  const Weight body(1), head(2), header(3), body2(0), head2(0, {3}), header2(0);
  const Checkpoint checkpoint =
      collect({{"model.body", body.v}, {"model.head.w", head.v}, {"model.header", header.v}});
  const Parts parts{{"body", body2.v}, {"head", NamedVariables{{"w", head2.v}}}, {"header", header2.v}};
  for (const char* name : {"head", "head.", "head.w"}) {
    const Restored done = restore(checkpoint, parts, {.prefix = "model.", .except = {name}});
    CHECK(done.restored == Names{"body", "header"});
    REQUIRE(done.skipped.size() == 1);
    CHECK(done.skipped[0].name == "head.w");
    CHECK(done.skipped[0].why == "it is in .except");
    CHECK(body2.is(1));
    CHECK(header2.is(3));
    CHECK(head2.v.value().to_vector<float>() == std::vector<float>(3, 0.f));
  }
  // An array without a Variable, and a Variable without an array.
  const Weight added(5);
  const Parts other{{"body", body2.v}, {"header", header2.v}, {"added", added.v}};
  CHECK(restore(checkpoint, other, {.prefix = "model.", .except = {"head", "added"}}).restored.size() == 2);
  CHECK(added.is(5));
}

TEST_CASE("A name in except that is none is told of, and nothing changes") {
  const Weight saved(1), now(0);
  const Checkpoint checkpoint = collect({{"head", saved.v}, {"body.w", saved.v}, {"x", Weight(1).v}});
  const Weight x(0);
  const Parts parts{{"head", now.v}, {"x", x.v}};
  for (const char* name : {"haed", "hea", "head.w", "", ".", "body.v", "ody"}) {
    INFO(name);
    CHECK_THROWS_WITH(
        restore(checkpoint, parts, {.allow_unknown = true, .allow_missing = true, .except = {"x", name}}),
        contains("'" + std::string(name) + "' in .except names no Variable and no array") &&
            contains("1 does not") && !contains("restore the rest alone"));
  }
  CHECK(now.is(0));
  CHECK_THROWS_WITH(restore(checkpoint, {{"head", now.v}}, {.except = {"head", "x"}}),
                    contains("at least one Variable must get a value") && contains("or except less"));
}

TEST_CASE("Arrays of another shape or dtype can be allowed, and what was left and why is returned") {
  const Folder folder;
  const Weight wide(1, {3}), w(1), now(0), other(0), missing(0);
  const Variable half(zeros({2}, DType::float64));
  save(folder.file("a"), {{"w", w.v}, {"other", wide.v}, {"half", Weight(1).v}});
  const Parts parts{{"w", now.v}, {"other", other.v}, {"half", half}, {"missing", missing.v}};
  CHECK_THROWS_WITH(load(folder.file("a"), parts, {.allow_missing = true}),
                    contains("'other' is f32[3] in the checkpoint, but the Variable is f32[2]") &&
                        contains("2 do not") &&
                        contains("to restore the rest alone, name these in .except, or set .allow_mismatch"));
  CHECK_THROWS_WITH(load(folder.file("a"), parts), contains("set .allow_mismatch and .allow_missing"));
  CHECK(now.is(0));
  const Loaded loaded = load(folder.file("a"), parts, {.allow_missing = true, .allow_mismatch = true});
  CHECK(now.is(1));
  CHECK(other.is(0));
  CHECK(loaded.restored == Names{"w"});
  REQUIRE(loaded.skipped.size() == 3);
  CHECK(loaded.skipped[0].name == "other");
  CHECK(loaded.skipped[0].why == "it is f32[2] and the array f32[3]");
  CHECK(loaded.skipped[1].why == "it is f64[2] and the array f32[2]");
  CHECK(loaded.skipped[2].name == "missing");
  CHECK(loaded.skipped[2].why == "the checkpoint has no array of this name");
}

TEST_CASE("Files of before parts, with the names of Plateau and EarlyStopping in them, are restored") {
  const optim::SGD sgd(nn::Linear(1, 1, random::key(1)).variables(), {.learning_rate = 0.1});
  optim::Plateau plateau(sgd), plateau2(sgd);
  optim::EarlyStopping stopping, stopping2;
  plateau.observe(3);
  stopping.observe(2);
  NamedVariables all = plateau.variables();
  for (const NamedVariable& named : stopping.variables()) all.push_back(named);
  restore(collect(all), {{"plateau", plateau2}, {"stopping", stopping2}});
  CHECK(stopping2.best() == 2);
  CHECK(same_bits({{"p", plateau}}, {{"p", plateau2}}));
  const Folder folder;
  const Checkpoint then = load(SLUICE_TEST_DATA "/io/data/format1.checkpoint");
  NamedVariables variables;
  for (const auto& [name, array] : then.arrays)
    variables.push_back({name, Variable(zeros(array.shape(), array.dtype()))});
  CHECK(load(SLUICE_TEST_DATA "/io/data/format1.checkpoint", variables).restored.size() ==
        then.arrays.size());
  CHECK(same(collect(variables, then.texts), then));
}
