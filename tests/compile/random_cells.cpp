#include "compile/random_cells.h"

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compile/random_cells_author.h"

namespace sluice::test {

namespace {

/// What a cell is made for: sizes, and the specs of what goes in.
struct Sizes {
  Index batch = 1;
  Index steps = 0;
  std::vector<Index> widths;
  bool gated = false;  // a cell of gates over x and h, as most are
  std::size_t gates = 0;
  bool embedded = false;  // whose x are rows of a table
};

Sizes sizes_of(CellAuthor& author, const CellPlan& plan) {
  Sizes sizes;
  sizes.batch = static_cast<Index>(1 + author.below(static_cast<std::size_t>(plan.most_rows)));
  sizes.steps = static_cast<Index>(author.below(static_cast<std::size_t>(plan.most_steps + 1)));
  if (sizes.steps < 2 && !author.chance(3)) sizes.steps += 2;
  for (int i = 0; i < 2; ++i)
    sizes.widths.push_back(static_cast<Index>(1 + author.below(static_cast<std::size_t>(plan.most_width))));
  sizes.gated = author.chance(3);
  sizes.gates = 2 + author.below(4);
  sizes.embedded = author.chance(4);
  return sizes;
}

Tensors weights_of(CellAuthor& author, const Sizes& sizes, DType dtype) {
  const auto width = [&] { return sizes.widths[author.below(sizes.widths.size())]; };
  const auto matrix = [&](Index rows, Index columns) {  // keeps the size of what it is multiplied by
    const double gain = std::min(1.0, std::sqrt(5.0 / static_cast<double>(rows)));
    return evaluate(author.numbers({rows, columns}, dtype) * gain);
  };
  if (sizes.gated) {
    Tensors weights;
    const Index inputs = sizes.widths[0];
    const Index hidden = sizes.widths[1];
    const bool joined = author.chance(2);
    const bool biases = !author.chance(3);
    if (sizes.embedded) weights.push_back(matrix(static_cast<Index>(1 + author.below(12)), inputs));
    for (std::size_t gate = 0; gate < sizes.gates; ++gate) {
      weights.push_back(matrix(joined ? inputs + hidden : inputs, hidden));
      if (!joined) weights.push_back(matrix(hidden, hidden));
      if (biases) weights.push_back(author.numbers({hidden}, dtype));
    }
    return weights;
  }
  Tensors weights{matrix(width(), width())};
  for (std::size_t n = 2 + author.below(4); n > 0; --n) {
    const std::size_t kind = author.below(8);
    const Index rows = kind < 2 ? width() + width() : width();  // of two values side by side
    const auto one = [&] {
      return kind < 5 ? matrix(rows, width()) : author.numbers(kind < 7 ? Shape{width()} : Shape{}, dtype);
    };
    weights.push_back(one());
    if (author.chance(3)) weights.push_back(one());
  }
  return weights;
}

Tensors carries_of(CellAuthor& author, const Sizes& sizes, DType dtype) {
  if (sizes.gated) {
    const Shape state{sizes.batch, sizes.widths[1]};
    return {author.numbers(state, dtype), author.numbers(state, dtype)};
  }
  Tensors carries;
  for (std::size_t n = 1 + author.below(3); n > 0; --n)
    carries.push_back(author.numbers({sizes.batch, sizes.widths[author.below(2)]}, dtype));
  if (author.chance(6)) carries.push_back(author.numbers({}, dtype));
  if (author.chance(6)) carries.push_back(full({}, 0, DType::int32));
  return carries;
}

Tensors sequences_of(CellAuthor& author, const Sizes& sizes, Index rows_of_table, DType dtype) {
  if (sizes.gated && !sizes.embedded)
    return {author.numbers({sizes.steps, sizes.batch, sizes.widths[0]}, dtype)};
  Tensors xs;
  for (std::size_t n = sizes.gated ? 0 : author.below(3); n > 0; --n)
    xs.push_back(author.numbers({sizes.steps, sizes.batch, sizes.widths[author.below(2)]}, dtype));
  if (sizes.embedded || author.chance(6)) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(sizes.steps * sizes.batch));
    for (std::int32_t& id : ids)
      id = static_cast<std::int32_t>(author.below(static_cast<std::size_t>(rows_of_table)));
    xs.push_back(tensor(ids, {sizes.steps, sizes.batch}));
  }
  if (author.chance(8))
    xs.push_back(evaluate(author.numbers({sizes.steps, sizes.batch, 1}, DType::float64) < 0.4));
  return xs;
}

