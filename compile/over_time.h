#pragma once

#include <sluice/compile/scan_parts.h>
#include <sluice/graph/walk.h>

#include <unordered_set>

namespace sluice {

/// The op of a node at all steps of a sequence at once: Op::at_all_steps or, for elementwise ops, which need
/// no override, the op itself on aligned operands. The new nodes get the node's line.
Tensors at_all_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time);

/// The values outside of the loop of tensors in a scan's body. Every tensor of the body is one of three: the
/// same at every step (made of captures and constants), a function of xs, or dependent on a carry.
class OverTime {
 public:
  /// Analyses the body of `parts`, which must outlive this.
  explicit OverTime(ScanParts& parts);

  const std::vector<const Node*>& order() const { return order_; }

  /// The outside value of a tensor that is the same at every step; undefined for all others.
  Tensor once(const Tensor& t) const { return find(once_, t); }
  /// The values at all steps of a tensor that depends on no carry, computed without the loop; undefined for
  /// others, and if an op cannot do that.
  Tensor before_loop(const Tensor& t) const { return find(before_, t); }

  /// The inputs of a node as they would be outside, to ask its op.
  struct Trial {
    Tensors inputs;
    std::vector<bool> over_time;
  };
  Trial trial(const Node& node) const;

  /// An operand of an op outside of the loop.
  struct Operand {
    Tensor value;
    bool over_time;
  };
  /// The tensor for use outside, after the loop: once() if defined; an x; else a stack of the loop,
  /// represented by a stand-in until put_in_place.
  Operand stacked(const Tensor& t);
  /// Whether stacked(t) exists anyway.
  bool is_stacked(const Tensor& t) const;

  /// The tensors, some perhaps undefined, with stand-ins replaced by the stacks of the loop.
  Tensors put_in_place(const Tensors& tensors, const ScanParts::Built& built) const;

 private:
  static Tensor find(const TensorMap<Tensor>& map, const Tensor& t) {
    const auto found = map.find(t);
    return found == map.end() ? Tensor() : found->second;
  }
  void visit(const Node& node);
  Tensor stand_in(const Tensor& t) const;

  ScanParts& parts_;
  std::vector<const Node*> order_;
  TensorMap<Tensor> once_;
  TensorMap<Tensor> before_;
  TensorMap<Tensor> xs_;
  std::unordered_set<const Node*> on_carries_;           // or on a tap
  TensorMap<std::pair<Tensor, std::size_t>> stand_ins_;  // and their indices among ys
};

}  // namespace sluice
