#include <sluice/check/answers.h>
#include <sluice/check/compiled.h>
#include <sluice/check/functions.h>
#include <sluice/check/gradcheck.h>
#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/check/values.inl>

namespace sluice {

namespace {

/// One element of one of several tensors.
struct Place {
  std::size_t tensor = 0;
  Index element = 0;
};

std::vector<Place> places_of(const Specs& specs) {
  std::vector<Place> places;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!is_floating(specs[i].dtype)) continue;
    for (Index k = 0; k < specs[i].shape.size(); ++k) places.push_back({i, k});
  }
  return places;
}

/// "input 1 [0, 2]"
std::string text(const Specs& specs, const Place& place, std::string_view kind) {
  return fmt::format("{} {} {}", kind, place.tensor,
                     detail::position_text(specs[place.tensor].shape, place.element));
}

Tensors floating(const Tensors& tensors) {
  Tensors result;
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(result),
               [](const Tensor& t) { return is_floating(t.dtype()); });
  return result;
}

/// The vjp for the floating-point inputs, with zeros if there is no dependence.
Tensors pulled_back(const Tensors& ys, const Tensors& dys, const Tensors& xs) {
  const Tensors wrt = floating(xs);
  Tensors gradients = vjp(ys, dys, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = zeros_like(wrt[i]);
  }
  return gradients;
}

double& at(Array& array, Index element) { return array.values<double>()[static_cast<std::size_t>(element)]; }

/// Keeps the worst entry compared.
class Comparison {
 public:
  Comparison(std::string_view mode, const GradcheckOptions& options) : mode_(mode), options_(options) {}

  void add(double analytic, double numeric, std::size_t output, std::size_t input) {
    ++entries_;
    const double error = std::abs(analytic - numeric);
    const double allowed = options_.atol + options_.rtol * std::abs(numeric);
    const bool right = error <= allowed;  // false for NaN
    wrong_ += right ? 0 : 1;
    worst_error_ = std::max(worst_error_, error);
    const double rank = std::isnan(error / allowed) ? HUGE_VAL : error / allowed;
    if (entries_ > 1 && rank <= worst_rank_) return;
    worst_rank_ = rank;
    worst_ = {analytic, numeric};
    output_ = output;
    input_ = input;
  }

  void require(const Specs& outputs, const std::vector<Place>& rows, const Specs& inputs,
               const std::vector<Place>& columns) const {
    if (wrong_ == 0) return;
    throw Error(
        fmt::format("[gradcheck] {} differs from central differences: d {} / d {} is {:.9g}, by differences "
                    "{:.9g}; {} of {} entries are wrong; look at the gradient of the ops on the way",
                    mode_, text(outputs, rows[output_], "output"), text(inputs, columns[input_], "input"),
                    worst_.first, worst_.second, wrong_, entries_));
  }

  double worst_error() const { return worst_error_; }

 private:
  std::string_view mode_;
  const GradcheckOptions& options_;
  Index entries_ = 0;
  Index wrong_ = 0;
  double worst_error_ = 0;
  double worst_rank_ = 0;
  std::pair<double, double> worst_;
  std::size_t output_ = 0;
  std::size_t input_ = 0;
};

/// A running check: the inputs, the differences, and the two modes that are compared with them.
class Check {
 public:
  Check(const TensorFunction& function, const Tensors& inputs, const GradcheckOptions& options)
      : function_(function), options_(options) {
    if (!function) throw Error("[gradcheck] takes a function: got an empty one; pass a function of Tensors");
    if (!(options.eps > 0 && options.rtol >= 0 && options.atol >= 0) || std::isinf(options.eps)) {
      throw Error(fmt::format(
          "[gradcheck] eps must be positive and finite, rtol and atol not negative: got {}, {} and "
          "{}; the defaults suit float64",
          options.eps, options.rtol, options.atol));
    }
    for (const Tensor& input : evaluate(inputs)) {
      if (input.dtype() == DType::float32) {
        throw Error(
            fmt::format("[gradcheck] inputs must be float64 to be varied by {}: got {}; use float64 tensors",
                        options.eps, input.spec().text()));
      }
      arguments_.push_back(input.value().clone());
      in_.push_back(input.spec());
    }
    columns_ = places_of(in_);
    differentiate();
  }

