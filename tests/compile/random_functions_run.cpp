#include "compile/random_functions_run.h"

#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::test {

namespace {

constexpr double most = 30;         // larger values are tamed before they are used
constexpr double most_kept = 2;     // the same for what Variables and carries hold
constexpr double of_gradients = 8;  // most are smaller
constexpr Index most_elements = 60;

bool is_of_kind(const Tensor& t, char kind) {
  switch (kind) {
    case 'n':
      return is_floating(t.dtype());
    case 'i':
      return t.dtype() == DType::int32;
    case 'm':
      return t.dtype() == DType::boolean;
    default:
      return t.spec() == Spec{DType::int32, {2}};
  }
}

/// A part of it, where it has too many elements or axes to go on with.
Term small(const Term& value) {
  const Tensor& t = value.tensor;
  if (t.size() <= most_elements && t.rank() <= 3) return value;
  if (t.dtype() == DType::boolean) return {sum(cast(t, DType::int32)) > 1};
  if (t.dtype() == DType::int32) return {sum(t)};
  return {sum(t) * 0.1, value.bound * 0.1 * static_cast<double>(t.size())};
}

Term kept_like(const Term& value, const Spec& spec) {
  if (!is_floating(spec.dtype)) return {like(value.tensor, spec)};
  const Term tame = tamed(value, most_kept);
  if (tame.tensor.spec() == spec) return tame;
  return {like(tanh(tame.tensor), spec), most_kept};
}

/// A sequence of `length` steps: the value itself, or the value at every step, each a little different.
Tensor sequence_of(const Term& value, Index length) {
  const Tensor& t = value.tensor;
  if (t.rank() > 0 && t.dim(0) == length) return t;
  const Tensor wide = broadcast_to(t, t.shape().inserted(0, length));
  return wide * distinct(wide.shape(), 0.2, t.dtype());
}

}  // namespace

Tensors FunctionRun::run(const Block& block, const Tensors& arguments, bool opaque) {
  Values values;
  for (std::size_t i = 0; i < arguments.size(); ++i) values[static_cast<int>(i)] = {arguments[i], 2, opaque};
  return lines(block, values);
}

Tensors FunctionRun::lines(const Block& block, Values& values) {
  for (const Line& next : block.lines) line(next, values);
  Tensors results;
  std::string names;
  for (const int number : block.returns) {
    const auto found = values.find(number);
    results.push_back(found == values.end() ? values.at(0).tensor : found->second.tensor);
    names += fmt::format("{}%{}", names.empty() ? "" : ", ", found == values.end() ? 0 : number);
  }
  if (text_ != nullptr) *text_ += fmt::format("{}return {}\n", indent_, names);
  return results;
}

void FunctionRun::line(const Line& line, Values& values) {
  const bool outside = took_opaque_;
  took_opaque_ = false;
  const std::string text = text_of(line);
  if (text_ != nullptr && !line.block.lines.empty()) *text_ += fmt::format("{}{} of\n", indent_, text);
  std::vector<Term> results;
  try {
    indent_ += "  ";
    results = results_of(line, values);
    indent_.resize(indent_.size() - 2);
  } catch (const Error& error) {
    if (text_ != nullptr) *text_ += fmt::format("{}{}  // throws: {}\n", indent_, text, error.what());
    throw;
  }
  std::string given;
  for (std::size_t i = 0; i < results.size(); ++i) {
    Term& result = values[line.value + static_cast<int>(i)] = small(results[i]);
    result.opaque = result.opaque || took_opaque_;
    given += fmt::format("%{} {}, ", line.value + static_cast<int>(i), result.tensor.spec().text());
  }
  if (text_ != nullptr) *text_ += fmt::format("{}{}= {}\n", indent_, given, text);
  took_opaque_ = outside || took_opaque_;
}

std::vector<Term> FunctionRun::results_of(const Line& line, Values& values) {
  switch (line.kind) {
    case Line::Kind::op:
      return op(line, values);
    case Line::Kind::read:
      return read(line);
    case Line::Kind::loss:
      return loss(line, values);
    case Line::Kind::gradient:
      return gradient(line, values);
    case Line::Kind::gradient_of:
      return gradient_of(line, values);
    case Line::Kind::derivative:
      return derivative(line, values);
    case Line::Kind::scan:
      return scan(line, values);
    case Line::Kind::call:
      return call(line, values);
    case Line::Kind::assign:
      return assign(line, values);
    case Line::Kind::swap:
      return swap(line);
    case Line::Kind::count:
      return count();
    case Line::Kind::split_key:
      return split_key();
    case Line::Kind::update:
      return update(line, values);
    default:
      return carry_on(line, values);
  }
}

