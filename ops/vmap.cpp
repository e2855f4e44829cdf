#include <sluice/graph/call.h>
#include <sluice/ops/axes.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/vmap.h>

#include <fmt/format.h>

namespace sluice {

namespace {

void require_function(bool is_one) {
  if (!is_one)
    throw Error("[vmap] takes a function: got an empty one; pass one of the tensors of one example");
}

/// x with its examples along axis 0.
Tensor examples_first(const Tensor& x, Index axis) {
  if (axis == 0) return x;
  std::vector<Index> order{axis};
  for (Index i = 0; i < x.rank(); ++i)
    if (i != axis) order.push_back(i);
  return transpose(x, order);
}

}  // namespace

Tensors vmap(const TensorFunction& f, const Tensors& xs, const VmapOptions& options, Location where) {
  const detail::Call call("vmap", where);
  require_function(f != nullptr);
  if (!options.axes.empty() && options.axes.size() != xs.size()) {
    throw ShapeError(
        fmt::format("[vmap] takes one axis per argument: got {} for {}; pass nullopt for an "
                    "argument that is the same for all examples",
                    options.axes.size(), xs.size()));
  }
  Tensors examples;                // of the arguments with an axis, along axis 0
  std::vector<std::size_t> place;  // of examples among the xs
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const std::optional<Index> axis = options.axes.empty() ? 0 : options.axes[i];
    const Shape& shape = xs[i].shape();
    if (!axis) continue;
    examples.push_back(examples_first(xs[i], normal_axis(*axis, shape.rank(), "vmap")));
    place.push_back(i);
    if (examples.back().shape()[0] != examples.front().shape()[0]) {
      throw ShapeError(
          fmt::format("[vmap] all arguments must have as many examples: got {} in argument {}, {}, and {} in "
                      "argument {}, "
                      "{}; slice them to one length, or give the axis of each",
                      examples.front().shape()[0], place[0], xs[place[0]].spec().text(),
                      examples.back().shape()[0], i, xs[i].spec().text()));
    }
  }
  if (examples.empty()) {
    throw Error(fmt::format(
        "[vmap] needs examples along an axis of at least one argument: got {} arguments, none with an axis; "
        "call the function itself for a single example",
        xs.size()));
  }
  const auto one_example = [&](const Tensors&, const Tensors& example) {
    Tensors arguments = xs;
    for (std::size_t i = 0; i < example.size(); ++i) arguments[place[i]] = example[i];
    return Carried{{}, f(arguments)};
  };
  return scan(one_example, {}, examples).ys;
}

Tensor vmap(const std::function<Tensor(const Tensors&)>& f, const Tensors& xs, const VmapOptions& options,
            Location where) {
  const detail::Call call("vmap", where);
  require_function(f != nullptr);
  return vmap([&](const Tensors& x) { return Tensors{f(x)}; }, xs, options, where)[0];
}

Tensor vmap(const std::function<Tensor(const Tensor&)>& f, const Tensor& x, Index axis, Location where) {
  const detail::Call call("vmap", where);
  require_function(f != nullptr);
  return vmap([&](const Tensors& xs) { return Tensors{f(xs[0])}; }, {x}, {.axes = {axis}}, where)[0];
}

}  // namespace sluice
