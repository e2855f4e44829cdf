#include <sluice/check/compiled.h>
#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/check/values.inl>

namespace sluice {

namespace {

using detail::steps;

/// The function followed by its gradients, as in training.
TensorFunction with_gradients(const TensorFunction& function) {
  return [function](const Tensors& inputs) {
    Tensors results = function(inputs);
    Tensors ys;
    Tensors seeds;
    for (const Tensor& y : results) {
      if (!is_floating(y.dtype())) continue;
      ys.push_back(y);
      seeds.push_back(detail::seed_for(y.spec()));
    }
    Tensors wrt;
    std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(wrt),
                 [](const Tensor& x) { return is_floating(x.dtype()); });
    for (const Tensor& gradient : vjp(ys, seeds, wrt)) {
      if (gradient.defined()) results.push_back(gradient);
    }
    return results;
  };
}

/// The subject of a comparison: a function at some arguments, and its description.
struct Compared {
  TensorFunction function;
  Arrays arguments;
  std::string described;
};

/// The graph without writes: values written are compared like any other result.
Graph graph_of(const Compared& comparison) {
  Specs specs;
  for (const Array& argument : comparison.arguments) specs.push_back(argument.spec());
  Graph graph = trace(comparison.function, specs);
  graph.outputs = graph.results();
  graph.writes.clear();
  return graph;
}

void compare(const Graph& graph, const Arrays& expected, const Compared& comparison, std::string_view who) {
  const Tensors arguments(comparison.arguments.begin(), comparison.arguments.end());
  const Tensors got = Program(graph, PassSet::all()).run(arguments, Location{});
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto wrong = detail::difference(got[i].value(), expected[i]);
    if (!wrong) continue;
    throw Error(
        fmt::format("[{}] compiled differs from interpreted: {} of value {} is {:.9g}, interpreted {:.9g} "
                    "({}; values are "
                    "outputs, then gradients); an op's answers to the compiler (at_all_steps, "
                    "sum_over_steps, works_by_rows, "
                    "windows, in_place) or its attributes() are wrong",
                    who, detail::position_text(expected[i].shape(), wrong->element), i, wrong->got,
                    wrong->expected, comparison.described));
  }
}

/// The form of the scan around the function: values of all steps, their sums, or values with a dependence
/// between steps (0 times the previous result is added to the input).
enum class Form { stacked, summed, waiting };

/// The function as the body of a scan: inputs over time come step by step, the others are captured.
class OverTime {
 public:
  OverTime(TensorFunction function, std::vector<bool> over_time, Form form)
      : function_(std::move(function)), over_time_(std::move(over_time)), form_(form) {}

  Compared comparison(const Tensors& inputs, Index shift) const {
    Compared result{
        with_gradients([self = *this](const Tensors& all) { return self.scanned(all); }), {}, text()};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Arrays each;
      for (Index t = 0; t < steps; ++t) each.push_back(detail::rotated(inputs[i].value(), t * shift));
      result.arguments.push_back(over_time_[i] ? detail::stacked(each) : inputs[i].value());
    }
    return result;
  }

 private:
  std::string text() const {
    std::string inputs;
    for (std::size_t i = 0; i < over_time_.size(); ++i) {
      if (over_time_[i]) inputs += fmt::format("{}{}", inputs.empty() ? "" : ", ", i);
    }
    const std::string_view form = form_ == Form::stacked  ? "stacked"
                                  : form_ == Form::summed ? "summed up"
                                                          : "each step waiting for the one before";
    return fmt::format("over {} steps of a scan, input {} over time, {}", steps, inputs, form);
  }

  Tensors scanned(const Tensors& all) const {
    Tensors xs;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (over_time_[i]) xs.push_back(all[i]);
    }
    const Carried run =
        scan([&](const Tensors& c, const Tensors& x) { return step(all, c, x); }, first_carry(all), xs);
    return form_ == Form::summed ? run.carry : run.ys;
  }

  Tensors first_carry(const Tensors& all) const {
    if (form_ == Form::stacked) return {};
    if (form_ == Form::waiting) return {zeros({}, DType::float64)};
    Specs specs;  // of a step; tracing gives those of the results
    for (std::size_t i = 0; i < all.size(); ++i)
      specs.push_back(over_time_[i] ? Spec{all[i].dtype(), all[i].shape().erased(0)} : all[i].spec());
    Tensors sums;
    for (const Tensor& y : trace(function_, specs).outputs) {
      if (is_floating(y.dtype())) sums.push_back(zeros(y.shape(), y.dtype()));
    }
    return sums;
  }

  Carried step(const Tensors& all, const Tensors& carry, const Tensors& xs) const {
    Tensors now;
    auto x = xs.begin();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Tensor& input = over_time_[i] ? *x++ : all[i];
      const bool waits = form_ == Form::waiting && is_floating(input.dtype());
      now.push_back(waits ? input + cast(carry[0], input.dtype()) : input);
    }
    const Tensors ys = function_(now);
    if (form_ == Form::stacked) return {{}, ys};
    Tensors next = form_ == Form::waiting ? carry : Tensors();
    for (const Tensor& y : ys) {
      if (!is_floating(y.dtype())) continue;
      if (form_ == Form::waiting) next[0] = next[0] + 0 * cast(sum(y), DType::float64);
      if (form_ == Form::summed) next.push_back(carry[next.size()] + y);
    }
    return {next, form_ == Form::waiting ? ys : Tensors()};
  }

  TensorFunction function_;
  std::vector<bool> over_time_;
  Form form_;
};

void compare_over_time(const OverTime& scanned, const Tensors& inputs, std::string_view who) {
  for (const Index shift : {1, 0}) {
    const Compared comparison = scanned.comparison(inputs, shift);
    Graph graph;
    Arrays expected;
    try {
      graph = graph_of(comparison);
      expected = Interpreter(graph).run(comparison.arguments);
    } catch (const Error&) {  // not possible in a scan, or refuses rotated elements
      continue;
    }
    return compare(graph, expected, comparison, who);
  }
}

/// All inputs, then each alone.
std::vector<std::vector<bool>> choices(std::size_t count) {
  std::vector<std::vector<bool>> result{std::vector<bool>(count, true)};
  for (std::size_t i = 0; i < count && count > 1; ++i) {
    result.emplace_back(count, false);
    result.back()[i] = true;
  }
  return result;
}

}  // namespace

void check_compiled(const TensorFunction& function, const Tensors& inputs, const char* who, Location where) {
  const detail::Call call(who, where);
  if (!function) {
    throw Error(fmt::format("[{}] takes a function: got an empty one; pass a function of Tensors", who));
  }
  const Tensors values = evaluate(inputs);
  Compared plain{with_gradients(function), {}, "as it is"};
  for (const Tensor& value : values) plain.arguments.push_back(value.value());
  const Graph graph = graph_of(plain);
  compare(graph, Interpreter(graph).run(plain.arguments), plain, who);
  if (values.empty()) return;
  for (const std::vector<bool>& over_time : choices(values.size())) {
    for (const Form form : {Form::stacked, Form::summed, Form::waiting})
      compare_over_time({function, over_time, form}, values, who);
  }
}

}  // namespace sluice
