#include <sluice/check/answers.h>
#include <sluice/check/check_op.h>
#include <sluice/check/compiled.h>
#include <sluice/check/functions.h>
#include <sluice/check/gradcheck.h>
#include <sluice/check/op_calls.h>
#include <sluice/check/partial_gradients.h>
#include <sluice/check/pass_sets.h>
#include <sluice/check/runs.h>
#include <sluice/compile/program.h>
#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/check/values.inl>

namespace sluice {

namespace {

Tensors as_float32(const Tensors& tensors) {
  Tensors result;
  for (const Tensor& x : tensors) {
    if (x.dtype() != DType::float64) {
      result.push_back(x);
      continue;
    }
    Array array(Spec{DType::float32, x.shape()});
    const auto from = x.value().values<double>();
    std::transform(from.begin(), from.end(), array.values<float>().begin(),
                   [](double value) { return static_cast<float>(value); });
    result.emplace_back(std::move(array));
  }
  return result;
}

/// A running check of one function at some inputs.
class OpCheck {
 public:
  OpCheck(TensorFunction function, const Tensors& inputs, const CheckOpOptions& options)
      : function_(std::move(function)), options_(options) {
    if (!function_) throw Error("[check_op] takes a function: got an empty one; pass a function of Tensors");
    for (const Tensor& input : evaluate(inputs)) {
      if (input.dtype() == DType::float32) {
        throw Error(
            fmt::format("[check_op] inputs must be float64, of which it makes float32 itself: got {}; use "
                        "float64 tensors",
                        input.spec().text()));
      }
      inputs_.push_back(input);
    }
    full_ = options.gradient ? detail::with_gradients(function_) : function_;
  }

  CheckOpReport run() {
    const Specs specs = detail::specs_of(inputs_);
    const Graph graph = trace(full_, specs);
    if (options_.isolated) detail::check_memory(graph, inputs_, who);
    check_ops(graph, inputs_);
    detail::check_callers(graph, inputs_, who);
    check_others();
    check_value();
    check_bits(graph, inputs_);
    if (options_.float32) check_float32();
    check_loops();
    if (options_.gradient) check_derivatives();
    return report_;
  }

 private:
  static constexpr const char* who = "check_op";

  static void check_ops(const Graph& graph, const Tensors& inputs) {
    detail::check_purity(graph, inputs, who);
    detail::check_threads(graph, inputs, who);
    check_answers(graph, inputs, who, Location{});
    detail::check_partial_gradients(graph, inputs, who);
  }

  void check_others() const {
    std::vector<Graph> graphs{trace(function_, detail::specs_of(inputs_))};
    for (const auto& other : options_.others)
      graphs.push_back(trace(detail::several(other), detail::specs_of(inputs_)));
    detail::check_attributes(graphs, inputs_, who);
  }

  /// Those of the interpreter. Variables stay as they are.
  static Arrays values_of(const Graph& graph, const Tensors& inputs) {
    Graph values;
    values.inputs = graph.inputs;
    values.outputs = graph.outputs;
    return Interpreter(values).run(detail::arrays_of(inputs), Location{});
  }

  void check_value() {
    if (!options_.reference) return;
    const std::vector<double> expected = options_.reference(detail::arrays_of(inputs_));
    const Arrays values = values_of(trace(function_, detail::specs_of(inputs_)), inputs_);
    std::size_t count = 0;
    for (const Array& value : values) count += static_cast<std::size_t>(value.shape().size());
    if (count != expected.size()) {
      throw Error(
          fmt::format("[check_op] a reference gives all elements of all outputs: got {} numbers for {}; "
                      "return one per element",
                      expected.size(), count));
    }
    auto wanted = expected.begin();
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (Index k = 0; k < values[i].shape().size(); ++k, ++wanted) {
        const double got = values[i].element(k);
        require_close(got, *wanted, options_.value_tolerance, "correct run, or the reference", [&] {
          return fmt::format("the reference gives {:.17g} at {} of output {}, and the op {:.17g}", *wanted,
                             detail::position_text(values[i].shape(), k), i, got);
        });
      }
    }
    report_.values = static_cast<Index>(count);
  }

  template <class Text>
  static void require_close(double got, double expected, double tolerance, std::string_view advice,
                            const Text& text) {
    if (got == expected || (std::isnan(got) && std::isnan(expected))) return;
    if (std::isfinite(expected) && std::abs(got - expected) <= tolerance * (1 + std::abs(expected))) return;
    throw Error(fmt::format("[check_op] {}, which differs by more than {:g}; {}", text(), tolerance, advice));
  }

  /// Each op by itself has the bits of the interpreter, compiled with all passes and with none. Of several ops
  /// together, or of those that an op is made of, passes may add up in another order.
  static void check_bits(const Graph& graph, const Tensors& inputs) {
    for (const detail::OpCall& call : detail::op_calls(graph, inputs)) {
      const Tensors operands(call.inputs.begin(), call.inputs.end());
      if (!call.op().decompose(operands).empty()) continue;
      const auto alone = [&](const Tensors& x) { return outputs_of(make(call.node->op, x, Location{})); };
      const Graph of_op = trace(alone, call.specs());
      const Arrays expected = Interpreter(of_op).run(call.inputs);
      for (const detail::NamedSet& passes :
           {detail::NamedSet{"all", PassSet::all()}, detail::NamedSet{"none", PassSet::none()}}) {
        const Tensors got = Program(of_op, passes.set).run(operands, Location{});
        for (std::size_t i = 0; i < expected.size(); ++i)
          require_bits(call, got[i].value(), expected[i], i, passes.name);
      }
    }
  }

