#pragma once

#include <sluice/check/check_op.h>
#include <sluice/graph/arithmetic.h>

#include "support/refused.h"

namespace sluice::test {

/// 2 x, right in every way: what the wrong ops of these tests differ from in one function.
class Doubled : public Op {
 public:
  std::string_view name() const override { return "doubled"; }
  Takes takes() const override { return {.operands = 1, .domain = Domain::floating}; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      compute(inputs[0].as<T>(), outputs[0].as<T>(), inputs[0].size());
    });
  }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {2 * dy}; }

 protected:
  template <class T>
  static void compute(const T* x, T* y, Index n) {
    for (Index i = 0; i < n; ++i) y[i] = 2 * x[i];
  }
};

/// Three rows of two.
inline Tensor rows() { return tensor({0.5, 1.0, -2.0, 3.0, -1.5, 0.25}, {3, 2}); }

template <class O>
Tensors called(const Tensors& x) {
  return outputs_of(make(std::make_shared<O>(), x));
}

/// check_op of such an op fails, and its text contains all of `text`.
template <class O>
void finds(const std::string& text, const Tensors& inputs = {rows()}, const CheckOpOptions& options = {},
           Location where = Location::current()) {
  const auto function = [where](const Tensors& x) {
    return outputs_of(make(std::make_shared<O>(), x, where));
  };
  check_refused([&] { check_op(TensorFunction(function), inputs, options, where); }, text, where);
}

}  // namespace sluice::test
