// Convolutions of hard values, and their gradients; and the rows of rms_norm.

#include <sluice/graph/grad.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/conv1d.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/rms_norm.h>
#include <sluice/ops/transpose.h>

#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Checks [n, n] products of all pairs of hard values with all pairs: chains of two multiply-adds.
template <class T>
void check_chains(const Elements& got, const Reals& values) {
  std::vector<std::pair<T, T>> pairs;
  for (const Real a : values)
    for (const Real b : values) pairs.emplace_back(static_cast<T>(a), static_cast<T>(b));
  REQUIRE(got.size() == pairs.size() * pairs.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto& [a, b] = pairs[i / pairs.size()];
    const auto& [c, d] = pairs[i % pairs.size()];
    const double right = std::fma(b, d, std::fma(a, c, T{0}));
    wrong += got[i] == right || (std::isnan(right) && std::isnan(got[i])) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("convolutions of pairs of hard values") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Reals values = few_hard_values(dtype);
    Elements flat;
    for (const Real a : values)
      for (const Real b : values) flat.insert(flat.end(), {static_cast<double>(a), static_cast<double>(b)});
    const Index n = static_cast<Index>(flat.size()) / 2;
    const Tensor rows = evaluate(cast(tensor(flat, {n, 2}), dtype));
    const Tensor columns = evaluate(transpose(rows));
    const auto check = [&](std::string_view name, const TensorFunction& f, const Tensors& in) {
      CAPTURE(name, name_of(dtype));
      note_driven(name, f(in));
      const Elements got = at_edges(f, in)[0];
      dtype == DType::float32 ? check_chains<float>(got, values) : check_chains<double>(got, values);
    };
    // The gradients of a linear function do not depend on where they are taken.
    const Tensor any_x = zeros({n, 1, n}, dtype), any_w = zeros({1, n, n}, dtype);
    check("conv1d", [](const Tensors& in) { return Tensors{conv1d(in[0], in[1])}; },
          {evaluate(reshape(rows, {n, 1, 2})), evaluate(reshape(columns, {1, 2, n}))});
    check("conv1d_transposed",
          [=](const Tensors& in) { return vjp({conv1d(any_x, in[1])}, {in[0]}, {any_x}); },
          {evaluate(reshape(rows, {n, 1, 2})), evaluate(reshape(rows, {1, n, 2}))});
    check("conv1d_weight", [=](const Tensors& in) { return vjp({conv1d(in[0], any_w)}, {in[1]}, {any_w}); },
          {evaluate(reshape(columns, {2, 1, n})), evaluate(reshape(columns, {2, 1, n}))});
  }
}

TEST_CASE("rms_norm of rows of hard values") {
  const auto normal = [](const Tensor& x, Index axis) {
    return axis == 1 ? rms_norm(x) : transpose(rms_norm(transpose(x)));
  };
  const auto scale = [](const Reals& row) {
    Real square = 0;
    for (const Real x : row) square += x * x / 3;
    return 1 / std::sqrt(square + 1e-5L);
  };
  const auto value = [=](const Reals& row) {
    Reals y;
    for (const Real x : row) y.push_back(x * scale(row));
    return y;
  };
  const auto slope = [=](const Reals& row, const Reals& w) {
    const Reals y = value(row);
    Real dyy = 0;
    for (std::size_t i = 0; i < 3; ++i) dyy += w[i] * y[i] / 3;
    Reals dx;
    for (std::size_t i = 0; i < 3; ++i) dx.push_back(scale(row) * (w[i] - y[i] * dyy));
    return dx;
  };
  // Squares leave the range of the dtype: what is finite becomes 0. Their sum in a gradient does so earlier.
  const auto leaves = [](Real power) {
    return [=](const Reals& row, DType dtype) {
      const Real most = dtype == DType::float32 ? std::numeric_limits<float>::max()
                                                : static_cast<Real>(std::numeric_limits<double>::max());
      for (const Real x : row)
        if (std::abs(x) > std::pow(most, power)) return true;
      return false;
    };
  };
  check_hard_rows({"rms_norm", normal, value, slope, leaves(0.5L), leaves(0.3L), {1e-5, 1e-6}, {1e-4, 1e-5}});
}
