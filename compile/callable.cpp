#include <sluice/compile/callable.h>
#include <sluice/graph/leaf.h>

#include <memory>

namespace sluice::detail {

Tensor example_of(const Spec& spec) {
  return make(std::shared_ptr<const Op>(std::make_shared<Placeholder>(spec)), Tensors{}, Location{});
}

Specs specs_of(const Tensors& arguments) {
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec(Location{}));
  return specs;
}

}  // namespace sluice::detail
