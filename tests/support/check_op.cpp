#include "support/check_op.h"

#include <sluice/check/check_op.h>
#include <sluice/check/functions.h>
#include <sluice/check/gradcheck.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/print.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>

#include "support/catch.h"
#include "support/sanitized.h"

namespace sluice::test {

namespace {

Specs specs_of(const Tensors& tensors) {
  Specs specs;
  for (const Tensor& tensor : tensors) specs.push_back(tensor.spec());
  return specs;
}

/// Random inputs that are exact in float32, so that both dtypes start from the same numbers.
Tensors inputs_for(const Sample& sample, const CheckOptions& options) {
  std::mt19937 random(20170611);
  Tensors inputs;
  for (std::size_t i = 0; i < sample.shapes.size(); ++i) {
    std::vector<double> values(static_cast<std::size_t>(sample.shapes[i].size()));
    for (double& value : values) {
      value = options.draw ? options.draw(random, i)
                           : options.low + (options.high - options.low) *
                                               (static_cast<double>(random()) / 4294967296.0);
      value = static_cast<float>(value);
    }
    inputs.push_back(tensor(values, sample.shapes[i]));
  }
  inputs.insert(inputs.end(), sample.fixed.begin(), sample.fixed.end());
  return inputs;
}

std::string text(const Tensors& inputs) {
  std::string result;
  for (const Tensor& input : inputs) result += " " + input.spec().text();
  return result;
}

std::vector<double> elements(const Array& array) {
  std::vector<double> all;
  for (Index i = 0; i < array.shape().size(); ++i) all.push_back(array.element(i));
  return all;
}

std::vector<double> by_formula(const CheckOptions& options, const Arrays& inputs, const Shape& shape) {
  if (options.reference) {
    std::vector<Values> values;
    for (const Array& input : inputs) values.push_back({input.shape(), elements(input)});
    return options.reference(values);
  }
  // Elementwise: an input's element repeats along axes that it lacks or has with length 1.
  std::vector<double> result;
  for (Index at = 0; at < shape.size(); ++at) {
    std::vector<double> arguments;
    for (const Array& input : inputs) {
      Index rest = at;
      Index offset = 0;
      Index stride = 1;
      for (Index back = 1; back <= input.shape().rank(); ++back) {
        const Index length = input.shape()[input.shape().rank() - back];
        const Index i = rest % shape[shape.rank() - back];
        rest /= shape[shape.rank() - back];
        offset += (length == 1 ? 0 : i) * stride;
        stride *= length;
      }
      arguments.push_back(input.element(offset));
    }
    result.push_back(options.scalar(arguments));
  }
  return result;
}

bool has_node(const Tensors& roots, std::string_view name) {
  const auto order = topological_order(roots);
  return std::any_of(order.begin(), order.end(), [&](const Node* node) { return node->op->name() == name; });
}

std::map<std::string, int>& coverage() {
  static std::map<std::string, int> samples;
  return samples;
}

/// Whether the sanitizers look at sample i, too: they take minutes for what others do in seconds.
constexpr bool is_checked(std::size_t i) { return !sanitized || i % 2 == 0; }

/// Returns whether there is a node of this name.
bool check_sample(std::string_view name, const TensorFunction& function, const Tensors& inputs,
                  const CheckOptions& options, std::size_t i) {
  const Graph graph = trace(function, specs_of(inputs));
  const bool found = has_node(graph.outputs, name);
  if (found) REQUIRE_THAT(to_text(graph), contains(std::string(name)));
  if (!is_checked(i)) return found;
  CheckOpOptions checked{.value_tolerance = options.value_tolerance,
                         .gradient = options.gradient,
                         .second_refused = options.second_refused,
                         .float_tolerance = options.float_tolerance};
  if (options.scalar || options.reference) {
    const Shape shape = graph.outputs[0].shape();
    checked.reference = [&options, shape](const Arrays& arguments) {
      return by_formula(options, arguments, shape);
    };
  }
  sluice::check_op(function, inputs, checked);
  return found;
}

}  // namespace

double Values::at(const std::vector<Index>& position) const {
  Index offset = 0;
  Index axis = 0;
  for (const Index i : position) offset = offset * shape[axis++] + i;
  return (*this)[offset];
}

std::vector<double> filled(const Shape& shape, const std::function<double(const std::vector<Index>&)>& f) {
  std::vector<double> values;
  for (Index at = 0; at < shape.size(); ++at) {
    std::vector<Index> position(static_cast<std::size_t>(shape.rank()));
    Index rest = at;
    for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
      position[static_cast<std::size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    values.push_back(f(position));
  }
  return values;
}

Samples unary_samples() {
  return {{{}}, {{1}}, {{0}}, {{7}}, {{2, 3}}, {{3, 1, 2}}, {{2, 0, 3}}, {{1, 2, 1, 5}}, {{70}}};
}

Samples binary_samples() {
  return {{{}, {}},      {{1}, {}},        {{0}, {0}},          {{0}, {1}},          {{2, 3}, {2, 3}},
          {{2, 3}, {3}}, {{2, 1}, {1, 3}}, {{2, 1, 3}, {4, 1}}, {{5}, {2, 2, 1, 1}}, {{}, {2, 0, 3}},
          {{37}, {37}}};
}

void check_op(std::string_view name, const TensorFunction& function, const Samples& samples,
              const CheckOptions& options) {
  int found = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Tensors inputs = inputs_for(samples[i], options);
    INFO("op " << name << " of" << text(inputs));
    try {
      if (check_sample(name, function, inputs, options, i)) ++found;
      // Second derivatives also compiled: many programs, so of some samples only.
      if (options.gradient && options.second_refused.empty() && i % 3 == 1 && is_checked(i))
        gradgradcheck(function, inputs);
    } catch (const Error& error) {
      FAIL(error.what());
    }
  }
  if (options.composite) return;
  INFO("no graph of a sample has a node '" << name << "'");
  REQUIRE(found > 0);
  coverage()[std::string(name)] += found;
}

void check_op(std::string_view name, const std::function<Tensor(const Tensors&)>& function,
              const Samples& samples, const CheckOptions& options) {
  check_op(name, sluice::detail::several(function), samples, options);
}

const std::map<std::string, int>& checked_ops() { return coverage(); }

Spec f32(const Shape& shape) { return {DType::float32, shape}; }
Spec f64(const Shape& shape) { return {DType::float64, shape}; }
Spec i32(const Shape& shape) { return {DType::int32, shape}; }
Spec boolean(const Shape& shape) { return {DType::boolean, shape}; }

void check_error(const TensorFunction& function, const Tensors& inputs, const std::string& expected) {
  INFO("inputs" << text(inputs));
  try {
    evaluate(function(inputs));
  } catch (const Error& error) {
    const std::string what = error.what();
    CHECK_THAT(what, contains(expected));
    CHECK(what.front() == '[');
    CHECK_THAT(what, contains(".cpp:"));
    return;
  }
  FAIL("no error, but this was expected: " << expected);
}

void check_error(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                 const std::string& expected) {
  check_error(sluice::detail::several(function), inputs, expected);
}

void check_error(const TensorFunction& function, const Specs& specs, const std::string& expected) {
  Tensors inputs;
  for (const Spec& spec : specs) inputs.push_back(zeros(spec.shape, spec.dtype));
  check_error(function, inputs, expected);
}

void check_error(const std::function<Tensor(const Tensors&)>& function, const Specs& specs,
                 const std::string& expected) {
  check_error(sluice::detail::several(function), specs, expected);
}

}  // namespace sluice::test
