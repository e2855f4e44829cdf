#include <sluice/graph/scope.h>
#include <sluice/graph/strong_zeros.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/custom_gradient.h>
#include <sluice/ops/captures.inl>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

/// Joins a function's arguments to its results, which are computed by ordinary nodes: its outputs are those
/// results, with another gradient.
///
///   inputs of the node:     xs | ys | what f captured | what backward captured
///   outputs of the node:         ys
///   inputs of backward:     xs | ys | dys of floating ys | what backward captured
///   outputs of backward:    one gradient for each x that has one
///
/// The gradient is a closed Graph, so it is right wherever the node is rebuilt, and no tensor in it can
/// outlive its trace.
class CustomGradient final : public Op {
 public:
  struct Counts {
    std::size_t xs = 0;
    std::size_t ys = 0;
    std::size_t captures = 0;  ///< of f
  };

  CustomGradient(Graph backward, std::vector<bool> has_gradient, Counts counts)
      : backward_(std::move(backward)), has_gradient_(std::move(has_gradient)), counts_(counts) {
    const auto order = topological_order(backward_.outputs);
    chooses_ =
        std::any_of(order.begin(), order.end(), [](const Node* node) { return detail::chooses(*node); });
  }

  std::string_view name() const override { return "custom_gradient"; }
  void members(Attributes& a) const override { a("xs", counts_.xs), a("ys", counts_.ys); }  // what is printed
  const Graph* body() const override { return &backward_; }
  bool chooses(std::span<const Spec>) const override { return chooses_; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  std::optional<std::size_t> same_as_input(std::size_t output) const override { return counts_.xs + output; }

  Specs infer(std::span<const Spec> inputs) const override {
    const auto ys = inputs.subspan(counts_.xs, counts_.ys);
    return {ys.begin(), ys.end()};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const View& y = inputs[counts_.xs + i];
      if (outputs[i].data != nullptr && y.size() > 0) std::memcpy(outputs[i].data, y.data, y.spec.bytes());
    }
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const Tensors& inputs = ys.front().node().inputs;
    const std::size_t first_capture = counts_.xs + counts_.ys;
    for (std::size_t i = first_capture; i < first_capture + counts_.captures; ++i) {
      if (wanted[i]) refuse_captured(inputs[i]);
    }
    Tensors given(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(counts_.xs));
    given.insert(given.end(), ys.begin(), ys.end());
    for (std::size_t i = 0; i < ys.size(); ++i) {
      if (is_floating(ys[i].dtype())) given.push_back(dys[i].defined() ? dys[i] : zeros_like(ys[i]));
    }
    given.insert(given.end(), inputs.begin() + static_cast<std::ptrdiff_t>(first_capture + counts_.captures),
                 inputs.end());
    TensorMap<Tensor> now;
    for (std::size_t i = 0; i < given.size(); ++i) now.emplace(backward_.inputs[i], given[i]);
    Tensors made;  // all at once: what several gradients have in common is computed once
    for (std::size_t i = 0, output = 0; i < counts_.xs; ++i) {
      if (!has_gradient_[i]) continue;
      if (wanted[i]) made.push_back(backward_.outputs[output]);
      ++output;
    }
    made = substitute(made, now);
    Tensors dxs(inputs.size());
    for (std::size_t i = 0, next = 0; i < counts_.xs; ++i) {
      if (has_gradient_[i] && wanted[i]) dxs[i] = made[next++];
    }
    return dxs;
  }

 private:
  [[noreturn]] static void refuse_captured(const Tensor& captured) {
    const Location made = captured.node().where;
    throw Error(fmt::format(
        "[custom_gradient] a gradient flows to the arguments of the function only: got one with respect to "
        "what a tensor {} is made from, which the function captured, the result of '{}'{}; pass it as one of "
        "the xs, or wrap it in stop_gradient",
        captured.spec().text(), captured.op().name(),
        made.of_user() ? fmt::format(" ({})", made.text()) : ""));
  }

  Graph backward_;
  std::vector<bool> has_gradient_;  // for each x
  Counts counts_;
  bool chooses_ = false;
};

std::string specs_text(const Tensors& tensors) {
  std::vector<std::string> parts;
  for (const Tensor& t : tensors) parts.push_back(t.defined() ? t.spec().text() : "none");
  return fmt::format("({})", fmt::join(parts, ", "));
}

void require_made(const Tensors& tensors, std::string_view what, std::string_view advice) {
  if (tensors.empty()) {
    throw Error(fmt::format("[custom_gradient] there must be at least one {}: got none; {}", what, advice));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].defined()) continue;
    throw Error(
        fmt::format("[custom_gradient] takes tensors that were made: got an undefined Tensor as {} {}; {}",
                    what, i, advice));
  }
}

/// Placeholders for tensors; undefined ones stay so.
Tensors stand_ins(const Tensors& tensors, const detail::Scope& scope) {
  Tensors made;
  for (const Tensor& t : tensors) made.push_back(t.defined() ? scope.placeholder(t.spec()) : Tensor());
  return made;
}

/// A traced function: its results, made from `arguments`, and what it captured.
struct Recorded {
  Tensors results;
  Tensors captures;
};

Recorded record_function(const TensorFunction& f, const Tensors& xs, Location where) {
  const detail::Scope scope(detail::Scope::Kind::custom, where);
  const Tensors arguments = stand_ins(xs, scope);
  Recorded f_of_xs;
  try {
    f_of_xs.results = f(arguments);
    require_made(f_of_xs.results, "result", "return what was computed");
  } catch (Error& error) {
    error.add(fmt::format("; in the function of a custom_gradient, which sees {}", specs_text(arguments)));
    throw;
  }
  f_of_xs.captures = detail::captures_of(f_of_xs.results, scope.level());
  TensorMap<Tensor> now;
  for (std::size_t i = 0; i < xs.size(); ++i) now.emplace(arguments[i], xs[i]);
  f_of_xs.results = substitute(f_of_xs.results, now, scope.level());
  return f_of_xs;
}

