#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/graph/trace.h>

#include <functional>
#include <optional>

namespace sluice {

struct WhileOptions {
  std::optional<Index> most = {};  ///< the loop ends after so many steps, even if the condition still holds
};

struct WhileResult {
  Tensors carry;  ///< after the last step; as given if there was none
  Tensor steps;   ///< how many steps there were, an i32 scalar
};

/// Repeats a step for as long as a condition holds, which its data decide:
///
///   while (steps < most && condition(carry)) carry = step(carry), ++steps;
///
///   // Newton's square root of a, until nothing changes any more.
///   const auto root = while_loop([](const Tensors& c) { return max(abs(c[0] - c[1])) > 1e-6; },
///                                [&](const Tensors& c) { return Tensors{(c[0] + a / c[0]) / 2, c[0]}; },
///                                {a, a + 1}, {.most = 100});
///
/// The condition is a bool scalar; a carry keeps its shape and dtype. Both functions are traced once; they
/// may use any tensor or Variable from outside and may not assign Variables. Without `most` a condition that
/// always holds never returns. A gradient needs `most`: it is that of a scan over so many steps, those after
/// the end without effect, which computes the forward steps again and keeps their values. Those after the end
/// are computed, too, so the step must not throw for the final carry. Choose `most` near what is needed;
/// forward, only the steps there are cost anything.
///
/// A compiled program runs the loop as one op, whose steps the interpreter computes: they allocate, and are
/// not fused. For a number of steps known in advance, scan is much faster.
///
/// Throws Error for an empty function, an undefined Tensor, a negative `most`, and if a gradient is asked for
/// without it; ShapeError for a condition that is no bool scalar and for a carry that changes its spec.
WhileResult while_loop(const std::function<Tensor(const Tensors& carry)>& condition,
                       const TensorFunction& step, const Tensors& initial, const WhileOptions& options = {},
                       Location where = Location::current());

}  // namespace sluice
