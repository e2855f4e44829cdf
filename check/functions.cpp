#include <sluice/check/functions.h>
#include <sluice/graph/grad.h>
#include <sluice/check/values.inl>

namespace sluice::detail {

TensorFunction several(const std::function<Tensor(const Tensors&)>& function) {
  if (!function) return {};
  return [function](const Tensors& inputs) { return Tensors{function(inputs)}; };
}

TensorFunction with_gradients(const TensorFunction& function) {
  return [function](const Tensors& inputs) {
    Tensors results = function(inputs);
    Tensors ys;
    Tensors seeds;
    for (const Tensor& y : results) {
      if (!is_floating(y.dtype())) continue;
      ys.push_back(y);
      seeds.push_back(seed_for(y.spec()));
    }
    Tensors wrt;
    std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(wrt),
                 [](const Tensor& x) { return is_floating(x.dtype()); });
    for (const Tensor& gradient : vjp(ys, seeds, wrt)) {
      if (gradient.defined()) results.push_back(gradient);
    }
    return results;
  };
}

}  // namespace sluice::detail
