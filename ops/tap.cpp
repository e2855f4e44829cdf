#include <sluice/graph/hold.h>
#include <sluice/graph/loop_step.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/tap.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

using TapFunction = std::function<void(const Tapped&)>;

/// With a null function the identity, in place of a tap that has been called already.
class Tap final : public Op {
 public:
  Tap(std::string name, std::shared_ptr<const TapFunction> function)
      : name_(std::move(name)), function_(std::move(function)) {}

  std::string_view name() const override { return "tap"; }
  /// The address makes two taps different, also of one name and one function.
  void members(Attributes& a) const override { a("name", name_), a("function", function_); }
  Takes takes() const override { return {.operands = 1}; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  bool in_place() const override { return true; }
  bool may_throw(std::span<const Spec>) const override { return is_called(); }
  bool is_observed() const override { return is_called(); }
  std::optional<std::size_t> same_as_input(std::size_t) const override {
    return is_called() ? std::nullopt : std::optional<std::size_t>(0);
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const View& x = inputs[0];
    if (is_called()) call(x);
    if (outputs[0].data != x.data && x.spec.bytes() > 0) std::memcpy(outputs[0].data, x.data, x.spec.bytes());
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }

  bool is_called() const { return function_ != nullptr; }
  std::shared_ptr<const Op> silent() const { return std::make_shared<Tap>(name_, nullptr); }

 private:
  void call(const View& x) const {
    const detail::WithinRun within;
    try {
      (*function_)({name_, x});
    } catch (const Error&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& exception) {
      throw Error(
          fmt::format("[tap] the function of tap '{}' ends the run if it throws: got \"{}\"; catch it inside "
                      "if the run is to go on",
                      name_, exception.what()));
    }
  }

  std::string name_;
  std::shared_ptr<const TapFunction> function_;
};

}  // namespace

void Tapped::require(DType dtype) const {
  if (dtype == value.spec.dtype) return;
  throw Error(
      fmt::format("[tap] the elements of a value are read as what they are: got {} for {}; ask for that "
                  "type, or cast the tensor",
                  name_of(dtype), value.spec.text()));
}

Tensor Tapped::tensor() const {
  Array copy(value.spec);
  if (copy.bytes() > 0) std::memcpy(copy.data(), value.data, copy.bytes());
  return Tensor(std::move(copy));
}

std::vector<Index> Tapped::steps() const {
  std::vector<Index> steps;
  for (const detail::LoopPlace& place : detail::LoopStep::places()) steps.push_back(place.step);
  return steps;
}

Tensor tap(const Operand& x, std::string name, std::function<void(const Tapped&)> function) {
  if (!function) {
    throw Error("[tap] takes a function: got an empty one; pass what to do with the value", x.where());
  }
  return make<Tap>({x}, std::move(name), std::make_shared<const TapFunction>(std::move(function)));
}

bool detail::is_observed(const Graph& body) {
  const auto order = topological_order(body.outputs);
  return std::any_of(order.begin(), order.end(), [](const Node* node) { return node->op->is_observed(); });
}

std::shared_ptr<const Op> detail::silent_tap(const Op& op) {
  const auto* tap = dynamic_cast<const Tap*>(&op);
  return tap == nullptr ? nullptr : tap->silent();
}

}  // namespace sluice
