#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/where.h>
#include <sluice/ops/while_loop.h>
#include <sluice/ops/captures.inl>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace sluice {

namespace {

constexpr Index without_bound = -1;

/// A loop that its data end. Its body is a closed Graph; captured tensors have become arguments of it.
///
///   inputs of the node and of the body:  carries | captures
///   outputs of the body:                 next carries | whether the step is taken
///   outputs of the node:                 final carries | number of steps
///
/// The condition and the step are two Graphs in run(), which does not compute a step that is not taken.
class WhileOp final : public Op {
 public:
  WhileOp(Graph body, Index most) : body_(std::move(body)), most_(most) {}

  std::string_view name() const override { return "while_loop"; }
  void members(Attributes& a) const override { a("most", most_); }  // what is printed
  const Graph* body() const override { return &body_; }
  bool chooses(std::span<const Spec>) const override { return true; }
  bool is_observed() const override { return detail::is_observed(body_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs.size() != body_.inputs.size()) {
      throw ShapeError(fmt::format("[while_loop] its body takes {} inputs: got {}; pass all of them",
                                   body_.inputs.size(), inputs.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == body_.inputs[i].spec()) continue;
      throw ShapeError(fmt::format("[while_loop] input {} must be {}: got {}; cast or reshape it", i,
                                   body_.inputs[i].spec().text(), inputs[i].text()));
    }
    Specs outputs(inputs.begin(), inputs.begin() + carries());
    outputs.push_back({DType::int32, {}});
    return outputs;
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Interpreter condition(Graph{body_.inputs, {body_.outputs.back()}, {}});
    const Interpreter step(
        Graph{body_.inputs, Tensors(body_.outputs.begin(), body_.outputs.begin() + carries()), {}});
    Arrays arguments;
    for (const View& input : inputs) {
      Array array(input.spec);
      if (input.size() > 0) std::memcpy(array.data(), input.data, input.spec.bytes());
      arguments.push_back(std::move(array));
    }
    Index steps = 0;
    const Index most = most_ == without_bound ? std::numeric_limits<std::int32_t>::max() : most_;
    for (; steps < most && condition.run(arguments)[0].element(0) != 0; ++steps) {
      Arrays next = step.run(arguments);
      std::move(next.begin(), next.end(), arguments.begin());
    }
    for (std::size_t i = 0; i + 1 < outputs.size(); ++i) {
      if (outputs[i].data != nullptr && outputs[i].size() > 0)
        std::memcpy(outputs[i].data, arguments[i].data(), arguments[i].bytes());
    }
    if (outputs.back().data != nullptr) *outputs.back().as<std::int32_t>() = static_cast<std::int32_t>(steps);
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    if (most_ == without_bound) {
      throw Error(
          "[while_loop] a gradient keeps the values of every step, of which there must be a largest number: "
          "got a loop without one; set WhileOptions::most, or stop_gradient the result");
    }
    // On placeholders: an input may be computed from another one.
    const Tensors& inputs = ys.front().node().inputs;
    const detail::Scope scope(detail::Scope::Kind::body);
    TensorMap<Tensor> now;
    Tensors given;
    Tensors wrt;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      given.push_back(scope.placeholder(inputs[i].spec()));
      now.emplace(given[i], inputs[i]);
      if (wanted[i]) wrt.push_back(given[i]);
    }
    Tensors seeds;
    for (std::size_t i = 0; i + 1 < ys.size(); ++i) {
      seeds.push_back(dys[i].defined() ? scope.placeholder(dys[i].spec()) : Tensor());
      if (dys[i].defined()) now.emplace(seeds[i], dys[i]);
    }
    const Tensors found = vjp(bounded(given), seeds, wrt);
    Tensors made;
    std::copy_if(found.begin(), found.end(), std::back_inserter(made),
                 [](const Tensor& t) { return t.defined(); });
    made = substitute(made, now, scope.level());
    Tensors gradients(inputs.size());
    for (std::size_t i = 0, asked = 0, next = 0; i < inputs.size(); ++i) {
      if (wanted[i] && found[asked++].defined()) gradients[i] = made[next++];
    }
    return gradients;
  }

