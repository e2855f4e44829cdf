#include "io/files.h"
#include "support/catch.h"

#include <sluice/graph/tensor.h>
#include <sluice/io/checkpoint.h>

#include <cstring>

using namespace sluice;
using namespace sluice::io;

namespace {

/// Three Variables as a small model would have them.
struct Model {
  explicit Model(float w)
      : weight(full({2, 3}, w)), bias(full({3}, w, DType::float64)), step(full({}, w, DType::int32)) {}
  NamedVariables variables() const { return {{"weight", weight}, {"bias", bias}, {"step", step}}; }
  bool all(float w) const {
    return weight.value().to_vector<float>() == std::vector<float>(6, w) &&
           bias.value().to_vector<double>() == std::vector<double>(3, w) && step.value().item() == w;
  }

  Variable weight, bias, step;
};

}  // namespace

TEST_CASE("Variables come back from a file, texts with them") {
  const Folder folder;
  const Model before(7);
  save(folder.file("a"), before.variables(), {{"vocabulary", "abc"}});
  const Model after(0);
  const Checkpoint checkpoint = load(folder.file("a"), after.variables());
  CHECK(after.all(7));
  CHECK(checkpoint.text("vocabulary") == "abc");
}

TEST_CASE("What is collected no longer changes with the Variables") {
  const Model model(1);
  const Checkpoint checkpoint = collect(model.variables());
  model.weight.assign(2.f);
  CHECK(checkpoint.arrays.at("weight").values<float>()[0] == 1.f);
  restore(checkpoint, model.variables());
  CHECK(model.all(1));
  model.weight.assign(3.f);  // nor does the checkpoint share memory with what it was restored to
  CHECK(checkpoint.arrays.at("weight").values<float>()[0] == 1.f);
}

TEST_CASE("Everything that does not fit is listed, and nothing changes") {
  const Model model(5);
  Checkpoint checkpoint = collect(Model(6).variables());
  checkpoint.arrays.erase("step");
  checkpoint.arrays["weight"] = Array({DType::float32, {3, 2}});
  checkpoint.arrays["bias"] = Array({DType::float32, {3}});
  checkpoint.arrays["moment"] = Array({DType::float32, {4}});
  const std::string error = message_of([&] { restore(checkpoint, model.variables()); });
  CHECK_THAT(error, contains("[restore]") && contains("4 do not"));
  CHECK_THAT(error, contains("'step' i32[] is missing"));
  CHECK_THAT(error, contains("'weight' is f32[3, 2] in the checkpoint, but the Variable is f32[2, 3]"));
  CHECK_THAT(error, contains("'bias' is f32[3] in the checkpoint, but the Variable is f64[3]"));
  CHECK_THAT(error, contains("'moment' f32[4] in the checkpoint is no Variable's name"));
  CHECK(model.all(5));
}

TEST_CASE("One missing, one unknown, one misshapen or one undefined is enough to change nothing") {
  const Model model(5);
  const Checkpoint good = collect(Model(6).variables());
  const auto refused = [&](const Checkpoint& checkpoint, const NamedVariables& variables, const char* what) {
    CHECK_THROWS_WITH(restore(checkpoint, variables), contains(what));
    CHECK(model.all(5));
  };
  Checkpoint missing = good;
  missing.arrays.erase("bias");
  refused(missing, model.variables(), "1 does not");
  Checkpoint unknown = good;
  unknown.arrays["zzz"] = Array({DType::float32, {1}});
  refused(unknown, model.variables(), "'zzz'");
  Checkpoint undefined = good;
  undefined.arrays["step"] = Array();
  refused(undefined, model.variables(), "undefined in the checkpoint");
  NamedVariables more = model.variables();
  more.push_back({"late", Variable()});
  refused(good, more, "'late' is an undefined Variable");
  more.back() = {"bias", Variable(zeros({3}, DType::float64))};
  refused(good, more, "'bias' is the name of two Variables");
  restore(good, model.variables());
  CHECK(model.all(6));
}

TEST_CASE("An error of restoring from a file names the file") {
  const Folder folder;
  save(folder.file("a"), Checkpoint{});
  const Model model(5);
  CHECK_THROWS_WITH(load(folder.file("a"), model.variables()),
                    contains(folder.file("a")) && contains("'weight'"));
  CHECK(model.all(5));
}

