#include <sluice/check/answers.h>
#include <sluice/check/op_calls.h>
#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/guard.h>
#include <sluice/check/values.inl>

#include <set>

namespace sluice {

namespace {

using detail::steps;

/// An op with values for its inputs, and the checks of its answers.
class Examined {
 public:
  Examined(const detail::OpCall& call, std::string_view who)
      : call_(call), op_(call.op()), inputs_(call.inputs), who_(who), specs_(call.specs()) {
    outputs_ = run(inputs_, op_.infer(specs_));
  }

  void check() const {
    check_same_as_input();
    check_windows();
    check_in_place();
    check_moves();
    check_keeping_zeros();
    check_decomposed();
    for (const std::vector<bool>& chosen : choices(inputs_.size())) {
      check_rows(chosen);
      check_steps(chosen);
    }
  }

 private:
  /// Every choice of operands but none; of more than five, each alone and all together.
  static std::vector<std::vector<bool>> choices(std::size_t count) {
    std::vector<std::vector<bool>> result;
    if (count > 5) {
      result.emplace_back(count, true);
      for (std::size_t i = 0; i < count; ++i) result.emplace_back(count, false)[i] = true;
      return result;
    }
    for (unsigned bits = 1; bits < 1u << count; ++bits) {
      std::vector<bool>& chosen = result.emplace_back();
      for (std::size_t i = 0; i < count; ++i) chosen.push_back((bits >> i & 1u) != 0);
    }
    return result;
  }

  Arrays run(const Arrays& inputs, const Specs& outputs) const {
    Arrays results;
    for (const Spec& spec : outputs) results.emplace_back(spec, Location{});
    detail::run_op(call_, inputs, detail::mutable_views(results));
    return results;
  }

  [[noreturn]] void fail(std::string_view answer, const std::string& what) const {
    throw Error(
        fmt::format("[{}] what an op answers to the compiler must be what it does: {} of {} {}; "
                    "mend it, or leave it to its default (graph/op.h)",
                    who_, answer, call_.text(), what));
  }

  void require(std::string_view answer, const Array& got, const Array& expected, std::size_t output) const {
    if (got.spec() != expected.spec()) {
      fail(answer, fmt::format("gives {} where {} is meant", got.spec().text(), expected.spec().text()));
    }
    const auto wrong = detail::difference(got, expected);
    if (!wrong) return;
    fail(answer,
         fmt::format("gives {:.9g} at {} of output {} where run gives {:.9g}", wrong->got,
                     detail::position_text(expected.shape(), wrong->element), output, wrong->expected));
  }

  void check_steps(const std::vector<bool>& over_time) const {
    Arrays together;
    std::vector<Arrays> by_step;
    try {
      by_step = run_steps(over_time, 1, together);
    } catch (const Error&) {  // the op refuses the rotated elements
      by_step = run_steps(over_time, 0, together);
    }
    const Tensors sequences(together.begin(), together.end());
    try {
      compare_steps(sequences, over_time, by_step);
    } catch (Error& error) {
      error.add(fmt::format("; in at_all_steps or sum_over_steps of '{}'", op_.name()));
      throw;
    }
  }

  void compare_steps(const Tensors& sequences, const std::vector<bool>& over_time,
                     const std::vector<Arrays>& by_step) const {
    const Tensors all = op_.at_all_steps(sequences, over_time);
    if (!all.empty() && all.size() != outputs_.size()) {
      fail("at_all_steps", fmt::format("gives {} outputs where there are {}", all.size(), outputs_.size()));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      Arrays each;
      for (const Arrays& outputs : by_step) each.push_back(outputs[i]);
      require("at_all_steps", evaluate(all[i], Location{}).value(), detail::stacked(each), i);
    }
    const Tensor sum = op_.sum_over_steps(sequences, over_time);
    if (!sum.defined()) return;
    require("sum_over_steps", evaluate(sum, Location{}).value(), sum_of(by_step), 0);
  }