  /// A one-hot seed gives a row of the Jacobian.
  double check_reverse() {
    Specs specs = in_;
    specs.insert(specs.end(), out_.begin(), out_.end());
    const Graph graph = trace(
        [&](const Tensors& all) {
          const Tensors xs(all.begin(), all.begin() + count());
          return pulled_back(function_(xs), Tensors(all.begin() + count(), all.end()), xs);
        },
        specs);
    const Interpreter backward(graph);
    Arrays arguments = extended(specs);
    Comparison comparison("reverse mode", options_);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      double& seed = at(arguments[in_.size() + rows_[row].tensor], rows_[row].element);
      seed = 1;
      const std::vector<double> gradients = results(backward, arguments);
      seed = 0;
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        comparison.add(gradients[column], numeric_[column][row], row, column);
      }
    }
    comparison.require(out_, rows_, in_, columns_);
    check_linear(backward, arguments);
    return comparison.worst_error();
  }

  /// A one-hot tangent gives a column.
  double check_forward() {
    Specs specs = in_;
    std::copy_if(in_.begin(), in_.end(), std::back_inserter(specs),
                 [](const Spec& spec) { return is_floating(spec.dtype); });
    const Graph graph = trace(
        [&](const Tensors& all) {
          const Tensors xs(all.begin(), all.begin() + count());
          const auto of_floating = [&](const Tensors& moved) {
            Tensors full;
            std::size_t next = 0;
            for (const Tensor& x : xs) full.push_back(is_floating(x.dtype()) ? moved[next++] : x);
            return floating(function_(full));
          };
          return jvp(of_floating, floating(xs), Tensors(all.begin() + count(), all.end())).tangents;
        },
        specs);
    const Interpreter forward(graph);
    Arrays arguments = extended(specs);
    Comparison comparison("forward mode", options_);
    std::size_t column = 0;
    for (std::size_t i = in_.size(); i < specs.size(); ++i) {
      for (Index k = 0; k < specs[i].shape.size(); ++k, ++column) {
        at(arguments[i], k) = 1;
        const std::vector<double> tangents = results(forward, arguments);
        at(arguments[i], k) = 0;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
          comparison.add(tangents[row], numeric_[column][row], row, column);
        }
      }
    }
    comparison.require(out_, rows_, in_, columns_);
    return comparison.worst_error();
  }

  /// Checks that compiled and interpreted results agree, and that the ops' answers to the compiler are right.
  void check_compiled_form() const {
    const Tensors inputs(arguments_.begin(), arguments_.end());
    check_answers(trace(function_, in_), inputs, "gradcheck", Location{});
    check_compiled(function_, inputs, "gradcheck", Location{});  // the caller names the line
  }

  /// A seed of irregular numbers of both signs gives the sum of so much of each row.
  void check_linear(const Interpreter& backward, Arrays& arguments) const {
    std::vector<double> seeds;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      seeds.push_back((row % 2 == 0 ? -1 : 1) * (0.5 + 0.25 * static_cast<double>(row % 5)));
      at(arguments[in_.size() + rows_[row].tensor], rows_[row].element) = seeds[row];
    }
    const std::vector<double> gradients = results(backward, arguments);
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      double expected = 0;
      double size = 0;
      for (std::size_t row = 0; row < rows_.size(); ++row) {
        expected += seeds[row] * numeric_[column][row];
        size += std::abs(seeds[row]) * (options_.atol + options_.rtol * std::abs(numeric_[column][row]));
      }
      if (std::abs(gradients[column] - expected) <= size) continue;
      throw Error(
          fmt::format("[gradcheck] a gradient must be linear in dy: for a dy of {:.3g}, {:.3g}, ... that of "
                      "{} is {:.9g}, "
                      "and {:.9g} from the rows of the Jacobian; scale dy only by what does not depend on it",
                      seeds.front(), seeds.size() > 1 ? seeds[1] : 0, text(in_, columns_[column], "input"),
                      gradients[column], expected));
    }
  }

  Index entries() const { return static_cast<Index>(rows_.size() * columns_.size()); }

 private:
  void differentiate() {
    const Graph graph = trace(function_, in_);
    out_ = detail::specs_of(graph.outputs);
    for (const Spec& spec : out_) {
      if (spec.dtype != DType::float32) continue;
      throw Error(fmt::format(
          "[gradcheck] outputs must be float64 to be compared with differences: got {}; make it of float64",
          spec.text()));
    }
    rows_ = places_of(out_);
    constexpr std::size_t most_entries = 100'000'000;
    if (rows_.size() * columns_.size() > most_entries) {
      throw Error(fmt::format(
          "[gradcheck] a Jacobian has at most {} entries here: got {} times {}; use smaller inputs",
          most_entries, rows_.size(), columns_.size()));
    }
    const Interpreter function(graph);
    for (const Place& column : columns_) {
      double& x = at(arguments_[column.tensor], column.element);
      const double middle = x;
      x = middle + options_.eps;
      const std::vector<double> above = results(function, arguments_);
      x = middle - options_.eps;
      const std::vector<double> below = results(function, arguments_);
      x = middle;
      std::vector<double>& differences = numeric_.emplace_back();
      for (std::size_t row = 0; row < rows_.size(); ++row) {
        differences.push_back((above[row] - below[row]) / (2 * options_.eps));
      }
    }
  }

  /// The floating-point results, copied at once: a result may share the memory of an argument.
  static std::vector<double> results(const Interpreter& interpreter, const Arrays& arguments) {
    std::vector<double> elements;
    for (const Array& array : interpreter.run(arguments)) {
      if (!is_floating(array.dtype())) continue;
      for (Index k = 0; k < array.shape().size(); ++k) elements.push_back(array.element(k));
    }
    return elements;
  }

  std::ptrdiff_t count() const { return static_cast<std::ptrdiff_t>(in_.size()); }

  /// The arguments, followed by zeros of the remaining specs.
  Arrays extended(const Specs& specs) const {
    Arrays arguments = arguments_;
    for (std::size_t i = in_.size(); i < specs.size(); ++i) {
      arguments.push_back(zeros(specs[i].shape, specs[i].dtype).value().clone());
    }
    return arguments;
  }

  const TensorFunction& function_;
  const GradcheckOptions& options_;
  Arrays arguments_;
  Specs in_;
  Specs out_;
  std::vector<Place> columns_;                // the floating-point elements of the inputs
  std::vector<Place> rows_;                   // and of the outputs
  std::vector<std::vector<double>> numeric_;  // by column, then row
};