/// Weights as the user's function hands them to the cell: some computed of others, once for all steps.
Tensors prepared(CellAuthor& author, Tensors weights) {
  for (std::size_t n = author.below(3); n > 0; --n) {
    const Tensor a = weights[author.below(weights.size())];
    const Tensor b = weights[author.below(weights.size())];
    const std::size_t kind = author.below(4);
    if (kind == 0 && a.rank() == 2 && b.rank() == 2 && a.dim(0) == b.dim(0)) {
      weights.push_back(concat({a, b}, 1));
    } else if (kind == 1 && a.rank() > 0 && a.dim(-1) > 1) {
      weights.push_back(slice(a, -1, 1));
    } else if (kind == 2) {
      weights.push_back(stop_gradient(a));
    } else {
      weights.push_back(tanh(a + author.number()));
    }
  }
  return weights;
}

/// One number of everything the loops gave, or of most of it.
Tensor loss_of(CellAuthor& author, const Tensors& results, DType dtype) {
  Tensor loss = full({}, 0.25, dtype);
  for (const Tensor& t : results) {
    if (!is_floating(t.dtype()) || author.chance(4)) continue;
    if (t.rank() == 3 && t.size() > 0 && author.chance(3)) {  // a head that says which of a few comes next
      const Tensor logits = author.linear({t, 2}).tensor;
      std::vector<std::int32_t> ids(static_cast<std::size_t>(t.dim(0) * t.dim(1)));
      for (std::int32_t& id : ids)
        id = static_cast<std::int32_t>(author.below(static_cast<std::size_t>(logits.dim(2))));
      loss = loss + nn::cross_entropy(logits, tensor(ids, {t.dim(0), t.dim(1)}));
    } else {
      loss = loss + sum(tanh(t) * author.numbers(t.shape(), dtype));
    }
  }
  return loss;
}

/// Everything a step of training gives: the loss, gradients, and what the loops gave. Variables among weights
/// learn, those that are carries hold the state from step to step.
Tensors trained(CellAuthor& author, const Sizes& sizes, const Tensors& weights, const Tensors& carries,
                const Tensors& xs, const std::vector<Variable>& variables,
                const std::vector<Variable>& states) {
  const DType dtype = carries[0].dtype();
  CellAuthor inside(static_cast<unsigned>(author.below(1u << 31u)), prepared(author, weights), weights[0],
                    dtype == DType::float64);
  Pool outside;
  if (inside.chance(2)) {
    outside.push_back({carries[0], 2});
    outside.push_back(inside.linear(outside[0]));
  }
  Tensors sequences = xs;
  for (Tensor& x : sequences) {
    if (x.dtype() == DType::int32 && sizes.embedded) x = take(weights[0], x, 0);
  }
  const ScanBody body = sizes.gated ? inside.gated_body(sizes.gates)
                                    : inside.body(2 + inside.below(14), inside.below(3), 2, outside);
  Carried run = inside.loop(body, carries, sequences, sizes.steps);
  for (std::size_t i = 0; i < states.size(); ++i) states[i].assign(run.carry[i]);
  Tensors results = run.carry;
  results.insert(results.end(), run.ys.begin(), run.ys.end());
  if (!run.ys.empty() && inside.chance(3)) {  // another layer, on what the first one gave
    const Tensors first = inside.chance(2) ? run.carry : carries;
    const bool alike = sizes.gated && sizes.widths[0] == sizes.widths[1];
    const ScanBody above = alike ? body : inside.body(1 + inside.below(6), 1, 0, {});
    run = inside.loop(above, first, run.ys, sizes.steps);
    results.insert(results.end(), run.carry.begin(), run.carry.end());
    results.insert(results.end(), run.ys.begin(), run.ys.end());
  }
  const Tensor loss = loss_of(inside, results, dtype);

  Tensors wrt;
  const bool all = !inside.chance(4);
  for (const Tensors& from : {weights, carries, xs}) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(wrt),
                 [&](const Tensor& t) { return is_floating(t.dtype()) && (all || inside.chance(2)); });
  }
  Tensors gradients = grad(loss, wrt);
  if (inside.chance(40)) {  // gradients of gradients
    Tensor total = full({}, 0, dtype);
    for (const Tensor& d : gradients) total = total + sum(tanh(d) * inside.numbers(d.shape(), dtype));
    const Tensors second = grad(total, wrt);
    gradients.insert(gradients.end(), second.begin(), second.end());
  }
  if (inside.chance(2)) {
    for (std::size_t i = 0; i < wrt.size(); ++i) {
      for (const Variable& variable : variables) {
        if (Tensor(variable).is(wrt[i])) variable.assign(variable - 0.1 * gradients[i]);
      }
    }
  }
  gradients.push_back(loss);
  for (const Tensor& t : results) {
    if (inside.chance(2)) gradients.push_back(t);
  }
  return gradients;
}

}  // namespace

