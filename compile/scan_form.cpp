#include <sluice/compile/passes.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/scan_op.h>

#include <algorithm>

namespace sluice::passes {

namespace {

/// A carry that the body returns unchanged has its initial value at every step.
void turn_constant_carries_into_captures(ScanParts& parts, Tensors& outputs) {
  TensorMap<Tensor> inside;
  std::vector<ScanParts::Carry> changing;
  for (const ScanParts::Carry& carry : parts.carries) {
    if (!carry.next.is(carry.inside)) {
      changing.push_back(carry);
      continue;
    }
    inside.emplace(carry.inside, parts.add_capture(carry.initial));
    if (carry.output != ScanParts::unused) outputs[carry.output] = carry.initial;
  }
  if (inside.empty()) return;
  parts.carries = std::move(changing);
  parts.set_results(substitute(parts.results(), inside));
}

/// A y that is an unchanged x is that x; one that is a capture is the capture repeated for every step.
void take_ys_from_arguments(ScanParts& parts, Tensors& outputs) {
  std::vector<ScanParts::Y> computed;
  for (const ScanParts::Y& y : parts.ys) {
    Tensor outside;
    for (const ScanParts::Argument& x : parts.xs) {
      if (x.inside.is(y.inside)) outside = x.outside;
    }
    for (const ScanParts::Argument& capture : parts.captures) {
      if (!capture.inside.is(y.inside)) continue;
      outside =
          broadcast_to(expand_dims(capture.outside, 0), capture.outside.shape().inserted(0, parts.length));
      locate({outside}, {capture.outside}, parts.where);
    }
    if (!outside.defined()) {
      computed.push_back(y);
    } else if (y.output != ScanParts::unused) {
      outputs[y.output] = outside;
    }
  }
  parts.ys = std::move(computed);
}

/// Whether the loop made of the parts has all that the old one has, and of its residuals none is used.
bool is_old_one(const ScanParts& parts, const ScanParts::Built& built) {
  const ScanOp::Counts& old = parts.old_counts;
  const auto is_residual = [&](const ScanParts::Y& y) { return y.output >= old.carries + old.ys; };
  if (std::any_of(parts.ys.begin(), parts.ys.end(), is_residual)) return false;
  for (const Tensors* made : {&built.carries, &built.ys}) {
    for (const Tensor& t : *made) {
      if (t.defined()) return dynamic_cast<const ScanOp&>(t.op()).counts() == old;
    }
  }
  return false;
}

}  // namespace

/// Normalises scans for later passes: carries and ys only, all of them used and none of them available
/// without a loop.
Graph scan_form(const Graph& graph) {
  return rewrite_scans(graph, [](ScanParts parts) {
    Tensors outputs(parts.output_count);
    turn_constant_carries_into_captures(parts, outputs);
    take_ys_from_arguments(parts, outputs);
    const ScanParts::Built built = parts.build();
    if (is_old_one(parts, built)) return Tensors{};
    const Tensors others = parts.outputs(built);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].defined()) outputs[i] = others[i];
    }
    return outputs;
  });
}

}  // namespace sluice::passes
