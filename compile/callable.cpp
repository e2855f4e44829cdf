#include <sluice/compile/callable.h>
#include <sluice/graph/leaf.h>

#include <fmt/format.h>

#include <memory>

namespace sluice::detail {

Tensor example_of(const Spec& spec) {
  return make(std::shared_ptr<const Op>(std::make_shared<Placeholder>(spec)), Tensors{}, Location{});
}

Specs specs_of(const Tensors& arguments) {
  Specs specs;
  for (const Tensor& argument : arguments) {
    if (!argument.defined()) {
      throw Error(
          fmt::format("[compile] arguments are tensors that were made: got an undefined Tensor, number {} of "
                      "the tensors in them; give it a value, or leave it out of the struct or list",
                      specs.size()));
    }
    specs.push_back(argument.spec(Location{}));
  }
  return specs;
}

}  // namespace sluice::detail
