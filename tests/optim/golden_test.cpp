#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>

#include "optim/problem.h"
#include "support/catch.h"

#include <functional>

using namespace sluice;
using namespace sluice::test;

namespace {

double option(const Record& record, const std::string& name, double missing = 0) {
  return record.has(name) ? record.number(name) : missing;
}

template <class Options>
Options common(const Record& record) {
  Options options;
  options.learning_rate = record.number("lr");
  options.weight_decay = record.number("weight_decay");
  options.clip_norm = option(record, "clip_norm");
  options.clip_value = option(record, "clip_value");
  return options;
}

template <class Options>
Options adam_options(const Record& record) {
  auto options = common<Options>(record);
  options.beta1 = record.number("beta1");
  options.beta2 = record.number("beta2");
  options.eps = record.number("eps");
  options.amsgrad = record.flag("amsgrad");
  return options;
}

std::unique_ptr<optim::Optimizer> make_optimizer(const Record& record, const NamedVariables& parameters) {
  const std::string kind = record.text("optimiser");
  if (kind == "SGD") {
    auto options = common<optim::SGDOptions>(record);
    options.momentum = record.number("momentum");
    options.dampening = record.number("dampening");
    options.nesterov = record.flag("nesterov");
    return std::make_unique<optim::SGD>(parameters, options);
  }
  if (kind == "Adam")
    return std::make_unique<optim::Adam>(parameters, adam_options<optim::AdamOptions>(record));
  if (kind == "AdamW")
    return std::make_unique<optim::AdamW>(parameters, adam_options<optim::AdamWOptions>(record));
  if (kind == "RMSprop") {
    auto options = common<optim::RMSpropOptions>(record);
    options.alpha = record.number("alpha");
    options.eps = record.number("eps");
    options.momentum = record.number("momentum");
    options.centered = record.flag("centered");
    return std::make_unique<optim::RMSprop>(parameters, options);
  }
  REQUIRE(kind == "Adagrad");
  auto options = common<optim::AdagradOptions>(record);
  options.learning_rate_decay = record.number("lr_decay");
  options.initial_accumulator = record.number("initial_accumulator_value");
  options.eps = record.number("eps");
  return std::make_unique<optim::Adagrad>(parameters, options);
}

/// Runs the steps of a case and compares the parameters where it says.
void run_case(const std::string& name, DType dtype, double tolerance, bool traced) {
  INFO(name << (traced ? ", traced" : ", eager"));
  const Record record = Golden::open("optim.json").at(name);
  const Problem problem(record, dtype);
  const auto optimizer = make_optimizer(record, problem.parameters());
  const auto update = [&](const Tensors&) { return Tensors{optimizer->update(problem.loss())}; };
  const Graph graph = traced ? trace(update, {}) : Graph();
  int done = 0;
  for (double until : record.array("steps").data) {
    for (; done < static_cast<int>(until); ++done) {
      const Tensors norm = traced ? evaluate(graph, {}) : update({});
      if (done == 0 && record.has("norm")) {
        CHECK(norm.front().item() == Approx(record.number("norm")).epsilon(tolerance));
      }
    }
    const std::string step = "." + std::to_string(done);
    INFO("after step " << done);
    CHECK(relative_error(elements(problem.p1), record.array("p1" + step).data) < tolerance);
    CHECK(relative_error(elements(problem.p2), record.array("p2" + step).data) < tolerance);
  }
  CHECK(optimizer->steps() == 100);
}

void check_plateau(const Record& record) {
  const SmallProblem problem;
  const optim::SGD sgd(problem.parameters(), {.learning_rate = record.number("base")});
  const bool absolute = record.text("threshold_mode") == "abs";
  optim::Plateau plateau(
      sgd, {.factor = record.number("factor"),
            .patience = static_cast<int>(record.integer("patience")),
            .threshold = record.number("threshold"),
            .cooldown = static_cast<int>(record.integer("cooldown")),
            .minimum = record.number("min_lr"),
            .mode = record.text("mode") == "min" ? optim::PlateauMode::min : optim::PlateauMode::max,
            .threshold_mode = absolute ? optim::ThresholdMode::absolute : optim::ThresholdMode::relative});
  const std::vector<double> losses = record.array("losses").data;
  const std::vector<double> expected = record.array("lr").data;
  REQUIRE(losses.size() == 100);
  for (std::size_t t = 0; t < losses.size(); ++t) {
    INFO("step " << t);
    CHECK(sgd.learning_rate() == Approx(expected[t]).epsilon(1e-12));
    const bool lowered = plateau.observe(losses[t]);
    if (t + 1 < losses.size()) CHECK(lowered == (expected[t + 1] < expected[t]));
  }
}

}  // namespace

