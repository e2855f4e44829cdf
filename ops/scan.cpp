#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/scan_op.h>
#include <sluice/ops/captures.inl>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace sluice {

namespace {

std::string texts(const Tensors& tensors) {
  std::vector<std::string> parts;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(parts),
                 [](const Tensor& t) { return t.spec().text(); });
  return fmt::format("({})", fmt::join(parts, ", "));
}

Index length_of(const Tensors& xs, const ScanOptions& options) {
  if (options.length < -1) {
    throw ShapeError(
        fmt::format("[scan] the number of steps cannot be negative: got {}; leave it out where there are xs",
                    options.length));
  }
  if (xs.empty() && options.length < 0) {
    throw ShapeError(
        "[scan] the number of steps must be known: got neither xs nor a length; set ScanOptions::length");
  }
  Index length = options.length;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (xs[i].rank() == 0)
      throw ShapeError(
          fmt::format("[scan] time is axis 0 of xs: got xs[{}], a scalar; reshape it, or capture it", i));
    if (length < 0) length = xs[i].shape()[0];
    if (xs[i].shape()[0] != length) {
      throw ShapeError(
          fmt::format("[scan] all xs must have the same number of steps on axis 0: got xs[{}], {}, for {} "
                      "steps; slice them to one length",
                      i, xs[i].spec().text(), length));
    }
  }
  return length;
}

/// Steps between checkpointed carries; 0 if everything is kept.
Index segment_of(Index length, const ScanOptions& options) {
  if (options.checkpoint >= 0) return options.checkpoint;
  if (options.checkpoint == ScanOptions::automatic)
    return static_cast<Index>(std::ceil(std::sqrt(static_cast<double>(length))));
  throw Error(fmt::format(
      "[scan] checkpoint is the number of steps in a segment: got {}; pass 1 or more, 0 to keep everything, "
      "or ScanOptions::automatic",
      options.checkpoint));
}

void require_same_carry(const Tensors& before, const Tensors& after) {
  if (before.size() != after.size()) {
    throw ShapeError(
        fmt::format("[scan] the body must return as many carries as it gets: got {} for {}; return all of "
                    "them, changed or not",
                    after.size(), before.size()));
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].spec() != after[i].spec()) {
      throw ShapeError(fmt::format(
          "[scan] a carry keeps its shape and dtype: got {} for {}, carry {}; broadcast or cast the "
          "initial carry",
          after[i].spec().text(), before[i].spec().text(), i));
    }
  }
}

/// The body's tensors that the node can stack over time: ys, incoming carries, intermediate values.
Tensors stackable(const Graph& body, const ScanOp::Counts& counts) {
  const auto carries = static_cast<std::ptrdiff_t>(counts.carries);
  Tensors stacked(body.outputs.begin() + carries, body.outputs.end());
  stacked.insert(stacked.end(), body.inputs.begin(), body.inputs.begin() + carries);
  for (const Node* node : topological_order(body.outputs)) {
    if (leaf_of(*node) != nullptr) continue;
    for (std::size_t i = 0; i < node->outputs.size(); ++i) {
      stacked.emplace_back(node->shared_from_this(), static_cast<int>(i));
    }
  }
  return stacked;
}

}  // namespace

ScanOp::ScanOp(Graph body, Counts counts, Index length, bool reverse, bool recompute,
               const detail::StepCount& step_count)
    : body_(std::move(body)),
      counts_(counts),
      length_(length),
      reverse_(reverse),
      recompute_(recompute),
      step_count_(step_count),
      stacked_(stackable(body_, counts)) {
  const auto throws = [](const Tensor& t) { return t.node().may_throw; };
  may_throw_ = length > 0 && (std::any_of(body_.outputs.begin(), body_.outputs.end(), throws) ||
                              std::any_of(stacked_.begin(), stacked_.end(), throws));
  is_observed_ = may_throw_ && detail::is_observed(body_);
}

void ScanOp::members(Attributes& a) const {
  a("carries", counts_.carries), a("xs", counts_.xs), a("steps", length_);
  a("reverse", reverse_), a("recompute", recompute_);
}

