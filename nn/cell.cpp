#include <sluice/nn/context_cell.h>

#include <fmt/format.h>

namespace sluice::nn {

std::string detail::specs_text(const Tensors& parts) {
  std::string text;
  for (const Tensor& part : parts) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ",
                        part.defined() ? part.spec().text() : "an undefined tensor");
  }
  return text.empty() ? "nothing" : text;
}

namespace {

// The parts of a state of these sizes, as text: "f32[20, 256], f32[20, 256]".
std::string wanted(DType dtype, Index batch, const std::vector<Index>& sizes) {
  std::string text;
  for (const Index size : sizes) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", Spec{dtype, {batch, size}}.text());
  }
  return text;
}

bool fits(const Tensors& parts, DType dtype, Index batch, const std::vector<Index>& sizes) {
  if (parts.size() != sizes.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].defined() || parts[i].spec() != Spec{dtype, {batch, sizes[i]}}) return false;
  }
  return true;
}

}  // namespace

std::pair<Tensor, Tensor> State::pair(Location where) const {
  if (parts.size() != 2) {
    throw Error(fmt::format("[state] pair() is for states of 2 parts: got {} ({}); read its `parts`, or give "
                            "the cell two state sizes",
                            parts.size(), detail::specs_text(parts)),
                where);
  }
  return {parts[0], parts[1]};
}

Cell::Cell(Index inputs, std::vector<Index> state_sizes, Location where)
    : inputs_(inputs), sizes_(std::move(state_sizes)) {
  if (sizes_.empty()) {
    throw Error("[cell] a cell remembers at least its output: got no state sizes; pass {hidden}", where);
  }
  for (const Index size : sizes_) {
    if (inputs < 1 || size < 1) {
      throw Error(
          fmt::format("[cell] sizes are at least 1: got {} inputs and a state of {}; pass positive sizes",
                      inputs, size),
          where);
    }
  }
}

State Cell::start(Index batch, DType dtype) const {
  State state;
  for (const Index size : sizes_) state.parts.push_back(zeros({batch, size}, dtype));
  return state;
}

std::vector<RecurrentWeight> Cell::recurrent_weights() const {
  std::vector<RecurrentWeight> found;
  for (const NamedVariable& named : variables()) {
    const Spec& spec = named.variable.spec();
    const bool takes_both = spec.shape.rank() == 2 && spec.shape[0] == inputs() + hidden();
    if (takes_both && is_floating(spec.dtype)) found.push_back({named.variable, inputs()});
  }
  return found;
}

State Cell::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("cell", where);
  if (sizes_.empty()) throw Error(detail::moved_from("cell"));
  if (batch < 0) {
    throw Error(fmt::format("[cell] a batch is not negative: got {}; pass the number of sequences", batch));
  }
  State state = start(batch, dtype);
  if (!fits(state.parts, dtype, batch, sizes_)) {
    throw ShapeError(fmt::format(
        "[cell] the first state of a batch of {} is {}: got {} from start(); return all parts, the "
        "output first, or correct the state sizes",
        batch, wanted(dtype, batch, sizes_), detail::specs_text(state.parts)));
  }
  return state;
}

State Cell::operator()(const Tensor& x, const State& s, const StepContext& context, Location where) const {
  const sluice::detail::Call call("cell", where);
  if (sizes_.empty()) throw Error(detail::moved_from("cell"));
  if (!x.defined() || x.rank() != 2 || x.dim(1) != inputs_) {
    throw ShapeError(
        fmt::format("[cell] a step takes x [batch, {}]: got {}; give the cell {} inputs, or x that width",
                    inputs_, detail::specs_text({x}), x.defined() && x.rank() == 2 ? x.dim(1) : inputs_));
  }
  const Index batch = x.dim(0);
  if (!fits(s.parts, x.dtype(), batch, sizes_)) {
    throw ShapeError(
        fmt::format("[cell] the state of a batch of {} is {}: got {}; start from initial({}), go on from the "
                    "state of the step before, or make a CarriedState for this batch",
                    batch, wanted(x.dtype(), batch, sizes_), detail::specs_text(s.parts), batch));
  }
  const auto* in_context = dynamic_cast<const ContextCell*>(this);
  State next = in_context != nullptr ? in_context->step_in(x, s, context) : step(x, s);
  if (!fits(next.parts, x.dtype(), batch, sizes_)) {
    throw ShapeError(
        fmt::format("[cell] a step returns a state like the one it takes, {}: got {} from step(); return all "
                    "parts, the output first, or correct the state sizes",
                    wanted(x.dtype(), batch, sizes_), detail::specs_text(next.parts)));
  }
  return next;
}

}  // namespace sluice::nn