GradcheckReport checked(const TensorFunction& function, const Tensors& inputs,
                        const GradcheckOptions& options) {
  Check check(function, inputs, options);
  const double reverse = check.check_reverse();
  const double forward = options.jvp ? check.check_forward() : 0;
  if (options.compiled) check.check_compiled_form();
  return {check.entries(), std::max(reverse, forward)};
}

}  // namespace

GradcheckReport gradcheck(const TensorFunction& function, const Tensors& inputs,
                          const GradcheckOptions& options, Location where) {
  const detail::Call call("gradcheck", where);
  return checked(function, inputs, options);
}

GradcheckReport gradcheck(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                          const GradcheckOptions& options, Location where) {
  return gradcheck(detail::several(function), inputs, options, where);
}

GradcheckReport gradgradcheck(const TensorFunction& function, const Tensors& inputs,
                              const GradcheckOptions& options, Location where) {
  const detail::Call call("gradgradcheck", where);
  Tensors with_seeds = inputs;
  const Graph graph = trace(function, detail::specs_of(inputs));
  for (const Tensor& y : floating(graph.outputs)) with_seeds.push_back(detail::seed_for(y.spec()));
  const auto split = static_cast<std::ptrdiff_t>(inputs.size());
  const auto gradients = [&](const Tensors& all) {
    const Tensors xs(all.begin(), all.begin() + split);
    return pulled_back(floating(function(xs)), Tensors(all.begin() + split, all.end()), xs);
  };
  return checked(gradients, with_seeds, options);
}

GradcheckReport gradgradcheck(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                              const GradcheckOptions& options, Location where) {
  return gradgradcheck(detail::several(function), inputs, options, where);
}

}  // namespace sluice
