#include <sluice/compile/scan_parts.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>

#include <algorithm>
#include <unordered_set>

namespace sluice {

namespace {

int body_level(const Node& node) {
  const Tensors& inputs = node.op->body()->inputs;
  return inputs.empty() ? node.level + 1 : inputs.front().node().level;
}

/// The placeholders that `roots` depend on; a carry that is reached adds the dependences of its next value.
std::unordered_set<const Node*> reached(const Tensors& roots, const std::vector<ScanParts::Carry>& carries) {
  std::unordered_map<const Node*, Tensor> next;
  for (const ScanParts::Carry& carry : carries) next.emplace(&carry.inside.node(), carry.next);
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> stack;
  const auto visit = [&](const Tensor& t) {
    if (seen.insert(&t.node()).second) stack.push_back(&t.node());
  };
  std::for_each(roots.begin(), roots.end(), visit);
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    std::for_each(node->inputs.begin(), node->inputs.end(), visit);
    if (const auto found = next.find(node); found != next.end()) visit(found->second);
  }
  return seen;
}

Tensor add_argument(std::vector<ScanParts::Argument>& arguments, const Tensor& outside,
                    const Tensor& placeholder) {
  for (const ScanParts::Argument& argument : arguments) {
    if (argument.outside.is(outside)) return argument.inside;
  }
  arguments.push_back({outside, placeholder});
  return placeholder;
}

}  // namespace

ScanParts::ScanParts(const Node& node, const Tensors& inputs, const std::vector<bool>& used)
    : where(node.where), output_count(node.outputs.size()), level_(body_level(node)) {
  const auto& scan = dynamic_cast<const ScanOp&>(*node.op);
  const Graph& body = *scan.body();
  const ScanOp::Counts& counts = scan.counts();
  old_counts = counts;
  length = scan.length();
  reverse = scan.reverse();
  recompute = scan.recompute();
  step_count = scan.step_count();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i < counts.carries) {
      carries.push_back({inputs[i], body.inputs[i], body.outputs[i], used[i] ? i : unused});
    } else {
      (i < counts.carries + counts.xs ? xs : captures).push_back({inputs[i], body.inputs[i]});
    }
  }
  for (std::size_t i = counts.carries; i < used.size(); ++i) {
    if (used[i]) ys.push_back({scan.stacked()[i - counts.carries], i});
  }
}

Tensor ScanParts::placeholder(const Spec& spec) const {
  return Tensor(
      std::make_shared<Node>(std::make_shared<Placeholder>(spec), Tensors{}, Specs{spec}, where, level_));
}

Tensor ScanParts::add_x(const Tensor& outside) {
  return add_argument(xs, outside, placeholder({outside.dtype(), outside.shape().erased(0)}));
}

Tensor ScanParts::add_capture(const Tensor& outside) {
  return add_argument(captures, outside, placeholder(outside.spec()));
}

std::size_t ScanParts::add_y(const Tensor& inside) {
  const auto same = std::find_if(ys.begin(), ys.end(), [&](const Y& y) { return y.inside.is(inside); });
  if (same != ys.end()) return static_cast<std::size_t>(same - ys.begin());
  ys.push_back({inside, unused});
  return ys.size() - 1;
}

Tensors ScanParts::results() const {
  Tensors results;
  for (const Carry& carry : carries) results.push_back(carry.next);
  for (const Y& y : ys) results.push_back(y.inside);
  return results;
}

void ScanParts::set_results(const Tensors& results) {
  for (std::size_t i = 0; i < carries.size(); ++i) carries[i].next = results[i];
  for (std::size_t i = 0; i < ys.size(); ++i) ys[i].inside = results[carries.size() + i];
}

ScanParts::Built ScanParts::build() const {
  Tensors roots;
  for (const Y& y : ys) roots.push_back(y.inside);
  for (const Carry& carry : carries) {
    if (carry.output == unused) continue;
    roots.push_back(carry.inside);
  }
  const auto live = reached(roots, carries);
  const auto is_live = [&](const Tensor& inside) { return live.count(&inside.node()) > 0; };

  Graph body;
  ScanOp::Counts counts;
  Tensors inputs;
  for (const Carry& carry : carries) {
    if (!is_live(carry.inside)) continue;
    inputs.push_back(carry.initial);
    body.inputs.push_back(carry.inside);
    body.outputs.push_back(carry.next);
    ++counts.carries;
  }
  const auto add = [&](const std::vector<Argument>& arguments, std::size_t& count) {
    for (const Argument& argument : arguments) {
      if (!is_live(argument.inside)) continue;
      inputs.push_back(argument.outside);
      body.inputs.push_back(argument.inside);
      ++count;
    }
  };
  add(xs, counts.xs);
  add(captures, counts.captures);
  TensorMap<std::size_t> place;
  for (const Y& y : ys) {
    const auto [entry, inserted] = place.emplace(y.inside, place.size());
    if (inserted) body.outputs.push_back(y.inside);
  }
  counts.ys = place.size();

  Built built{Tensors(carries.size()), Tensors(ys.size())};
  if (counts.carries + counts.ys == 0) return built;
  const auto op = std::make_shared<ScanOp>(std::move(body), counts, length, reverse, recompute, step_count);
  const std::shared_ptr<const Node> node = make(op, std::move(inputs), where).shared_node();
  int output = 0;
  for (std::size_t i = 0; i < carries.size(); ++i) {
    if (is_live(carries[i].inside)) built.carries[i] = Tensor(node, output++);
  }
  for (std::size_t i = 0; i < ys.size(); ++i)
    built.ys[i] = Tensor(node, output + static_cast<int>(place.at(ys[i].inside)));
  return built;
}

Tensors ScanParts::outputs(const Built& built) const {
  Tensors outputs(output_count);
  for (std::size_t i = 0; i < carries.size(); ++i) {
    if (carries[i].output != unused) outputs[carries[i].output] = built.carries[i];
  }
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (ys[i].output != unused) outputs[ys[i].output] = built.ys[i];
  }
  return outputs;
}

}  // namespace sluice
