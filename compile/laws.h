#pragma once

#include <sluice/graph/tensor.h>

#include <span>
#include <string_view>

namespace sluice::detail {

/// What may stand for the only output of a node; undefined where the law does not apply. `inputs` are those
/// the node is to have: of the same specs as node.inputs, but perhaps simpler already. A law computes nothing
/// of more elements.
using Law = Tensor (*)(const Node& node, const Tensors& inputs);

/// Whether ops of this class may be what a law is about. The answer depends on the op's class alone.
using About = bool (*)(const Op& op);

struct NamedLaw {
  std::string_view text;
  Law apply;
  About about;
  bool leaves_out = false;  ///< some inputs, perhaps: done only where no Error goes with them (keep_errors.h)
};

std::span<const NamedLaw> laws_of_arithmetic();  ///< neutral elements, signs, broadcasting, constants
std::span<const NamedLaw> laws_of_moves();       ///< transpose, reshape, broadcast_to, slice, concat, pad
std::span<const NamedLaw> laws_of_sums();        ///< sums of sums and of products

}  // namespace sluice::detail