void require_gradients(const Tensors& dxs, const Tensors& xs) {
  if (dxs.size() != xs.size()) {
    throw ShapeError(fmt::format(
        "[custom_gradient] backward returns one gradient per x: got {} for {}; return an undefined Tensor "
        "where there is none",
        dxs.size(), xs.size()));
  }
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!dxs[i].defined()) continue;
    if (!is_floating(xs[i].dtype())) {
      throw ShapeError(
          fmt::format("[custom_gradient] only a floating-point x has a gradient: got {} for x {}, {}; return "
                      "an undefined Tensor for it",
                      dxs[i].spec().text(), i, xs[i].spec().text()));
    }
    if (dxs[i].spec() == xs[i].spec()) continue;
    throw ShapeError(fmt::format(
        "[custom_gradient] a gradient has the shape and dtype of its x: got {} for x {}, {}; {} it",
        dxs[i].spec().text(), i, xs[i].spec().text(),
        dxs[i].dtype() == xs[i].dtype() ? "reshape it, or sum or broadcast" : "cast"));
  }
}

/// The node's op and the tensors that backward captured.
struct Closed {
  std::shared_ptr<const CustomGradient> op;
  Tensors captures;
};

Closed close_backward(const BackwardOfAll& backward, const Tensors& xs, const Recorded& f_of_xs,
                      Location where) {
  const detail::Scope scope(detail::Scope::Kind::custom, where);
  const Tensors x_in = stand_ins(xs, scope);
  const Tensors y_in = stand_ins(f_of_xs.results, scope);
  Tensors dy_in;
  Graph graph;
  graph.inputs = x_in;
  graph.inputs.insert(graph.inputs.end(), y_in.begin(), y_in.end());
  for (const Tensor& y : y_in) {
    dy_in.push_back(is_floating(y.dtype()) ? scope.placeholder(y.spec()) : Tensor());
    if (dy_in.back().defined()) graph.inputs.push_back(dy_in.back());
  }
  Tensors dxs;
  try {
    dxs = backward(x_in, y_in, dy_in);
    require_gradients(dxs, x_in);
  } catch (Error& error) {
    error.add(fmt::format("; in the backward of a custom_gradient, which sees xs {}, ys {} and dys {}",
                          specs_text(x_in), specs_text(y_in), specs_text(dy_in)));
    throw;
  }
  std::vector<bool> has_gradient;
  for (const Tensor& dx : dxs) {
    has_gradient.push_back(dx.defined());
    if (dx.defined()) graph.outputs.push_back(dx);
  }
  Closed closed;
  closed.captures = detail::captures_of(graph.outputs, scope.level());
  TensorMap<Tensor> arguments;
  for (const Tensor& capture : closed.captures) {
    graph.inputs.push_back(scope.placeholder(capture.spec()));
    arguments.emplace(capture, graph.inputs.back());
  }
  graph.outputs = substitute(graph.outputs, arguments, scope.level());
  verify(graph);
  closed.op = std::make_shared<CustomGradient>(
      std::move(graph), std::move(has_gradient),
      CustomGradient::Counts{xs.size(), f_of_xs.results.size(), f_of_xs.captures.size()});
  return closed;
}

void require_functions(bool f, bool backward) {
  if (f && backward) return;
  throw Error(fmt::format(
      "[custom_gradient] takes a function and its gradient: got an empty {}; pass a function of Tensors",
      f ? "gradient" : "function"));
}

}  // namespace

Tensors custom_gradient(const TensorFunction& f, const BackwardOfAll& backward, const Tensors& xs,
                        Location where) {
  const detail::Call call("custom_gradient", where);
  require_functions(f != nullptr, backward != nullptr);
  require_made(xs, "x", "pass what the function is of");
  const Location user = detail::Call::user_of(where);
  const Recorded f_of_xs = record_function(f, xs, user);
  const Closed closed = close_backward(backward, xs, f_of_xs, user);
  Tensors inputs = xs;
  for (const Tensors* more : {&f_of_xs.results, &f_of_xs.captures, &closed.captures})
    inputs.insert(inputs.end(), more->begin(), more->end());
  return outputs_of(make(closed.op, std::move(inputs), user));
}

Tensor custom_gradient(const std::function<Tensor(const Tensors&)>& f, const BackwardOfSeveral& backward,
                       const Tensors& xs, Location where) {
  const detail::Call call("custom_gradient", where);
  require_functions(f != nullptr, backward != nullptr);
  return custom_gradient(
      [&](const Tensors& x) { return Tensors{f(x)}; },
      [&](const Tensors& x, const Tensors& ys, const Tensors& dys) { return backward(x, ys[0], dys[0]); }, xs,
      where)[0];
}

Tensor custom_gradient(const std::function<Tensor(const Tensor&)>& f, const Backward& backward,
                       const Tensor& x, Location where) {
  const detail::Call call("custom_gradient", where);
  require_functions(f != nullptr, backward != nullptr);
  return custom_gradient([&](const Tensors& xs) { return Tensors{f(xs[0])}; },
                         [&](const Tensors& xs, const Tensors& ys, const Tensors& dys) {
                           return Tensors{backward(xs[0], ys[0], dys[0])};
                         },
                         Tensors{x}, where)[0];
}

}  // namespace sluice