Term FunctionRun::operand(const Line& line, std::size_t i, char kind, const Values& values) {
  const auto found = i < line.takes.size() ? values.find(line.takes[i]) : values.end();
  if (found != values.end() && is_of_kind(found->second.tensor, kind)) {
    took_opaque_ = took_opaque_ || found->second.opaque;
    return tamed(found->second, most);
  }
  switch (kind) {
    case 'n':
      return values.at(0);
    case 'i':
      return {full({}, 1, DType::int32)};
    case 'm':
      return {tensor({true, false, true})};
    default:
      return {random::key(7)};
  }
}

Term FunctionRun::differentiable(const Line& line, std::size_t i, const Values& values) {
  const auto found = i < line.takes.size() ? values.find(line.takes[i]) : values.end();
  const Term& value = found != values.end() ? found->second : values.at(0);
  return value.opaque ? Term{distinct({2, 3}, line.number, function_.dtype)} : operand(line, i, 'n', values);
}

const Variable& FunctionRun::variable(const Line& line) const {
  const unsigned which = variable_number(line);
  if (which < World::number_count) return world_.numbers[which];
  const std::size_t integer = which - World::number_count;
  if (integer < World::integer_count) return world_.integers[integer];
  return integer == World::integer_count ? world_.mask : world_.key;
}

std::vector<Term> FunctionRun::op(const Line& line, const Values& values) {
  const RandomOp& chosen = random_ops()[line.choice % random_ops().size()];
  RandomOp::Operands operands;
  for (std::size_t i = 0; i < chosen.takes.size(); ++i)
    operands.push_back(operand(line, i, chosen.takes[i], values));
  return {chosen.make(operands, line.number)};
}

std::vector<Term> FunctionRun::read(const Line& line) { return {{variable(line), most_kept}}; }

std::vector<Term> FunctionRun::loss(const Line& line, const Values& values) {
  const Variable& parameter = world_.numbers[line.choice % World::number_count];
  const Term value = differentiable(line, 0, values);
  return {{scalar(tamed(value, most)) + sum(tanh(parameter * (1 + line.number))), of_gradients}};
}

std::vector<Term> FunctionRun::gradient(const Line& line, const Values& values) {
  const Tensor y = scalar(differentiable(line, 0, values));
  const Variable& first = world_.numbers[line.choice % World::number_count];
  if (line.choice % 3 == 0) return {{grad(y, first), of_gradients}};
  const Variable& second = world_.numbers[line.choice / World::number_count % World::number_count];
  const Tensors both = grad(y, {first, second});
  return {{both[0], of_gradients}, {both[1], of_gradients}};
}

std::vector<Term> FunctionRun::gradient_of(const Line& line, const Values& values) {
  const Term wrt = differentiable(line, 1, values);
  return {{grad(scalar(differentiable(line, 0, values)), wrt.tensor), of_gradients}};
}

std::vector<Term> FunctionRun::derivative(const Line& line, const Values& values) {
  const Tensors arguments{differentiable(line, 0, values).tensor, differentiable(line, 1, values).tensor};
  const auto function = [&](const Tensors& given) {
    Values inside = values;
    for (std::size_t i = 0; i < given.size(); ++i)
      inside[line.value + Line::most_values + static_cast<int>(i)] = {given[i], most};
    Block block = line.block;
    block.returns.resize(1);
    return lines(block, inside);
  };
  if (line.choice % 2 == 0) {
    const auto both = value_and_grad(
        [&](const Tensors& given) {
          return scalar({function(given)[0], most});
        },
        arguments);
    return {{both.value, of_gradients}, {both.gradients[0], of_gradients}, {both.gradients[1], of_gradients}};
  }
  const Tensors tangents{sin(arguments[0] * 3), arguments[1] * line.number};
  const auto both = jvp(function, arguments, tangents);
  return {{both.values[0], most + 1}, {both.tangents[0], most + 1}};
}

