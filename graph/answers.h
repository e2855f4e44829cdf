#pragma once

#include <sluice/graph/tensor.h>

// The questions that the compiler asks an op (graph/op.h, "What the compiler asks of an op"), with answers
// held to what they can be: number, shapes, dtypes, places. A wrong answer, and an exception on the way to
// it, is an Error that names the op, the question and the user's line. Whether values are right, a check of
// the op tells.
namespace sluice::detail {

/// Op::decompose for the op of `node`; empty, or one tensor per output with its spec.
Tensors ask_decompose(const Node& node, const Tensors& inputs);

/// Op::at_all_steps for the op of `node`; empty, or one tensor per output with time as an additional axis 0.
Tensors ask_at_all_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time);

/// Op::sum_over_steps; undefined, or of the spec of the only output.
Tensor ask_sum_over_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time);

/// Op::works_by_rows; true only if every output has as many rows as the marked inputs.
bool ask_works_by_rows(const Node& node, std::span<const Spec> inputs, const std::vector<bool>& by_rows);

/// Op::same_as_input; an input of the spec of the output.
std::optional<std::size_t> ask_same_as_input(const Node& node, std::size_t output);

/// Op::window_in_input, within the input. Specs are those of the node, or of some of its rows.
std::optional<Window> ask_window_in_input(const Node& node, const Spec& input, const Spec& output);

/// Op::window_in_output, within the only output.
std::optional<Window> ask_window_in_output(const Node& node, std::span<const Spec> inputs, std::size_t i,
                                           const Spec& output);

}  // namespace sluice::detail