 private:
  std::ptrdiff_t carries() const { return static_cast<std::ptrdiff_t>(body_.outputs.size()) - 1; }

  /// The final carries by a scan over `most` steps, in which those after the end change nothing.
  Tensors bounded(const Tensors& inputs) const {
    const auto step = [&](const Tensors& carry, const Tensors&) {
      TensorMap<Tensor> now;
      for (std::size_t i = 0; i < inputs.size(); ++i)
        now.emplace(body_.inputs[i], i < carry.size() ? carry[i] : inputs[i]);
      Tensors next = substitute(body_.outputs, now);
      const Tensor goes_on = next.back();
      next.pop_back();
      for (std::size_t i = 0; i < next.size(); ++i) next[i] = where(goes_on, next[i], carry[i]);
      return Carried{next, {}};
    };
    const Tensors initial(inputs.begin(), inputs.begin() + carries());
    return scan(step, initial, {}, {.length = most_}).carry;
  }

  Graph body_;
  Index most_;
};

void require_condition(const Tensor& condition) {
  if (condition.spec() == Spec{DType::boolean, {}}) return;
  throw ShapeError(fmt::format(
      "[while_loop] the condition must be a bool scalar: got {}; compare it, and reduce it with any or all",
      condition.spec().text()));
}

void require_carry(const Tensors& before, const Tensors& after) {
  if (before.size() != after.size()) {
    throw ShapeError(fmt::format(
        "[while_loop] the step must return as many carries as it gets: got {} for {}; return all of them",
        after.size(), before.size()));
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].spec() == after[i].spec()) continue;
    throw ShapeError(fmt::format(
        "[while_loop] a carry keeps its shape and dtype: got {} for {}, carry {}; broadcast or cast the "
        "initial carry",
        after[i].spec().text(), before[i].spec().text(), i));
  }
}

}  // namespace

WhileResult while_loop(const std::function<Tensor(const Tensors&)>& condition, const TensorFunction& step,
                       const Tensors& initial, const WhileOptions& options, Location where) {
  const detail::Call call("while_loop", where);
  if (!condition || !step) {
    throw Error(
        fmt::format("[while_loop] takes a condition and a step: got an empty {}; pass functions of "
                    "the carry",
                    condition ? "step" : "condition"));
  }
  if (options.most.value_or(0) < 0 || options.most.value_or(0) > std::numeric_limits<std::int32_t>::max()) {
    throw Error(fmt::format(
        "[while_loop] most is a number of steps, which i32 can count: got {}; leave it out for no bound",
        *options.most));
  }
  const Location user = detail::Call::user_of(where);
  const detail::Scope scope(detail::Scope::Kind::body, user);
  Graph body;
  for (const Tensor& t : initial) body.inputs.push_back(scope.placeholder(t.spec()));
  body.outputs = step(body.inputs);
  require_carry(body.inputs, body.outputs);
  body.outputs.push_back(condition(body.inputs));
  require_condition(body.outputs.back());

  Tensors inputs = initial;
  TensorMap<Tensor> arguments;
  for (const Tensor& capture : detail::captures_of(body.outputs, scope.level())) {
    inputs.push_back(capture);
    body.inputs.push_back(scope.placeholder(capture.spec()));
    arguments.emplace(capture, body.inputs.back());
  }
  body.outputs = substitute(body.outputs, arguments, scope.level());
  verify(body);
  const auto op = std::make_shared<WhileOp>(std::move(body), options.most.value_or(without_bound));
  Tensors outputs = outputs_of(make(op, std::move(inputs), user));
  const Tensor steps = outputs.back();
  outputs.pop_back();
  return {outputs, steps};
}

}  // namespace sluice
