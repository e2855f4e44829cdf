// A concat that a body only stacks is made outside, of the stacks of its parts; parts that are xs exist there
// already. The gradient of the weights of concat(x, h) W contains such a concat; outside, split_concats
// splits that product.

#include <sluice/compile/passes.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>

#include <algorithm>

namespace sluice {

Graph passes::split_stacks(const Graph& graph) {
  return rewrite_scans(graph, [](ScanParts parts) -> Tensors {
    if (parts.recompute) return {};
    TensorMap<int> uses;
    for (const Node* node : topological_order(parts.results())) {
      for (const Tensor& input : node->inputs) ++uses[input];
    }
    for (const ScanParts::Carry& carry : parts.carries) ++uses[carry.next];
    const auto outside_of = [&](const Tensor& part) {  // undefined: not an x
      const auto x = std::find_if(parts.xs.begin(), parts.xs.end(),
                                  [&](const ScanParts::Argument& x) { return x.inside.is(part); });
      return x == parts.xs.end() ? Tensor() : x->outside;
    };
    struct Joined {
      std::size_t output;
      Tensor inside;
      std::vector<std::size_t> ys;
    };
    std::vector<Joined> joined;
    const std::vector<ScanParts::Y> ys = std::move(parts.ys);
    parts.ys.clear();
    for (const ScanParts::Y& y : ys) {
      if (detail::concat_axis(y.inside.op()) && uses[y.inside] == 0) {
        joined.push_back({y.output, y.inside, {}});
      } else {
        parts.ys.push_back(y);
      }
    }
    if (joined.empty()) return {};
    for (Joined& whole : joined) {
      for (const Tensor& part : whole.inside.node().inputs) {
        whole.ys.push_back(outside_of(part).defined() ? ScanParts::unused : parts.add_y(part));
      }
    }
    const ScanParts::Built built = parts.build();
    Tensors outputs = parts.outputs(built);
    for (const Joined& whole : joined) {
      Tensors stacks;
      for (std::size_t i = 0; i < whole.ys.size(); ++i) {
        const Tensor outside = outside_of(whole.inside.input(i));
        stacks.push_back(outside.defined() ? outside : built.ys[whole.ys[i]]);
      }
      outputs[whole.output] = concat(stacks, *detail::concat_axis(whole.inside.op()) + 1, parts.where);
    }
    return outputs;
  });
}

}  // namespace sluice
