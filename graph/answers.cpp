#include <sluice/graph/answers.h>
#include <sluice/graph/call.h>
#include <sluice/graph/guard.h>

#include <fmt/format.h>

namespace sluice::detail {

namespace {

/// What f, a question to the op, returns.
template <class F>
auto asked(const Node& node, const char* question, F&& f) {
  const Call call(node.where);
  try {
    return guarded(*node.op, question, node.where, f);
  } catch (Error& error) {
    error.add(fmt::format("; while asking the op '{}' for {}", node.op->name(), question));
    error.locate(node.where);
    throw;
  }
}

[[noreturn]] void refuse(const Node& node, const char* question, const std::string& rule,
                         const std::string& got) {
  throw ShapeError(fmt::format("[{}] the answer to {} must be {}: got {}; correct it, or leave the default",
                               node.op->name(), question, rule, got),
                   node.where);
}

/// The number of steps: the length of axis 0 of what is over time.
Index steps_of(const Tensors& inputs, const std::vector<bool>& over_time) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (over_time[i]) return inputs[i].dim(0);
  }
  return 0;
}

/// Whether a part with this many elements, in rows of its last axis, lies inside of a whole of `size`
/// elements.
bool lies_inside(const Window& window, const Shape& part, Index size) {
  if (part.size() == 0) return window.offset >= 0 && window.offset <= size;
  const Index width = part.rank() == 0 ? 1 : part.back();
  const Index rows = part.size() / width;
  if (window.offset < 0 || window.row_stride < 0 || window.offset > size) return false;
  if (rows > 1 && window.row_stride > (size - window.offset) / (rows - 1)) return false;
  return window.offset + (rows - 1) * window.row_stride + width <= size;
}

void require_count(const Node& node, const char* question, std::size_t got) {
  if (got == node.outputs.size()) return;
  refuse(node, question, fmt::format("one tensor per output, {}, or none", node.outputs.size()),
         fmt::format("{}", got));
}

std::string text_of(const Tensor& t) { return t.defined() ? t.spec().text() : "an undefined Tensor"; }

std::string text_of(const Window& window) {
  return fmt::format("offset {} and row stride {}", window.offset, window.row_stride);
}

}  // namespace

Tensors ask_decompose(const Node& node, const Tensors& inputs) {
  constexpr const char* question = "decompose";
  Tensors outputs = asked(node, question, [&] { return node.op->decompose(inputs); });
  if (outputs.empty()) return outputs;
  require_count(node, question, outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].defined() && outputs[i].spec() == node.outputs[i]) continue;
    refuse(node, question, fmt::format("{} for output {}", node.outputs[i].text(), i), text_of(outputs[i]));
  }
  return outputs;
}

Tensors ask_at_all_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time) {
  constexpr const char* question = "at_all_steps";
  const Tensors outputs = asked(node, question, [&] { return node.op->at_all_steps(inputs, over_time); });
  if (outputs.empty()) return outputs;
  require_count(node, question, outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Spec expected{node.outputs[i].dtype,
                        node.outputs[i].shape.inserted(0, steps_of(inputs, over_time))};
    if (outputs[i].defined() && outputs[i].spec() == expected) continue;
    refuse(node, question, fmt::format("{} for output {}, with time as axis 0", expected.text(), i),
           text_of(outputs[i]));
  }
  return outputs;
}

Tensor ask_sum_over_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time) {
  constexpr const char* question = "sum_over_steps";
  const Tensor sum = asked(node, question, [&] { return node.op->sum_over_steps(inputs, over_time); });
  if (sum.defined() && sum.spec() != node.outputs[0])
    refuse(node, question, node.outputs[0].text() + ", that of one step", sum.spec().text());
  return sum;
}

bool ask_works_by_rows(const Node& node, std::span<const Spec> inputs, const std::vector<bool>& by_rows) {
  constexpr const char* question = "works_by_rows";
  if (!asked(node, question, [&] { return node.op->works_by_rows(inputs, by_rows); })) return false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!by_rows[i]) continue;
    for (const Spec& output : node.outputs) {
      const bool same =
          inputs[i].shape.rank() > 0 && output.shape.rank() > 0 && inputs[i].shape[0] == output.shape[0];
      if (!same) {
        refuse(node, question, "no unless outputs have as many rows as the marked inputs",
               fmt::format("yes for {} and an output {}", inputs[i].text(), output.text()));
      }
    }
  }
  return true;
}

std::optional<std::size_t> ask_same_as_input(const Node& node, std::size_t output) {
  constexpr const char* question = "same_as_input";
  const auto input = asked(node, question, [&] { return node.op->same_as_input(output); });
  if (input && (*input >= node.inputs.size() || node.inputs[*input].spec() != node.outputs[output])) {
    refuse(node, question,
           fmt::format("an input that is {}, for output {}", node.outputs[output].text(), output),
           *input < node.inputs.size()
               ? fmt::format("input {}, {}", *input, node.inputs[*input].spec().text())
               : fmt::format("input {} of {}", *input, node.inputs.size()));
  }
  return input;
}

std::optional<Window> ask_window_in_input(const Node& node, const Spec& input, const Spec& output) {
  constexpr const char* question = "window_in_input";
  const auto window = asked(node, question, [&] { return node.op->window_in_input(input); });
  if (window && (output.dtype != input.dtype || !lies_inside(*window, output.shape, input.shape.size()))) {
    refuse(node, question, fmt::format("a place of {} inside of {}", output.text(), input.text()),
           text_of(*window));
  }
  return window;
}

std::optional<Window> ask_window_in_output(const Node& node, std::span<const Spec> inputs, std::size_t i,
                                           const Spec& output) {
  constexpr const char* question = "window_in_output";
  const auto window = asked(node, question, [&] { return node.op->window_in_output(inputs, i); });
  if (window &&
      (output.dtype != inputs[i].dtype || !lies_inside(*window, inputs[i].shape, output.shape.size()))) {
    refuse(node, question, fmt::format("a place of {} inside of {}", inputs[i].text(), output.text()),
           text_of(*window));
  }
  return window;
}

}  // namespace sluice::detail
