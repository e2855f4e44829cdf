#include "support/check_op.h"

#include <sluice/check/answers.h>
#include <sluice/check/gradcheck.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "support/catch.h"
#include "support/run_compiled.h"

namespace sluice::test {

namespace {

Tensor as(DType dtype, const Tensor& x) {
  if (!is_floating(x.dtype()) || x.dtype() == dtype) return x;
  Array array(Spec{dtype, x.shape()});
  with_type(dtype, [&](auto type) {
    using T = decltype(type);
    auto values = array.values<T>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<T>(x.value().element(static_cast<Index>(i)));
    }
  });
  return Tensor(std::move(array));
}

Tensors as(DType dtype, const Tensors& tensors) {
  Tensors result;
  for (const Tensor& tensor : tensors) result.push_back(as(dtype, tensor));
  return result;
}

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

std::vector<double> elements(const Tensors& tensors) {
  std::vector<double> all;
  for (const Tensor& tensor : tensors) {
    for (Index i = 0; i < tensor.size(); ++i) all.push_back(tensor.value().element(i));
  }
  return all;
}

void require_close(const std::vector<double>& got, const std::vector<double>& expected, double rtol,
                   double atol, std::string_view what) {
  INFO(what);
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]))) continue;
    if (std::abs(got[i] - expected[i]) <= atol + rtol * std::abs(expected[i])) continue;
    FAIL(fmt::format("element {} is {:.17g} but {:.17g} was expected", i, got[i], expected[i]));
  }
}

std::vector<double> by_formula(const CheckOptions& options, const Tensors& inputs, const Tensors& outputs) {
  if (options.reference) {
    std::vector<Values> values;
    for (const Tensor& input : inputs) values.push_back({input.shape(), elements({input})});
    return options.reference(values);
  }
  // Elementwise: an input's element repeats along axes that it lacks or has with length 1.
  const Shape& shape = outputs[0].shape();
  std::vector<double> result;
  for (Index at = 0; at < shape.size(); ++at) {
    std::vector<double> arguments;
    for (const Tensor& input : inputs) {
      Index rest = at;
      Index offset = 0;
      Index stride = 1;
      for (Index back = 1; back <= input.rank(); ++back) {
        const Index length = input.shape()[input.rank() - back];
        const Index i = rest % shape[shape.rank() - back];
        rest /= shape[shape.rank() - back];
        offset += (length == 1 ? 0 : i) * stride;
        stride *= length;
      }
      arguments.push_back(input.value().element(offset));
    }
    result.push_back(options.scalar(arguments));
  }
  return result;
}

/// The function followed by its vjp with fixed seeds: what training runs.
TensorFunction with_gradients(const TensorFunction& function) {
  return [function](const Tensors& inputs) {
    Tensors results = function(inputs);
    Tensors seeds;
    for (const Tensor& y : results) {
      std::vector<double> values;
      for (Index i = 0; i < y.size(); ++i) values.push_back(0.5 + 0.125 * static_cast<double>((i * 5) % 8));
      seeds.push_back(is_floating(y.dtype()) ? as(y.dtype(), tensor(values, y.shape())) : Tensor());
    }
    Tensors wrt;
    std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(wrt),
                 [](const Tensor& t) { return is_floating(t.dtype()); });
    for (const Tensor& gradient : vjp(results, seeds, wrt)) {
      if (gradient.defined()) results.push_back(gradient);
    }
    return results;
  };
}

bool has_node(const Tensors& roots, std::string_view name) {
  const auto order = topological_order(roots);
  return std::any_of(order.begin(), order.end(), [&](const Node* node) { return node->op->name() == name; });
}

std::map<std::string, int>& coverage() {
  static std::map<std::string, int> samples;
  return samples;
}

/// Returns whether there is a node of this name.
bool check_sample(std::string_view name, const TensorFunction& function, const Tensors& inputs,
                  const CheckOptions& options) {
  const Graph graph = trace(function, specs_of(inputs));
  const bool found = has_node(graph.outputs, name);
  if (found) REQUIRE_THAT(to_text(graph), contains(std::string(name)));
  const Tensors outputs = evaluate(graph, inputs);
  if (options.scalar || options.reference) {
    require_close(elements(outputs), by_formula(options, inputs, outputs), options.value_tolerance,
                  options.value_tolerance, "float64 value against the formula");
  }

  const TensorFunction full = options.gradient ? with_gradients(function) : function;
  const Tensors single = as(DType::float32, inputs);
  const Graph graph32 = trace(full, specs_of(single));
  const Tensors got = evaluate(graph32, single);
  const Graph graph64 = trace(full, specs_of(inputs));
  require_close(elements(got), elements(evaluate(graph64, inputs)), options.float_tolerance,
                options.float_tolerance, "float32 value and gradients against float64");
  require_close(elements(run_compiled(graph32, single)), elements(got), 1e-5, 1e-6,
                "compiled against interpreted");

  check_answers(graph64, inputs);
  check_answers(graph32, single);

  if (options.gradient) {
    gradcheck(function, inputs);
    gradgradcheck(function, inputs);
  }
  return found;
}

TensorFunction several(const std::function<Tensor(const Tensors&)>& function) {
  return [function](const Tensors& inputs) { return Tensors{function(inputs)}; };
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
  for (const Sample& sample : samples) {
    const Tensors inputs = inputs_for(sample, options);
    INFO("op " << name << " of" << text(inputs));
    try {
      if (check_sample(name, function, inputs, options)) ++found;
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
  check_op(name, several(function), samples, options);
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
  check_error(several(function), inputs, expected);
}

void check_error(const TensorFunction& function, const Specs& specs, const std::string& expected) {
  Tensors inputs;
  for (const Spec& spec : specs) inputs.push_back(zeros(spec.shape, spec.dtype));
  check_error(function, inputs, expected);
}

void check_error(const std::function<Tensor(const Tensors&)>& function, const Specs& specs,
                 const std::string& expected) {
  check_error(several(function), specs, expected);
}

}  // namespace sluice::test