TEST_CASE("the objective of the golden optimisers and its gradients are PyTorch's") {
  const Golden golden = Golden::open("optim.json");
  const Record record = golden.at(golden.names().front());
  const Problem problem(record);
  const Tensor loss = problem.loss();
  CHECK(evaluate(loss).item() == Approx(record.number("objective")).epsilon(1e-12));
  const Tensors gradients = evaluate(grad(loss, {problem.p1, problem.p2}));
  CHECK(relative_error(elements(gradients[0]), record.array("grad.p1").data) < 1e-12);
  CHECK(relative_error(elements(gradients[1]), record.array("grad.p2").data) < 1e-12);
}

TEST_CASE("every optimiser takes PyTorch's 100 steps in float64, eagerly and traced") {
  const Golden golden = Golden::open("optim.json");
  for (const std::string& name : golden.names()) {
    run_case(name, DType::float64, 1e-6, false);
    run_case(name, DType::float64, 1e-6, true);
  }
}

TEST_CASE("every optimiser follows PyTorch's 100 float64 steps in float32") {
  const Golden golden = Golden::open("optim.json");
  for (const std::string& name : golden.names()) run_case(name, DType::float32, 1e-3, true);
}

TEST_CASE("clipping by norm and by value is PyTorch's") {
  const Record record = Golden::open("optim.json").at("sgd clip_norm");
  const Tensors gradients{constant_of(record.array("grad.p1")), constant_of(record.array("grad.p2"))};
  CHECK(evaluate(optim::global_norm(gradients)).item() == Approx(record.number("norm")).epsilon(1e-12));
  const Tensors clipped = evaluate(optim::clip_by_global_norm(gradients, record.number("clip_norm")));
  CHECK(relative_error(elements(clipped[0]), record.array("clipped.p1").data) < 1e-12);
  CHECK(relative_error(elements(clipped[1]), record.array("clipped.p2").data) < 1e-12);
}

TEST_CASE("schedules give PyTorch's learning rates") {
  const Golden golden = Golden::open("schedules.json");
  const auto check = [&](const std::string& name, const optim::Schedule& schedule) {
    const Record record = golden.at(name);
    const std::vector<double> expected = record.array("lr").data;
    const Graph graph =
        trace([&](const Tensors& in) { return Tensors{schedule(in[0])}; }, {{DType::float64, {}}});
    std::vector<double> rates;
    for (std::size_t t = 0; t < expected.size(); ++t) {
      const Tensor step = full({}, static_cast<double>(t), DType::float64);
      rates.push_back(record.number("base") * evaluate(graph, {step}).front().item());
    }
    INFO(name);
    CHECK(relative_error(rates, expected, 1e-9) < 1e-9);
  };
  check("constant", optim::constant());
  const Record step = golden.at("step");
  check("step", optim::step_decay(step.integer("step_size"), step.number("gamma")));
  check("exponential", optim::exponential(golden.at("exponential").number("gamma")));
  const Record cosine = golden.at("cosine");
  const double minimum = cosine.number("eta_min") / cosine.number("base");
  check("cosine", optim::cosine(cosine.integer("T_max"), minimum));
  const Record warm = golden.at("warm_up_cosine");
  const Index warm_up = warm.integer("warm_up");
  const Index rest = warm.integer("total") - warm_up;
  check("warm_up_cosine", optim::warm_up(warm_up, optim::cosine(rest)));
  check("warm_up_cosine from zero", optim::warm_up(warm_up, optim::cosine(rest), true));
}

TEST_CASE("a plateau lowers the learning rate when PyTorch's does") {
  const Golden golden = Golden::open("schedules.json");
  int plateaus = 0;
  for (const std::string& name : golden.names()) {
    if (name.rfind("plateau", 0) != 0) continue;
    INFO(name);
    check_plateau(golden.at(name));
    ++plateaus;
  }
  CHECK(plateaus == 13);
}
