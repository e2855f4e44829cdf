#include <sluice/compile/keep_errors.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/steps.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_set>

namespace sluice {

namespace {

bool may_throw(const Tensor& t) {
  Specs inputs;
  for (const Tensor& input : t.node().inputs) inputs.push_back(input.spec());
  return t.op().may_throw(inputs);
}

/// Returns the first input, once all the others have been computed.
class After final : public Op {
 public:
  std::string_view name() const override { return "after"; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const std::size_t bytes = inputs[0].spec.bytes();
    if (bytes > 0 && outputs[0].data != inputs[0].data) std::memcpy(outputs[0].data, inputs[0].data, bytes);
  }
  bool in_place() const override { return true; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    return {make(std::make_shared<After>(), detail::all_over_time(inputs, over_time), Location{})};
  }
};

using Reached = std::unordered_set<Tensor, TensorHash, TensorIdentity>;

bool throws(const Tensor& t) { return t.node().may_throw; }

/// Dependence between tensors, with a separate answer for each output of a scan: passes drop what the used
/// outputs do not need.
class Dependence {
 public:
  /// The tensors that the roots depend on, including themselves, and those `behind` a placeholder. With
  /// `only_throwing`, the search ignores tensors that cannot throw.
  Reached reached(const Tensors& roots, const TensorMap<Tensor>& behind, bool only_throwing) {
    Reached seen;
    Tensors stack;
    const auto visit = [&](const Tensor& t) {
      if ((!only_throwing || throws(t)) && seen.insert(t).second) stack.push_back(t);
    };
    std::for_each(roots.begin(), roots.end(), visit);
    while (!stack.empty()) {
      const Tensor t = stack.back();
      stack.pop_back();
      if (const auto found = behind.find(t); found != behind.end()) visit(found->second);
      const std::vector<bool>* needed = needed_inputs(t);
      for (std::size_t i = 0; i < t.node().inputs.size(); ++i) {
        if (needed == nullptr || (*needed)[i]) visit(t.node().inputs[i]);
      }
    }
    return seen;
  }

 private:
  /// The inputs that an output of a scan depends on; null for other tensors, which depend on all.
  const std::vector<bool>* needed_inputs(const Tensor& t) {
    const auto* scan = dynamic_cast<const ScanOp*>(&t.op());
    if (scan == nullptr) return nullptr;
    const auto output = static_cast<std::size_t>(t.output());
    const auto known = needed_.find({scan, output});
    if (known != needed_.end()) return &known->second;
    const Graph& body = *scan->body();
    const std::size_t carries = scan->counts().carries;
    TensorMap<Tensor> next;
    for (std::size_t i = 0; i < carries; ++i) next.emplace(body.inputs[i], body.outputs[i]);
    const Tensor root = output < carries ? body.inputs[output] : scan->stacked()[output - carries];
    const Reached inside = reached({root}, next, false);
    std::vector<bool> needed;
    for (const Tensor& input : body.inputs) needed.push_back(inside.count(input) > 0);
    return &needed_.emplace(std::pair{scan, output}, std::move(needed)).first->second;
  }

  std::map<std::pair<const ScanOp*, std::size_t>, std::vector<bool>> needed_;
};

/// The computations of a scan that no used output depends on, and that may throw an Error which would be
/// lost.
class Unneeded {
 public:
  explicit Unneeded(ScanParts& parts) : parts_(parts) {
    for (const ScanParts::Carry& carry : parts.carries) next_.emplace(carry.inside, carry.next);
  }

  /// Gives such carries an output after those of the old node.
  void use_carries() {
    for (ScanParts::Carry& carry : parts_.carries) {
      if (!throws(carry.next)) continue;
      const Reached live = reached();
      if (live.count(carry.inside) > 0) continue;
      if (detail::loses_error({carry.next}, Tensors(live.begin(), live.end())))
        carry.output = parts_.output_count++;
    }
  }

  /// Such inputs of the scan.
  Tensors inputs() {
    const Reached live = reached();  // includes the carries of use_carries
    Tensors needed;
    Tensors others;
    const auto sort = [&](const Tensor& outside, const Tensor& inside) {
      (live.count(inside) > 0 ? needed : others).push_back(outside);
    };
    for (const ScanParts::Carry& carry : parts_.carries) sort(carry.initial, carry.inside);
    for (const ScanParts::Argument& x : parts_.xs) sort(x.outside, x.inside);
    for (const ScanParts::Argument& capture : parts_.captures) sort(capture.outside, capture.inside);
    Tensors found;
    for (const Tensor& other : others) {
      if (!detail::loses_error({other}, needed)) continue;
      found.push_back(other);
      needed.push_back(other);
    }
    return found;
  }

 private:
  /// The tensors that the used outputs depend on, through any number of steps.
  Reached reached() {
    Tensors roots;
    for (const ScanParts::Y& y : parts_.ys) roots.push_back(y.inside);
    for (const ScanParts::Carry& carry : parts_.carries) {
      if (carry.output != ScanParts::unused) roots.push_back(carry.inside);
    }
    return dependence_.reached(roots, next_, false);
  }

  ScanParts& parts_;
  TensorMap<Tensor> next_;
  Dependence dependence_;
};

}  // namespace

bool detail::loses_error(const Tensors& dropped, const Tensors& kept, const TensorMap<Tensor>& outside) {
  // Node::may_throw does not look beyond the placeholders of a body.
  const bool in_body = !outside.empty();
  if (!in_body && std::none_of(dropped.begin(), dropped.end(), throws)) return false;
  Dependence dependence;
  const Reached with = dependence.reached(kept, outside, !in_body);
  const Reached without = dependence.reached(dropped, outside, !in_body);
  return std::any_of(without.begin(), without.end(),
                     [&](const Tensor& t) { return with.count(t) == 0 && may_throw(t); });
}

Graph keep_errors(const Graph& graph) {
  const Tensors results = graph.results();
  if (std::none_of(results.begin(), results.end(), throws)) return graph;
  return rewrite_scans(graph, [](ScanParts parts) -> Tensors {
    const std::size_t old_count = parts.output_count;
    Unneeded unneeded(parts);
    if (parts.length > 0) unneeded.use_carries();
    Tensors waited_for = unneeded.inputs();
    if (parts.output_count == old_count && waited_for.empty()) return {};
    Tensors outputs = parts.outputs(parts.build());
    waited_for.insert(waited_for.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(old_count),
                      outputs.end());
    outputs.resize(old_count);
    const auto used =
        std::find_if(outputs.begin(), outputs.end(), [](const Tensor& t) { return t.defined(); });
    waited_for.insert(waited_for.begin(), *used);
    *used = make(std::make_shared<After>(), waited_for, parts.where);
    return outputs;
  });
}

}  // namespace sluice
