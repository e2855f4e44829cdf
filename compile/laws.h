#pragma once

#include <sluice/graph/tensor.h>

#include <span>
#include <string_view>

namespace sluice::detail {

/// A rewrite rule: returns a replacement for the only output of a node, undefined if the rule does not apply.
/// `inputs` are the node's new inputs: of the same specs as node.inputs, but perhaps simplified. A rule never
/// computes on more elements.
using Law = Tensor (*)(const Node& node, const Tensors& inputs);

/// Whether a rule may apply to ops of this class. Depends on the op's class alone.
using About = bool (*)(const Op& op);

struct NamedLaw {
  std::string_view text;
  Law apply;
  About about;
  bool leaves_out = false;  ///< may drop inputs: applied only if no Error is lost (keep_errors.h)
};

std::span<const NamedLaw> laws_of_arithmetic();  ///< neutral elements, signs, broadcasting, constants
std::span<const NamedLaw> laws_of_moves();       ///< transpose, reshape, broadcast_to, slice, concat, pad
std::span<const NamedLaw> laws_of_sums();        ///< sums of sums and of products

}  // namespace sluice::detail
