#pragma once

#include <sluice/graph/trace.h>
#include <sluice/ops/scan_op.h>

#include <cstddef>
#include <vector>

namespace sluice {

/// A scan taken apart for editing, and put together again. Contains only what is used: ys and residuals are
/// one list, without entries that are not read.
struct ScanParts {
  static constexpr std::size_t unused = static_cast<std::size_t>(-1);

  struct Carry {
    Tensor initial;
    Tensor inside;
    Tensor next;
    std::size_t output = unused;  ///< the output of the old node with its final value
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

  /// Takes a node apart whose inputs are now `inputs`; used[i] tells whether its output i is used.
  ScanParts(const Node& node, const Tensors& inputs, const std::vector<bool>& used);

  std::vector<Carry> carries;
  std::vector<Argument> xs;
  std::vector<Argument> captures;
  std::vector<Y> ys;
  Index length;
  bool reverse;
  bool recompute;
  detail::StepCount step_count;
  Location where;
  std::size_t output_count;   ///< of the old node
  ScanOp::Counts old_counts;  ///< of the old node

  /// The placeholder of `outside` in the body. An existing one is reused.
  Tensor add_x(const Tensor& outside);
  Tensor add_capture(const Tensor& outside);
  /// Adds the tensor to ys and returns its index.
  std::size_t add_y(const Tensor& inside);

  /// The results of the body: the next carries, then ys. set_results takes them in the same order.
  Tensors results() const;
  void set_results(const Tensors& results);

  /// Final carries and ys of the scan made of these parts, in the order they have here. Dead carries, xs and
  /// captures are eliminated (a carry whose final value and ys are unused is undefined), and ys that are the
  /// same tensor inside are one outside.
  struct Built {
    Tensors carries;
    Tensors ys;
  };
  Built build() const;

  /// The outputs of the old node, taken from the result of build() as `output` says.
  Tensors outputs(const Built& built) const;

 private:
  Tensor placeholder(const Spec& spec) const;

  int level_;  // of placeholders in the body
};

}  // namespace sluice