std::vector<Term> FunctionRun::scan(const Line& line, const Values& values) {
  constexpr Index lengths[] = {0, 1, 2, 4};
  const std::size_t carried_numbers = 1 + line.choice % 2;
  const bool reverse = line.choice / 2 % 2 == 1;
  const Index checkpoint = line.choice / 4 % 4 == 0 ? ScanOptions::automatic : 0;
  const unsigned which = line.choice / 16 % 6;
  const Index length = which < 4 ? lengths[which] : function_.steps;
  Tensors carry{full({}, 2, DType::int32)};
  for (std::size_t i = 0; i < carried_numbers; ++i) {
    const Term first = tamed(operand(line, i, 'n', values), most_kept);
    carry.push_back(first.tensor);
  }
  Tensors xs;
  for (std::size_t i = carried_numbers; i < line.takes.size(); ++i)
    xs.push_back(sequence_of(operand(line, i, 'n', values), length));
  const ScanBody body = [&](const Tensors& c, const Tensors& x) {
    Values inside = values;
    int number = line.value + Line::most_values;
    for (const Tensor& t : c) inside[number++] = {t, most_kept};
    for (const Tensor& t : x) inside[number++] = {t, most};
    const Tensors results = lines(line.block, inside);
    Carried step{{c[0] + 1}, {}};
    for (std::size_t i = 1; i < c.size(); ++i) {
      const auto found = inside.find(i - 1 < line.block.returns.size() ? line.block.returns[i - 1] : -1);
      const bool usable = found != inside.end() && is_of_kind(found->second.tensor, 'n');
      step.carry.push_back(kept_like(usable ? found->second : Term{c[i]}, c[i].spec()).tensor);
    }
    for (std::size_t i = carried_numbers; i < results.size(); ++i) step.ys.push_back(results[i]);
    return step;
  };
  const Carried all = sluice::scan(body, carry, xs, {length, reverse, checkpoint});
  std::vector<Term> results;
  for (const Tensor& t : all.carry) results.push_back({t, most_kept});
  for (const Tensor& t : all.ys) results.push_back({t, most + 1});
  return results;
}

std::vector<Term> FunctionRun::call(const Line& line, const Values& values) {
  if (world_.called.empty()) return {};
  const std::size_t which = line.choice / 2 % world_.called.size();
  const Tensors arguments{operand(line, 0, 'n', values).tensor, operand(line, 1, 'n', values).tensor,
                          full({}, line.number, function_.dtype), operand(line, 2, 'i', values).tensor};
  // As it is, it is a part of this function; compiled, one of its own where this one is called eagerly.
  const bool compiled = line.choice % 2 == 0;
  FunctionRun inlined(function_, world_);
  if (keeps_effects_) inlined.keep_effects();
  const Tensors given =
      compiled ? world_.called[which](arguments) : inlined.run(function_.called[which], arguments);
  for (const Tensor& effect : compiled ? arguments : inlined.effects()) remember(effect);
  std::vector<Term> results;
  for (const Tensor& t : given) {
    if (compiled) remember(t);
    results.push_back({compiled && is_floating(t.dtype()) ? stop_gradient(t) : t, most + 1, compiled});
  }
  remember_variables();
  return results;
}

std::vector<Term> FunctionRun::assign(const Line& line, const Values& values) {
  const Variable& to = variable(line);
  const Spec& spec = to.spec();
  const char kind = is_floating(spec.dtype)        ? 'n'
                    : spec.dtype == DType::boolean ? 'm'
                    : to.is(world_.key)            ? 'k'
                                                   : 'i';
  const Term value = operand(line, 0, kind, values);
  const Tensor fitting = kept_like(value, spec).tensor;
  if (kind == 'n' && line.choice % 3 == 0) {
    to.assign(0.7 * to + 0.3 * fitting);  // a moving average
  } else {
    to.assign(fitting);
  }
  remember_variables();
  return {};
}

std::vector<Term> FunctionRun::swap(const Line& line) {
  const Variable& a = world_.numbers.front();
  const Variable& b = world_.numbers.back();
  const Tensor before = a;
  a.assign(b);
  b.assign(line.choice % 2 == 0 ? before : before * line.number);
  remember_variables();
  return {{before, most_kept}};
}

std::vector<Term> FunctionRun::count() {
  const Variable& counter = world_.integers.front();
  const Tensor before = counter;
  counter.assign(before + 1);
  remember_variables();
  return {{before}};
}

std::vector<Term> FunctionRun::split_key() {
  const Tensors keys = random::split(world_.key);
  world_.key.assign(keys[0]);
  remember_variables();
  return {{keys[1]}};
}

std::vector<Term> FunctionRun::update(const Line& line, const Values& values) {
  optim::Optimizer& optimizer = *world_.optimizers[line.choice % world_.optimizers.size()];
  const Tensor norm = optimizer.update(scalar(differentiable(line, 0, values)));
  remember(norm);
  remember_variables();
  return {{cast(norm, function_.dtype), most + 1, true}};
}

std::vector<Term> FunctionRun::carry_on(const Line& line, const Values& values) {
  const Tensor x = operand(line, 0, 'n', values).tensor;
  const Spec spec{function_.dtype, {function_.steps, 2, 3}};
  const nn::Sequence run = world_.layer(like(x, spec), {.initial = world_.carried.read()});
  world_.carried.assign(run.state);
  remember_variables();
  return {{run.output()}};
}

void FunctionRun::remember(const Tensor& effect) {
  if (keeps_effects_) effects_.push_back(effect);
}

void FunctionRun::remember_variables() {
  if (!keeps_effects_) return;
  for (const Variable& variable : world_.variables()) effects_.push_back(variable);
}

}  // namespace sluice::test