Specs ScanOp::infer(std::span<const Spec> inputs) const {
  if (inputs.size() != body_.inputs.size()) {
    throw ShapeError(fmt::format("[scan] its body takes {} inputs: got {}; pass all of them",
                                 body_.inputs.size(), inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Spec expected = body_.inputs[i].spec();
    const bool over_time = i >= counts_.carries && i < counts_.carries + counts_.xs;
    if (over_time) expected.shape = expected.shape.inserted(0, length_);
    if (inputs[i] != expected) {
      throw ShapeError(fmt::format("[scan] input {} must be {}: got {}; cast or reshape it", i,
                                   expected.text(), inputs[i].text()));
    }
  }
  Specs outputs(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(counts_.carries));
  for (const Tensor& t : stacked_) outputs.push_back({t.dtype(), t.shape().inserted(0, length_)});
  return outputs;
}

namespace detail {

ClosedBody close_body(const ScanBody& body, const Tensors& carry, const Tensors& xs, Location where) {
  const Scope scope(Scope::Kind::body, where);
  Graph graph;
  Tensors carry_in;
  Tensors x_in;
  for (const Tensor& t : carry) carry_in.push_back(scope.placeholder(t.spec()));
  for (const Tensor& t : xs) x_in.push_back(scope.placeholder({t.dtype(), t.shape().erased(0)}));
  Carried step;
  try {
    step = body(carry_in, x_in);
    require_same_carry(carry_in, step.carry);
  } catch (Error& error) {
    error.add(fmt::format("; in the body of a scan, where a step sees carry {} and x {}", texts(carry_in),
                          texts(x_in)));
    throw;
  }
  graph.outputs = step.carry;
  graph.outputs.insert(graph.outputs.end(), step.ys.begin(), step.ys.end());
  for (const Tensor& output : graph.outputs) static_cast<void>(output.spec());  // throws if undefined

  Tensors captures = captures_of(graph.outputs, scope.level());
  graph.inputs = carry_in;
  graph.inputs.insert(graph.inputs.end(), x_in.begin(), x_in.end());
  TensorMap<Tensor> arguments;
  for (const Tensor& capture : captures) {
    graph.inputs.push_back(scope.placeholder(capture.spec()));
    arguments.emplace(capture, graph.inputs.back());
  }
  graph.outputs = substitute(graph.outputs, arguments, scope.level());
  verify(graph);
  const ScanOp::Counts counts{carry.size(), xs.size(), captures.size(), step.ys.size()};
  return {std::move(graph), counts, std::move(captures)};
}

Carried scan_node(const std::shared_ptr<const ScanOp>& op, const Tensors& carry, const Tensors& xs,
                  const Tensors& captures, Location where) {
  Tensors inputs = carry;
  inputs.insert(inputs.end(), xs.begin(), xs.end());
  inputs.insert(inputs.end(), captures.begin(), captures.end());
  const Tensors outputs = outputs_of(make(op, std::move(inputs), where));
  const auto ys = outputs.begin() + static_cast<std::ptrdiff_t>(op->counts().carries);
  return {Tensors(outputs.begin(), ys), Tensors(ys, ys + static_cast<std::ptrdiff_t>(op->counts().ys))};
}

}  // namespace detail

Carried scan(const ScanBody& body, const Tensors& carry, const Tensors& xs, const ScanOptions& options,
             Location where) {
  const detail::Call call("scan", where);
  if (!body) throw Error("[scan] takes a function as its body: got an empty one; pass one of carry and x");
  for (const Tensor& t : carry) static_cast<void>(t.spec());
  for (const Tensor& t : xs) static_cast<void>(t.spec());
  const Index length = length_of(xs, options);
  const Index segment = segment_of(length, options);
  const Location user = detail::Call::user_of(where);
  const detail::ClosedBody closed = detail::close_body(body, carry, xs, user);
  if (segment > 0 && segment < length)
    return detail::scan_segments(closed, carry, xs, length, options.reverse, segment, user);
  const auto op = std::make_shared<ScanOp>(closed.graph, closed.counts, length, options.reverse);
  return detail::scan_node(op, carry, xs, closed.captures, user);
}

}  // namespace sluice
