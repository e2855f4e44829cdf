#pragma once

#include <sluice/graph/trace.h>
#include <sluice/ops/scan_op.h>

#include <cstddef>
#include <vector>

namespace sluice {

/// A scan taken apart for editing, and put together again. Only what is used is here: ys and the trail are
/// one, entries that nobody reads are gone.
struct ScanParts {
  static constexpr std::size_t unused = static_cast<std::size_t>(-1);

  struct Carry {
    Tensor initial;
    Tensor inside;
    Tensor next;
    std::size_t output = unused;  ///< the output of the old node that is its final value
  };
  /// An x or a capture: the tensor outside and its placeholder in the body.
  struct Argument {
    Tensor outside;
    Tensor inside;
  };
  struct Y {
    Tensor inside;
    std::size_t output = unused;  ///< the output of the old node that it is
  };

  /// Takes the node apart, whose inputs are now `inputs`; used[i] tells whether its output i is.
  ScanParts(const Node& node, const Tensors& inputs, const std::vector<bool>& used);

  std::vector<Carry> carries;
  std::vector<Argument> xs;
  std::vector<Argument> captures;
  std::vector<Y> ys;
  Index length;
  bool reverse;
  bool recompute;
  Location where;
  std::size_t output_count;  ///< of the old node

  /// The placeholder that stands for `outside` in the body. One that is there already is used again.
  Tensor add_x(const Tensor& outside);
  Tensor add_capture(const Tensor& outside);
  /// Asks for a tensor of the body at all steps; returns its place among ys.
  std::size_t add_y(const Tensor& inside);

  /// What the body computes: the next carries, then ys. set_results takes them back in the same order.
  Tensors results() const;
  void set_results(const Tensors& results);

  /// Final carries and ys of the scan made of these parts, in the places they have here. A carry whose final
  /// value and ys nobody needs is undefined: carries, xs and captures that nothing depends on are left out,
  /// and ys that are the same tensor inside are one outside.
  struct Built {
    Tensors carries;
    Tensors ys;
  };
  Built build() const;

  /// The outputs of the old node made of what build() gave: where `output` says.
  Tensors outputs(const Built& built) const;

 private:
  Tensor placeholder(const Spec& spec) const;

  int level_;  // of placeholders in the body
};

}  // namespace sluice