  /// The outputs of every step, and in `together` the inputs of all steps, with time for those that change.
  std::vector<Arrays> run_steps(const std::vector<bool>& over_time, Index shift, Arrays& together) const {
    together = inputs_;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (!over_time[i]) continue;
      Arrays each;
      for (Index t = 0; t < steps; ++t) each.push_back(detail::rotated(inputs_[i], t * shift));
      together[i] = detail::stacked(each);
    }
    std::vector<Arrays> by_step;
    for (Index t = 0; t < steps; ++t) {
      Arrays now = inputs_;
      for (std::size_t i = 0; i < now.size(); ++i) {
        if (over_time[i]) now[i] = detail::rotated(inputs_[i], t * shift);
      }
      by_step.push_back(run(now, op_.infer(specs_)));
    }
    return by_step;
  }

  static Array sum_of(const std::vector<Arrays>& by_step) {
    Array sum = by_step[0][0].clone();
    with_type(sum.dtype(), [&](auto type) {
      using T = decltype(type);
      auto total = sum.values<T>();
      for (std::size_t t = 1; t < by_step.size(); ++t) {
        const auto term = by_step[t][0].values<T>();
        for (std::size_t k = 0; k < total.size(); ++k) total[k] = static_cast<T>(total[k] + term[k]);
      }
    });
    return sum;
  }

  /// Rows [first, first + count).
  static Array some_rows(const Array& array, Index first, Index count) {
    Array result(Spec{array.dtype(), array.shape().with(0, count)});
    const std::size_t row = array.bytes() / static_cast<std::size_t>(array.shape()[0]);
    const auto* from = static_cast<const std::byte*>(array.data());
    if (result.bytes() > 0)
      std::memcpy(result.data(), from + static_cast<std::size_t>(first) * row, result.bytes());
    return result;
  }