  static void require_bits(const detail::OpCall& call, const Array& got, const Array& expected,
                           std::size_t output, const std::string& passes) {
    for (Index k = 0; k < expected.shape().size(); ++k) {
      if (got.element(k) == expected.element(k)) continue;
      if (std::isnan(got.element(k)) && std::isnan(expected.element(k))) continue;
      throw Error(
          fmt::format("[check_op] {} compiled must have the bits of the interpreter: {} of output {} is "
                      "{:.17g}, interpreted "
                      "{:.17g} (SLUICE_PASSES={}); run_in computes what run does, for any part of the "
                      "rows",
                      call.text(), detail::position_text(expected.shape(), k), output, got.element(k),
                      expected.element(k), passes));
    }
  }

  void check_float32() const {
    const Tensors single = as_float32(inputs_);
    try {
      const Graph graph = trace(full_, detail::specs_of(single));
      check_ops(graph, single);
      const Arrays got = values_of(graph, single);
      const Arrays expected = values_of(trace(full_, detail::specs_of(inputs_)), inputs_);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        for (Index k = 0; k < expected[i].shape().size(); ++k) {
          const double value = got[i].element(k);
          const double wanted = expected[i].element(k);
          require_close(value, wanted, options_.float_tolerance,
                        "compute more exactly, or set float_tolerance", [&] {
                          return fmt::format(
                              "float64 gives {:.9g} at {} of value {} (outputs, then gradients), and float32 "
                              "{:.9g}",
                              wanted, detail::position_text(expected[i].shape(), k), i, value);
                        });
        }
      }
    } catch (Error& error) {
      error.add(
          "; with f32 in place of f64 inputs: cast what the function captures to the dtype of an input, or "
          "set "
          "float32 = false");
      throw;
    }
  }

  using Check = std::function<void(const TensorFunction&, const Tensors&)>;

  /// The function without gradients.
  static TensorFunction stopped(const TensorFunction& f) {
    return [f](const Tensors& x) {
      Tensors ys = f(x);
      for (Tensor& y : ys) y = stop_gradient(y);
      return ys;
    };
  }

  void check_loops() const {
    const Check compiled = [this](const TensorFunction& f, const Tensors& x) {
      check_compiled(options_.gradient ? f : stopped(f), x, who, Location{});
    };
    naming_op(compiled, compiled, "mend its answers to the compiler, or its attributes");
  }

  void check_derivatives() {
    // Forward mode differentiates the gradient.
    const GradcheckOptions first{.jvp = options_.second_refused.empty(), .compiled = false};
    const Check of_op = [&](const TensorFunction& f, const Tensors& x) {
      gradcheck(f, x, first, Location{});
    };
    naming_op([&](auto& f, auto& x) { report_.first = gradcheck(f, x, first, Location{}).entries; }, of_op,
              "mend its gradient");
    try {
      const GradcheckOptions second{.rtol = 1e-3, .atol = 1e-6, .jvp = false, .compiled = false};
      naming_op([&](auto& f, auto& x) { report_.second = gradgradcheck(f, x, second, Location{}).entries; },
                of_op, "mend its gradient, which is used in that of another op");
    } catch (const Error& error) {
      const std::string& text = options_.second_refused;
      if (text.empty() || std::string_view(error.what()).find(text) == std::string_view::npos) throw;
      return;
    }
    if (options_.second_refused.empty()) return;
    throw Error(
        fmt::format("[check_op] second derivatives must be refused with \"{}\": got {} that are right; leave "
                    "second_refused empty",
                    options_.second_refused, report_.second));
  }

  /// Runs a check of the function. If it fails, a check of each op alone tells which is wrong.
  void naming_op(const Check& check, const Check& of_op, std::string_view advice) const {
    try {
      check(function_, inputs_);
    } catch (Error& error) {
      const Graph graph = trace(full_, detail::specs_of(inputs_));
      for (const detail::OpCall& call : detail::op_calls(graph, inputs_)) {
        if (call.op().stops_gradients()) continue;
        const TensorFunction alone = [op = call.node->op](const Tensors& x) {
          return outputs_of(make(op, x, Location{}));
        };
        try {
          of_op(alone, Tensors(call.inputs.begin(), call.inputs.end()));
        } catch (const Error&) {
          error.add(fmt::format("; found in {} alone: {}", call.text(), advice));
          break;
        }
      }
      throw;
    }
  }

  TensorFunction function_;
  TensorFunction full_;  // with gradients, if there are any
  const CheckOpOptions& options_;
  Tensors inputs_;
  CheckOpReport report_;
};

}  // namespace

CheckOpReport check_op(const TensorFunction& function, const Tensors& inputs, const CheckOpOptions& options,
                       Location where) {
  const detail::Call call("check_op", where);
  return OpCheck(function, inputs, options).run();
}

CheckOpReport check_op(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                       const CheckOpOptions& options, Location where) {
  return check_op(detail::several(function), inputs, options, where);
}

}  // namespace sluice
