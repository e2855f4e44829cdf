#include <sluice/check/compiled.h>
#include <sluice/check/functions.h>
#include <sluice/check/op_calls.h>
#include <sluice/check/pass_sets.h>
#include <sluice/check/threads_restored.h>
#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/check/values.inl>

namespace sluice {

namespace {

using detail::steps;

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

/// Throws if the program of some passes gives other values than the interpreter.
void compare(const Graph& graph, const Arrays& expected, const Compared& comparison,
             const detail::NamedSet& passes, std::string_view who) {
  const Tensors arguments(comparison.arguments.begin(), comparison.arguments.end());
  const Tensors got = Program(graph, passes.set).run(arguments, Location{});
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto wrong = detail::difference(got[i].value(), expected[i]);
    if (!wrong) continue;
    throw Error(fmt::format(
        "[{}] compiled differs from interpreted: {} of value {} is {:.9g}, interpreted {:.9g} ({}; values "
        "are "
        "outputs, then gradients; on {} threads, SLUICE_PASSES={}); an op's answers to the compiler "
        "(at_all_steps, sum_over_steps, works_by_rows, windows, in_place) or its attributes() are wrong",
        who, detail::position_text(expected[i].shape(), wrong->element), i, wrong->got, wrong->expected,
        comparison.described, kernels::threads(), passes.name));
  }
}

detail::NamedSet all_passes() { return {"all", PassSet::all()}; }

/// The form of the scan around the function: values of all steps, their sums, or values with a dependence
/// between steps (0 times the previous result is added to the input); that also in reverse, and with one
/// carry kept per two steps.
enum class Form { stacked, summed, waiting, backwards, checkpointed };

std::string_view text_of(Form form) {
  switch (form) {
    case Form::stacked:
      return "stacked";
    case Form::summed:
      return "summed up";
    case Form::waiting:
      return "each step waiting for the one before";
    case Form::backwards:
      return "each step waiting for the one behind";
    case Form::checkpointed:
      return "each step waiting for the one before, with checkpoints";
  }
  return {};
}

/// The function as the body of a scan: inputs over time come step by step, the others are captured.
class OverTime {
 public:
  OverTime(TensorFunction function, std::vector<bool> over_time, Form form)
      : function_(std::move(function)), over_time_(std::move(over_time)), form_(form) {}

  Compared comparison(const Tensors& inputs, Index shift) const {
    Compared result{
        detail::with_gradients([self = *this](const Tensors& all) { return self.scanned(all); }), {}, text()};
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
    return fmt::format("over {} steps of a scan, input {} over time, {}", steps, inputs, text_of(form_));
  }

  Tensors scanned(const Tensors& all) const {
    Tensors xs;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (over_time_[i]) xs.push_back(all[i]);
    }
    const ScanOptions options{.reverse = form_ == Form::backwards,
                              .checkpoint = form_ == Form::checkpointed ? Index{2} : Index{0}};
    const Carried run = scan([&](const Tensors& c, const Tensors& x) { return step(all, c, x); },
                             first_carry(all), xs, options);
    return form_ == Form::summed ? run.carry : run.ys;
  }

  Tensors first_carry(const Tensors& all) const {
    if (form_ == Form::stacked) return {};
    if (waits()) return {zeros({}, DType::float64)};
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
      const bool later = waits() && is_floating(input.dtype());
      now.push_back(later ? input + cast(carry[0], input.dtype()) : input);
    }
    const Tensors ys = function_(now);
    if (form_ == Form::stacked) return {{}, ys};
    Tensors next = waits() ? carry : Tensors();
    for (const Tensor& y : ys) {
      if (!is_floating(y.dtype())) continue;
      if (waits()) next[0] = next[0] + 0 * cast(sum(y), DType::float64);
      if (form_ == Form::summed) next.push_back(carry[next.size()] + y);
    }
    return {next, waits() ? ys : Tensors()};
  }

  bool waits() const { return form_ != Form::stacked && form_ != Form::summed; }

  TensorFunction function_;
  std::vector<bool> over_time_;
  Form form_;
};

void compare_over_time(const OverTime& scanned, const Tensors& inputs,
                       const std::vector<detail::NamedSet>& sets, std::string_view who) {
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
    for (const detail::NamedSet& passes : sets) compare(graph, expected, comparison, passes, who);
    return;
  }
}

/// As it is, on 1, 2 and 3 threads with all passes, then with none and with some that the seed chooses.
void compare_plain(const TensorFunction& function, const Tensors& values, unsigned seed,
                   std::string_view who) {
  const Compared plain{detail::with_gradients(function), detail::arrays_of(values), "as it is"};
  const Graph graph = graph_of(plain);
  const Arrays expected = Interpreter(graph).run(plain.arguments);
  {
    const detail::ThreadsRestored restored;
    for (const int threads : {1, 2, 3}) {
      kernels::set_threads(threads);
      compare(graph, expected, plain, all_passes(), who);
    }
  }
  compare(graph, expected, plain, {"none", PassSet::none()}, who);
  compare(graph, expected, plain, detail::set_of(seed), who);
}

/// All inputs together over time, in all forms and with some passes only, too.
void compare_all_over_time(const TensorFunction& function, const Tensors& values, unsigned seed,
                           std::string_view who) {
  const std::vector<bool> all(values.size(), true);
  for (const Form form : {Form::stacked, Form::summed, Form::waiting, Form::backwards, Form::checkpointed})
    compare_over_time({function, all, form}, values, {all_passes(), detail::set_of(++seed)}, who);
}

/// Each input alone over time.
void compare_each_over_time(const TensorFunction& function, const Tensors& values, std::string_view who) {
  for (std::size_t i = 0; i < values.size() && values.size() > 1; ++i) {
    std::vector<bool> alone(values.size(), false);
    alone[i] = true;
    for (const Form form : {Form::stacked, Form::summed, Form::waiting})
      compare_over_time({function, alone, form}, values, {all_passes()}, who);
  }
}

}  // namespace

void check_compiled(const TensorFunction& function, const Tensors& inputs, const char* who, Location where) {
  const detail::Call call(who, where);
  if (!function) {
    throw Error(fmt::format("[{}] takes a function: got an empty one; pass a function of Tensors", who));
  }
  const Tensors values = evaluate(inputs);
  const unsigned seed = 1;
  compare_plain(function, values, seed, who);
  if (values.empty()) return;
  compare_all_over_time(function, values, seed, who);
  compare_each_over_time(function, values, who);
}

}  // namespace sluice