TEST_CASE("Unknown and missing names can be allowed, other shapes cannot") {
  const Model model(5);
  Checkpoint checkpoint = collect({{"weight", Model(6).weight}, {"adam.weight", Model(6).weight}});
  CHECK_THROWS_AS(restore(checkpoint, model.variables(), {.allow_unknown = true}), Error);
  CHECK_THROWS_AS(restore(checkpoint, model.variables(), {.allow_missing = true}), Error);
  CHECK(model.all(5));
  restore(checkpoint, model.variables(), {.allow_unknown = true, .allow_missing = true});
  CHECK(model.weight.value().to_vector<float>() == std::vector<float>(6, 6.f));
  CHECK(model.step.value().item() == 5);
  checkpoint.arrays["weight"] = Array({DType::float32, {1}});
  CHECK_THROWS_AS(restore(checkpoint, model.variables(), {.allow_unknown = true, .allow_missing = true}),
                  Error);
}

TEST_CASE("A prefix picks one part of a checkpoint") {
  const Model model(5);
  const Model saved(8);
  Checkpoint checkpoint;
  for (const auto& [name, variable] : saved.variables())
    checkpoint.arrays["model." + name] = variable.value().value();
  checkpoint.arrays["optimiser.step"] = Array({DType::int32, {}});
  restore(checkpoint, model.variables(), {.prefix = "model."});
  CHECK(model.all(8));
  checkpoint.arrays["model.more"] = Array({DType::int32, {}});
  CHECK_THROWS_WITH(restore(checkpoint, model.variables(), {.prefix = "model."}), contains("'model.more'"));
}

TEST_CASE("What was restored is returned, and nothing at all is an Error") {
  const Folder folder;
  const Model model(5);
  Checkpoint checkpoint = collect({{"model.weight", Model(6).weight}});
  save(folder.file("a"), checkpoint);
  const RestoreOptions grown{.prefix = "model.", .allow_missing = true};
  CHECK(restore(checkpoint, model.variables(), grown).restored == std::vector<std::string>{"weight"});
  CHECK(load(folder.file("a"), model.variables(), grown).restored == std::vector<std::string>{"weight"});
  const Checkpoint texts_only = load(folder.file("a"), model.variables(), grown);  // a Checkpoint, too
  CHECK(texts_only.arrays.size() == 1);

  const Model untouched(7);
  const RestoreOptions mistyped{.prefix = "modle.", .allow_missing = true};
  for (const bool unknown : {false, true}) {
    RestoreOptions options = mistyped;
    options.allow_unknown = unknown;
    CHECK_THROWS_WITH(restore(checkpoint, untouched.variables(), options),
                      contains("[restore] at least one Variable must get a value") &&
                          contains("prefix 'modle.'") && contains("'model.weight'") &&
                          contains("correct the prefix"));
    CHECK_THROWS_WITH(load(folder.file("a"), untouched.variables(), options), contains("[load]"));
  }
  CHECK_THROWS_WITH(restore(Checkpoint{}, untouched.variables(), mistyped), contains("and 0 arrays"));
  CHECK(untouched.all(7));
  CHECK(restore(checkpoint, {}, {.allow_unknown = true}).restored.empty());  // nothing was asked for
}

TEST_CASE("A weight under two names is one Variable and must have one value") {
  const Variable tied(full({2}, 1));
  const NamedVariables variables{{"embedding", tied}, {"head", tied}};
  Checkpoint checkpoint = collect(variables);
  checkpoint.arrays["embedding"] = full({2}, 3).value();
  CHECK_THROWS_WITH(restore(checkpoint, variables), contains("'embedding'") && contains("same Variable"));
  CHECK(tied.value().to_vector<float>() == std::vector<float>{1, 1});
  checkpoint.arrays["head"] = full({2}, 3).value();
  restore(checkpoint, variables);
  CHECK(tied.value().to_vector<float>() == std::vector<float>{3, 3});
}

TEST_CASE("Collecting refuses a name that is given twice and a Variable without a value") {
  const Model model(1);
  CHECK_THROWS_WITH(collect({{"w", model.weight}, {"w", model.bias}}), contains("'w'"));
  CHECK_THROWS_WITH(collect(NamedVariables{{"w", Variable()}}), contains("got 'w' without one"));
  CHECK_THROWS_WITH(collect(NamedVariables{{"w", model.weight}, {"w", model.bias}}),
                    contains("got 'w' twice"));
}
