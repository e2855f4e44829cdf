#include "compile/random_functions_world.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/random.h>
#include <sluice/optim/optim.h>

#include <limits>
#include <random>

#include "compile/random_functions_ops.h"
#include "compile/random_functions_run.h"

namespace sluice::test {

namespace {

const Shape shapes[World::number_count] = {{2, 3}, {3, 3}, {3}, {}, {4, 3}, {0, 3}, {2, 3}};

/// With other last bits.
Tensor nudged(const Tensor& value, const World::Nudge& way) {
  if (!way.has_value() || !is_floating(value.dtype())) return value;
  const double little =
      4 * (value.dtype() == DType::float64 ? std::numeric_limits<double>::epsilon()
                                           : static_cast<double>(std::numeric_limits<float>::epsilon()));
  return evaluate(value * (1 + little * distinct(value.shape(), 1 + *way, value.dtype())));
}

std::unique_ptr<optim::Optimizer> random_optimizer(std::mt19937& random, const NamedVariables& parameters) {
  const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
  const double rate = 0.05;
  const double eps =
      1e-2;  // where gradients are next to nothing, a smaller one would make much of their last bits
  const double clip_norm = chance(3) ? 0.5 : 0;
  const double weight_decay = chance(4) ? 0.1 : 0;
  const bool skip = chance(4);
  const optim::Schedule schedule = chance(3) ? optim::exponential(0.7) : optim::Schedule();
  switch (random() % 5) {
    case 0:
      return std::make_unique<optim::Adam>(parameters, optim::AdamOptions{.learning_rate = rate,
                                                                          .eps = eps,
                                                                          .weight_decay = weight_decay,
                                                                          .amsgrad = chance(3),
                                                                          .clip_norm = clip_norm,
                                                                          .skip_nonfinite = skip,
                                                                          .schedule = schedule});
    case 1:
      return std::make_unique<optim::AdamW>(parameters, optim::AdamWOptions{.learning_rate = rate,
                                                                            .eps = eps,
                                                                            .clip_norm = clip_norm,
                                                                            .skip_nonfinite = skip,
                                                                            .schedule = schedule});
    case 2:
      return std::make_unique<optim::RMSprop>(parameters,
                                              optim::RMSpropOptions{.learning_rate = rate,
                                                                    .eps = eps,
                                                                    .weight_decay = weight_decay,
                                                                    .momentum = chance(2) ? 0.5 : 0,
                                                                    .clip_norm = clip_norm,
                                                                    .skip_nonfinite = skip,
                                                                    .schedule = schedule});
    default:
      return std::make_unique<optim::SGD>(parameters, optim::SGDOptions{.learning_rate = rate,
                                                                        .momentum = chance(2) ? 0.6 : 0,
                                                                        .weight_decay = weight_decay,
                                                                        .clip_norm = clip_norm,
                                                                        .skip_nonfinite = skip,
                                                                        .schedule = schedule});
  }
}

}  // namespace

World::World(const RandomFunction& function, const Nudge& nudge)
    : layer(1, 3, 3, random::key(function.seed), {.cell = {.dtype = function.dtype}}),
      carried(layer, 2, function.dtype) {
  for (std::size_t i = 0; i < number_count; ++i)
    numbers.emplace_back(
        nudged(distinct(shapes[i], static_cast<double>(function.seed + i), function.dtype), nudge));
  integers.emplace_back(full({}, function.seed % 4, DType::int32));
  integers.emplace_back(tensor({0, 2, 1, 3}));
  mask = Variable(tensor({true, false, true}));
  key = Variable(random::key(function.seed + 1));
  std::mt19937 random(function.seed);
  for (int i = 0; i < 2; ++i) {
    NamedVariables parameters{{"shared", numbers[1]}};
    for (std::size_t k = 0; k < number_count; ++k) {
      if (k != 1 && random() % 2 == 0) parameters.push_back({std::to_string(k), numbers[k]});
    }
    optimizers.push_back(random_optimizer(random, parameters));
  }
  for (const Block& block : function.called) {
    called.push_back(compile(TensorFunction([this, &function, &block](const Tensors& arguments) {
      return FunctionRun(function, *this).run(block, arguments, true);
    })));
  }
}

std::vector<Variable> World::variables() const {
  std::vector<Variable> all = numbers;
  all.insert(all.end(), integers.begin(), integers.end());
  all.push_back(mask);
  all.push_back(key);
  for (const auto& optimizer : optimizers) {
    for (const NamedVariable& state : optimizer->variables()) all.push_back(state.variable);
  }
  for (const NamedVariable& weight : layer.variables()) all.push_back(weight.variable);
  for (const NamedVariable& part : carried.variables()) all.push_back(part.variable);
  return all;
}

Tensors arguments_of(const RandomFunction& function, const World::Nudge& nudge) {
  const DType dtype = function.dtype;
  Tensors arguments{distinct({2, 3}, 11 + function.seed, dtype),
                    distinct({function.steps, 2, 3}, 12 + function.seed, dtype), full({}, 0.7, dtype)};
  for (Tensor& argument : arguments) argument = nudged(argument, nudge);
  arguments.push_back(tensor({3, 0, 1, 1}));
  return arguments;
}

}  // namespace sluice::test
