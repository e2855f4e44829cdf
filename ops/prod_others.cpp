#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/prod.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {

namespace {

/// A product of many numbers that neither overflows nor underflows in between: the exponent is kept
/// separately, and factors without an inverse are counted.
class Product {
 public:
  /// Multiplies by x or, with `times` = -1, removes one factor x.
  void multiply(double x, Index times) {
    negative_ = negative_ != std::signbit(x);
    if (x == 0) {
      zeros_ += times;
    } else if (std::isinf(x)) {
      infinities_ += times;
    } else if (std::isnan(x)) {
      nans_ += times;
    } else {
      int exponent = 0;
      const double fraction = std::frexp(std::abs(x), &exponent);
      int carried = 0;
      fraction_ = std::frexp(times > 0 ? fraction_ * fraction : fraction_ / fraction, &carried);
      exponent_ += times * exponent + carried;
    }
  }

  double value() const {
    if (nans_ > 0 || (zeros_ > 0 && infinities_ > 0)) return std::numeric_limits<double>::quiet_NaN();
    double size = 0;
    if (infinities_ > 0) {
      size = std::numeric_limits<double>::infinity();
    } else if (zeros_ == 0) {
      size = std::ldexp(fraction_, static_cast<int>(std::clamp<Index>(exponent_, -5000, 5000)));
    }
    return negative_ ? -size : size;
  }

 private:
  double fraction_ = 1;
  Index exponent_ = 0;
  Index zeros_ = 0;
  Index infinities_ = 0;
  Index nans_ = 0;
  bool negative_ = false;
};

class ProdOthers final : public Op {
 public:
  std::string_view name() const override { return "prod_others"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].shape.rank() == 0 || !is_floating(inputs[0].dtype)) {
      throw ShapeError(
          fmt::format("[prod_others] needs a floating tensor with an axis: got {}; cast or reshape it",
                      inputs[0].text()));
    }
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    if (inputs[0].spec.dtype == DType::float64) {
      multiply(inputs[0].as<double>(), outputs[0].as<double>(), inputs[0].shape());
    } else {
      multiply(inputs[0].as<float>(), outputs[0].as<float>(), inputs[0].shape());
    }
  }

  /// y_i = prod_j m_ij, where m has x in every row and 1 on the diagonal. Hence dx_k = sum_i dy_i prod_{j !=
  /// k} m_ij over i != k.
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Index n = x.dim(-1);
    const Tensor diagonal = equal(expand_dims(arange(n), 1), arange(n));
    const Tensor others = prod_others(where(diagonal, 1, expand_dims(x, -2)));
    return {sum(where(diagonal, 0, others * expand_dims(dy, -1)), -2)};
  }

 private:
  template <class T>
  static void multiply(const T* x, T* y, const Shape& shape) {
    const Index n = shape.back();
    if (n == 0) return;
    kernels::parallel_for(shape.size() / n, std::max<Index>(1, (Index{1} << 14) / n),
                          [&](Index begin, Index end) {
                            for (Index row = begin; row < end; ++row) {
                              Product all;
                              for (Index i = 0; i < n; ++i) all.multiply(x[row * n + i], 1);
                              for (Index i = 0; i < n; ++i) {
                                Product others = all;
                                others.multiply(x[row * n + i], -1);
                                y[row * n + i] = static_cast<T>(others.value());
                              }
                            }
                          });
  }
};

}  // namespace

Tensor prod_others(const Operand& x) { return make<ProdOthers>(x); }

}  // namespace sluice
