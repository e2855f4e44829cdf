#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/norm.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sluice {

namespace {

double sum_of_squares(const double* x, Index n) { return kernels::dot(x, x, static_cast<std::size_t>(n)); }

/// The sum of get(i)^2 for i < n.
template <class Get>
double sum_of_squares(Index n, const Get& get) {
  constexpr Index chunk = 512;
  std::array<double, static_cast<std::size_t>(chunk)> some;
  double sum = 0;
  for (Index begin = 0; begin < n; begin += chunk) {
    const Index count = std::min(chunk, n - begin);
    for (Index i = 0; i < count; ++i) some[static_cast<std::size_t>(i)] = get(begin + i);
    sum += sum_of_squares(some.data(), count);
  }
  return sum;
}

double sum_of_squares(const float* x, Index n) {
  return sum_of_squares(n, [x](Index i) { return static_cast<double>(x[i]); });
}

/// The sum of part(begin, end) over parts of n elements, in an order that depends on n only.
template <class Part>
double sum_of_parts(Index n, const Part& part) {
  constexpr Index most = 64;
  constexpr Index piece = Index{1} << 15;  // elements that justify another thread
  const Index length = std::max(piece, (n + most - 1) / most);
  std::array<double, static_cast<std::size_t>(most)> sums{};
  kernels::parallel_for(n, length, [&](Index begin, Index end) {
    sums[static_cast<std::size_t>(begin / length)] = part(begin, end);
  });
  return kernels::sum(sums.data(), sums.size());
}

template <class T>
double norm_of(const T* x, Index n) {
  const double sum =
      sum_of_parts(n, [&](Index begin, Index end) { return sum_of_squares(x + begin, end - begin); });
  // Squares of doubles below this have lost precision.
  constexpr double smallest = std::numeric_limits<double>::min() / std::numeric_limits<double>::epsilon();
  if (std::isnan(sum) || (sum >= smallest && std::isfinite(sum))) return std::sqrt(sum);
  double unit = 0;
  for (Index i = 0; i < n; ++i) unit = std::max(unit, std::abs(static_cast<double>(x[i])));
  if (unit == 0 || std::isinf(unit)) return unit;
  return unit * std::sqrt(sum_of_parts(n, [&](Index begin, Index end) {
           return sum_of_squares(end - begin,
                                 [&](Index i) { return static_cast<double>(x[begin + i]) / unit; });
         }));
}

class Norm final : public Op {
 public:
  std::string_view name() const override { return "norm"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }

  Specs infer(std::span<const Spec> inputs) const override {
    if (!is_floating(inputs[0].dtype)) {
      throw ShapeError(fmt::format("[norm] needs a floating tensor: got {}; cast it", inputs[0].text()));
    }
    return {{DType::float64, {}}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Index n = inputs[0].size();
    *outputs[0].as<double>() = inputs[0].spec.dtype == DType::float64 ? norm_of(inputs[0].as<double>(), n)
                                                                      : norm_of(inputs[0].as<float>(), n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    return {cast(cast(x, DType::float64) / where(y == 0, 1, y) * dy, x.dtype())};
  }
};

}  // namespace

Tensor norm(const Operand& x) { return make<Norm>(x); }

}  // namespace sluice