  void check_rows(const std::vector<bool>& by_rows) const {
    Index rows = -1;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (!by_rows[i]) continue;
      const Shape& shape = specs_[i].shape;
      if (shape.rank() == 0 || (rows >= 0 && shape[0] != rows)) return;  // never asked
      rows = shape[0];
    }
    if (rows < 2 || !op_.works_by_rows(specs_, by_rows)) return;
    for (const Array& output : outputs_) {
      if (output.shape().rank() == 0 || output.shape()[0] != rows) {
        fail("works_by_rows",
             fmt::format("says yes to {} rows, and the output is {}", rows, output.spec().text()));
      }
    }
    const Index middle = rows / 2;
    for (const auto& [first, count] : {std::pair{Index{0}, middle}, std::pair{middle, rows - middle}}) {
      // As in a program: the views have the number of rows, and the op is the one made for all of them.
      Arrays part = inputs_;
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (by_rows[i]) part[i] = some_rows(inputs_[i], first, count);
      }
      Specs specs;
      for (const Array& output : outputs_) specs.push_back({output.dtype(), output.shape().with(0, count)});
      const Arrays got = run(part, specs);
      for (std::size_t i = 0; i < got.size(); ++i)
        require("works_by_rows", got[i], some_rows(outputs_[i], first, count), i);
    }
  }

  /// Whether `part` is the view of `whole` that the window describes.
  static bool lies_in(const Array& part, const Array& whole, const Window& window) {
    const Index columns = part.shape().rank() == 0 ? 1 : part.shape().back();
    const Index rows = columns == 0 ? 0 : part.shape().size() / columns;
    const std::size_t element = size_of(part.dtype());
    const auto at = [&](const Array& array, Index i) {
      return static_cast<const std::byte*>(array.data()) + static_cast<std::size_t>(i) * element;
    };
    for (Index row = 0; row < rows; ++row) {
      const Index there = window.offset + row * window.row_stride;
      if (there < 0 || there + columns > whole.shape().size()) return false;
      if (std::memcmp(at(part, row * columns), at(whole, there),
                      static_cast<std::size_t>(columns) * element) != 0)
        return false;
    }
    return true;
  }

  void check_same_as_input() const {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const auto input = op_.same_as_input(i);
      if (!input) continue;
      const Array& output = outputs_[i];
      if (*input < inputs_.size() && inputs_[*input].spec() == output.spec() &&
          (output.bytes() == 0 || std::memcmp(inputs_[*input].data(), output.data(), output.bytes()) == 0))
        continue;
      fail("same_as_input", fmt::format("says that output {} is input {}, and it is not", i, *input));
    }
  }

  void check_windows() const {
    const auto require_place = [&](std::string_view answer, const Array& part, const Array& whole,
                                   const Window& window) {
      if (part.dtype() == whole.dtype() && lies_in(part, whole, window)) return;
      fail(answer,
           fmt::format("says that {} lies in {}, from element {} on with {} between rows, and it does not",
                       part.spec().text(), whole.spec().text(), window.offset, window.row_stride));
    };
    if (inputs_.size() == 1 && outputs_.size() == 1) {
      if (const auto window = op_.window_in_input(specs_[0]))
        require_place("window_in_input", outputs_[0], inputs_[0], *window);
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (const auto window = op_.window_in_output(specs_, i))
        require_place("window_in_output", inputs_[i], outputs_[0], *window);
    }
  }

  void check_in_place() const {
    for (std::size_t i = 0; i < inputs_.size() && op_.in_place(); ++i) {
      if (specs_[i] != outputs_[0].spec()) continue;
      Array both = inputs_[i].clone();
      Arrays from = inputs_;
      from[i] = both;
      Arrays results = detail::filled_outputs(call_.node->outputs, 0);
      results[0] = both;
      detail::run_op(call_, from, detail::mutable_views(results));
      require("in_place", both, outputs_[0], 0);
    }
  }

  /// Every element of an output is, bit for bit, an element of an input.
  void check_moves() const {
    if (!op_.only_moves()) return;
    std::set<std::string> elements;
    const auto at = [](const Array& array, Index k) {
      const std::size_t size = size_of(array.dtype());
      return std::string(static_cast<const char*>(array.data()) + static_cast<std::size_t>(k) * size, size);
    };
    for (const Array& input : inputs_) {
      for (Index k = 0; k < input.shape().size(); ++k) elements.insert(at(input, k));
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      for (Index k = 0; k < outputs_[i].shape().size(); ++k) {
        if (elements.contains(at(outputs_[i], k)) || outputs_[i].element(k) == 0) continue;
        fail("only_moves",
             fmt::format(
                 "says that elements are moved only, and {:.9g} at {} of output {} is none of the inputs'",
                 outputs_[i].element(k), detail::position_text(outputs_[i].shape(), k), i));
      }
    }
  }

  /// The form that keeps zeros has the op's values where these are finite.
  void check_keeping_zeros() const {
    const auto finite = [](const Array& array) {
      for (Index k = 0; k < array.shape().size(); ++k) {
        if (!std::isfinite(array.element(k))) return false;
      }
      return true;
    };
    const Tensors inputs(inputs_.begin(), inputs_.end());
    for (std::size_t i = 0; i < inputs.size() && finite(outputs_[0]); ++i) {
      if (!is_floating(specs_[i].dtype)) continue;
      const Tensor keeping = op_.keeping_zeros(inputs, i);
      if (keeping.defined()) require("keeping_zeros", evaluate(keeping, Location{}).value(), outputs_[0], 0);
    }
  }

  /// The ops that programs hold in place of this one compute what it does.
  void check_decomposed() const {
    const Tensors parts = op_.decompose(Tensors(inputs_.begin(), inputs_.end()));
    if (!parts.empty() && parts.size() != outputs_.size())
      fail("decompose", fmt::format("gives {} outputs where there are {}", parts.size(), outputs_.size()));
    for (std::size_t i = 0; i < parts.size(); ++i)
      require("decompose", evaluate(parts[i], Location{}).value(), outputs_[i], i);
  }

  const detail::OpCall& call_;
  const Op& op_;
  const Arrays inputs_;
  const std::string_view who_;
  Specs specs_;
  Arrays outputs_;
};

}  // namespace

void check_answers(const Graph& graph, const Tensors& arguments, const char* who, Location where) {
  const detail::Call call(who, where);
  for (const detail::OpCall& of_op : detail::op_calls(graph, arguments)) {
    detail::guarded(of_op.op(), "an answer to the compiler", where, [&] { Examined(of_op, who).check(); });
  }
}

}  // namespace sluice
