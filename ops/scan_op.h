#pragma once

#include <sluice/graph/loop_step.h>
#include <sluice/graph/trace.h>
#include <sluice/ops/scan.h>

namespace sluice {

/// The op behind scan(). Its body is a closed Graph; captured tensors have become arguments of it.
///
///   inputs of the node:  initial carries | xs [T, ...]   | captures
///   inputs of the body:  carries         | x of a step   | captures
///   outputs of the body: next carries    | y of a step
///   outputs of the node: final carries   | ys [T, ...]   | residuals [T, ...]
///
/// Residuals are offered for every value inside the body, at every step: first the incoming carries, then
/// what its nodes compute. Those not used are neither computed nor stored. The gradient uses those it needs:
/// only it decides what is saved for the backward pass, and the forward node is not replaced.
///
/// A scan that recomputes saves only the incoming carries; its gradient, which recomputes too, repeats the
/// forward step in its body. Such a loop trades speed for memory: passes preserve the property and hoist
/// nothing out of it, since it would be materialised for all steps.
class ScanOp final : public Op {
 public:
  struct Counts {
    std::size_t carries = 0;
    std::size_t xs = 0;
    std::size_t captures = 0;
    std::size_t ys = 0;

    friend bool operator==(const Counts&, const Counts&) = default;
  };

  ScanOp(Graph body, Counts counts, Index length, bool reverse, bool recompute = false,
         const detail::StepCount& step_count = {});

  std::string_view name() const override { return "scan"; }
  void members(Attributes& a) const override;  // those that are printed
  Specs infer(std::span<const Spec> inputs) const override;
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override;
  bool chooses(std::span<const Spec> inputs) const override;
  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override;
  const Graph* body() const override { return &body_; }
  bool may_throw(std::span<const Spec>) const override { return may_throw_; }
  bool is_observed() const override { return is_observed_; }

  const Counts& counts() const { return counts_; }
  Index length() const { return length_; }
  bool reverse() const { return reverse_; }
  bool recompute() const { return recompute_; }
  /// The numbers of its steps in errors.
  const detail::StepCount& step_count() const { return step_count_; }
  /// The time index of the i-th step to run.
  Index time(Index step) const { return reverse_ ? length_ - 1 - step : step; }
  /// The body's tensors behind the node's outputs from `counts().carries` on: ys, then residuals.
  const Tensors& stacked() const { return stacked_; }

 private:
  Graph body_;
  Counts counts_;
  Index length_;
  bool reverse_;
  bool recompute_;
  detail::StepCount step_count_;
  Tensors stacked_;
  bool may_throw_ = false;
  bool is_observed_ = false;
};

namespace detail {

/// A traced and closed body, and its captures.
struct ClosedBody {
  Graph graph;
  ScanOp::Counts counts;
  Tensors captures;
};
ClosedBody close_body(const ScanBody& body, const Tensors& carry, const Tensors& xs, Location where);

/// Makes the node that runs a closed body.
Carried scan_node(const std::shared_ptr<const ScanOp>& op, const Tensors& carry, const Tensors& xs,
                  const Tensors& captures, Location where);

/// The same steps in segments of `segment` steps: a scan over segments that recomputes, whose body scans the
/// steps of one, and a shorter scan for the steps left over at the end of the iteration.
Carried scan_segments(const ClosedBody& body, const Tensors& carry, const Tensors& xs, Index length,
                      bool reverse, Index segment, Location where);

}  // namespace detail

}  // namespace sluice
