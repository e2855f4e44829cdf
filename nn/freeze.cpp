#include <sluice/nn/freeze.h>

namespace sluice::nn {

void freeze(const Module& model, Location where) {
  const sluice::detail::Call call("freeze", where);
  for (const NamedVariable& named : model.variables()) named.variable.freeze();
}

void unfreeze(const Module& model, Location where) {
  const sluice::detail::Call call("unfreeze", where);
  for (const NamedVariable& named : model.variables()) named.variable.freeze(false);
}

}  // namespace sluice::nn