RandomCell random_cell(const CellPlan& plan) {
  CellAuthor author(plan.seed * 2654435761u + 17, {}, {}, true);
  const Sizes sizes = sizes_of(author, plan);
  const Tensors weights = weights_of(author, sizes, plan.dtype);
  const Tensors carries = carries_of(author, sizes, plan.dtype);
  const Tensors xs = sequences_of(author, sizes, weights[0].dim(0), plan.dtype);
  RandomCell cell;
  if (author.chance(3)) {
    for (const Tensor& w : weights) cell.variables.emplace_back(w);
  } else {
    cell.arguments = weights;
  }
  const std::size_t given = cell.arguments.size();
  std::vector<Variable> weight_variables = cell.variables;
  std::vector<Variable> states;
  if (author.chance(4)) {
    for (const Tensor& carry : carries) states.emplace_back(carry);
    cell.variables.insert(cell.variables.end(), states.begin(), states.end());
  } else {
    cell.arguments.insert(cell.arguments.end(), carries.begin(), carries.end());
  }
  const auto held = static_cast<std::ptrdiff_t>(cell.arguments.size());
  cell.arguments.insert(cell.arguments.end(), xs.begin(), xs.end());
  Specs specs;
  for (const Tensor& t : cell.arguments) specs.push_back(t.spec());
  cell.graph = trace(
      [&](const Tensors& inputs) {
        const auto first_carry = inputs.begin() + static_cast<std::ptrdiff_t>(given);
        const auto first_x = inputs.begin() + held;
        Tensors captured(inputs.begin(), first_carry);
        captured.insert(captured.end(), weight_variables.begin(), weight_variables.end());
        Tensors state(first_carry, first_x);
        state.insert(state.end(), states.begin(), states.end());
        return trained(author, sizes, captured, state, {first_x, inputs.end()}, weight_variables, states);
      },
      specs);
  return cell;
}

namespace {

template <class T>
Tensor spoiled(const Tensor& t, std::mt19937& random) {
  const double special[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity()};
  std::vector<T> values = t.to_vector<T>();
  values[random() % values.size()] = static_cast<T>(special[random() % 3]);
  return tensor(values, t.shape());
}

Tensor spoiled(const Tensor& t, std::mt19937& random) {
  if (!is_floating(t.dtype()) || t.size() == 0) return t;
  return t.dtype() == DType::float64 ? spoiled<double>(t, random) : spoiled<float>(t, random);
}

}  // namespace

void spoil(RandomCell& cell, unsigned seed) {
  std::mt19937 random(seed);
  for (std::size_t n = 1 + random() % 2; n > 0; --n) {
    if (!cell.variables.empty() && (cell.arguments.empty() || random() % 2 == 0)) {
      const Variable& variable = cell.variables[random() % cell.variables.size()];
      variable.set(spoiled(variable.value(), random).value());
    } else {
      Tensor& argument = cell.arguments[random() % cell.arguments.size()];
      argument = spoiled(argument, random);
    }
  }
}

bool spoil_ids(RandomCell& cell, unsigned seed) {
  for (Tensor& t : cell.arguments) {
    if (t.dtype() != DType::int32 || t.size() < 2) continue;  // no counter of steps
    std::vector<std::int32_t> ids = t.to_vector<std::int32_t>();
    ids[seed % ids.size()] = seed % 2 == 0 ? -1 : 1000;
    t = tensor(ids, t.shape());
    return true;
  }
  return false;
}

Tensors all_nan(const Tensors& arguments) {
  Tensors result = arguments;
  for (Tensor& t : result) {
    if (is_floating(t.dtype()))
      t = evaluate(full(t.shape(), std::numeric_limits<double>::quiet_NaN(), t.dtype()));
  }
  return result;
}

Tensors nudged(const Tensors& arguments, unsigned way) {
  Tensors result = arguments;
  for (Tensor& t : result) {
    if (!is_floating(t.dtype())) continue;
    const double little = t.dtype() == DType::float64 ? 4 * std::numeric_limits<double>::epsilon()
                                                      : 4 * std::numeric_limits<float>::epsilon();
    const Tensor place = reshape(arange(t.size(), t.dtype()), t.shape());
    t = evaluate(t + t * sin(place * 1.7 + way) * little);
  }
  return result;
}

}  // namespace sluice::test
