#include <sluice/compile/rows.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/leaf.h>

#include <algorithm>

namespace sluice {

namespace {

bool has_rows(const Tensor& t, Index rows) { return t.rank() > 0 && t.shape()[0] == rows; }

/// Propagates marks from inputs to outputs. A capture or constant that an op needs by rows, such as a mask,
/// is marked as well, and the walk starts again.
class Marking {
 public:
  Marking(const std::vector<const Node*>& order, Index rows) : order_(order), rows_(rows) {}

  bool mark(TensorMap<bool>& cut) {
    TensorMap<bool> sources = cut;
    for (std::size_t tries = 0; tries <= order_.size(); ++tries) {
      cut = sources;
      const auto result = walk(cut, sources);
      if (result != Result::again) return result == Result::done;
    }
    return false;
  }

 private:
  enum class Result { done, again, failed };

  Result walk(TensorMap<bool>& cut, TensorMap<bool>& sources) {
    for (const Node* node : order_) {
      std::vector<bool> flags;
      Specs specs;
      for (const Tensor& input : node->inputs) {
        flags.push_back(cut.count(input) > 0);
        specs.push_back(input.spec());
      }
      if (std::find(flags.begin(), flags.end(), true) == flags.end()) continue;
      if (!detail::ask_works_by_rows(*node, specs, flags)) return mark_source(*node, specs, flags, sources);
      for (std::size_t i = 0; i < node->outputs.size(); ++i)
        cut.emplace(Tensor(node->shared_from_this(), static_cast<int>(i)), true);
    }
    return Result::done;
  }

  Result mark_source(const Node& node, const Specs& specs, std::vector<bool> flags,
                     TensorMap<bool>& sources) const {
    bool changed = false;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      const Tensor& input = node.inputs[i];
      if (flags[i] || leaf_of(input.node()) == nullptr || !has_rows(input, rows_)) continue;
      flags[i] = changed = true;
    }
    if (!changed || !detail::ask_works_by_rows(node, specs, flags)) return Result::failed;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] && leaf_of(node.inputs[i].node()) != nullptr) sources.emplace(node.inputs[i], true);
    }
    return Result::again;
  }

  const std::vector<const Node*>& order_;
  Index rows_;
};

}  // namespace

std::optional<RowWise> rows_of(const ScanOp& scan, const Tensors& outputs) {
  const ScanOp::Counts& counts = scan.counts();
  const Tensors& inputs = scan.body()->inputs;
  if (counts.carries == 0 || inputs[0].rank() == 0) return std::nullopt;
  RowWise result;
  result.rows = inputs[0].shape()[0];
  for (std::size_t i = 0; i < counts.carries + counts.xs; ++i) {
    if (has_rows(inputs[i], result.rows)) {
      result.cut.emplace(inputs[i], true);
    } else if (i < counts.carries) {
      return std::nullopt;  // every thread would write it
    }
  }
  const std::vector<const Node*> order = topological_order(outputs);
  const bool observed =  // by a function that every thread would call
      std::any_of(order.begin(), order.end(), [](const Node* node) { return node->op->is_observed(); });
  if (observed || !Marking(order, result.rows).mark(result.cut)) return std::nullopt;
  const bool all =
      std::all_of(outputs.begin(), outputs.end(), [&](const Tensor& t) { return result.cut.count(t) > 0; });
  if (!all) return std::nullopt;
  return result;
}

}  // namespace sluice
