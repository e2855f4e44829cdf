// Products and norms of hard values.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor pairs(const Reals& values, DType dtype) {
  Elements flat;
  for (const Real a : values)
    for (const Real b : values) flat.insert(flat.end(), {static_cast<double>(a), static_cast<double>(b)});
  return evaluate(cast(tensor(flat, {static_cast<Index>(values.size() * values.size()), 2}), dtype));
}

/// One element of a product: a chain of multiply-adds of the dtype, in the order of the inner dimension.
template <class T>
double chain(const Elements& a, const Elements& b, std::size_t i, std::size_t j) {
  const auto at = [](const Elements& x, std::size_t k) { return static_cast<T>(x[k]); };
  return std::fma(at(a, 2 * i + 1), at(b, 2 * j + 1), std::fma(at(a, 2 * i), at(b, 2 * j), T{0}));
}

}  // namespace

TEST_CASE("products of pairs of hard values") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor a = pairs(few_hard_values(dtype), dtype);
    const Elements x = numbers(a);
    const auto n = static_cast<std::size_t>(a.dim(0));
    const auto product = [](const Tensors& in) {
      return Tensors{matmul(in[0], in[1], {.transpose_b = true})};
    };
    note_driven("matmul", product({a, a}));
    const Elements got = at_edges(product, {a, a})[0];
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const double right = dtype == DType::float32 ? chain<float>(x, x, i, j) : chain<double>(x, x, i, j);
        const bool same = got[i * n + j] == right || (std::isnan(right) && std::isnan(got[i * n + j]));
        wrong += same ? 0 : 1;
      }
    }
    CHECK(wrong == 0);
    // The gradient of one factor is the other, whatever both hold.
    const auto both = [&](const Tensors& in) {
      const Tensor c = matmul(in[0], in[1]);
      return vjp({c}, {ones_like(c)}, {in[0], in[1]});
    };
    const Tensor v = evaluate(reshape(a, {a.size()}));
    const auto slopes = at_edges(both, {v, evaluate(flip(v, 0))});
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double left = slopes[0][k];
      const double right = slopes[1][k];
      CHECK((left == x[x.size() - 1 - k] || std::isnan(left)));
      CHECK((right == x[k] || std::isnan(right)));
      CHECK(std::isnan(right) == std::isnan(x[k]));
    }
  }
}

TEST_CASE("norms of pairs of hard values") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Reals values = few_hard_values(dtype);
    const auto both = [](const Tensors& in) {
      const Tensor y = norm(in[0]);
      return Tensors{y, vjp({y}, {ones_like(y)}, {in[0]})[0]};
    };
    for (const Real a : values) {
      for (const Real b : values) {
        const Tensor x = evaluate(cast(tensor({static_cast<double>(a), static_cast<double>(b)}), dtype));
        note_driven("norm", {norm(x)});
        const auto got = at_edges(both, {x});
        const Real right = std::isnan(a) || std::isnan(b) ? real_nan : std::hypot(a, b);
        const double length = static_cast<double>(right);  // which may be infinite
        CAPTURE(name_of(dtype), a, b, got[0][0]);
        check_hard(got[0][0], right, DType::float64, {});
        CAPTURE(got[1][0], got[1][1]);
        check_hard(got[1][0], right == 0 ? 0 : a / length, dtype, {});
        check_hard(got[1][1], right == 0 ? 0 : b / length, dtype, {});
      }
    }
  }
}

TEST_CASE("layer_norm of rows of hard values") {
  const auto normal = [](const Tensor& x, Index axis) {
    return axis == 1 ? layer_norm(x) : transpose(layer_norm(transpose(x)));
  };
  struct Moments {
    Real mean = 0;
    Real scale = 0;
  };
  const auto moments = [](const Reals& row) {
    Moments m;
    for (const Real x : row) m.mean += x / 3;
    Real variance = 0;
    for (const Real x : row) variance += (x - m.mean) * (x - m.mean) / 3;
    m.scale = 1 / std::sqrt(variance + 1e-5L);
    return m;
  };
  const auto value = [&](const Reals& row) {
    const Moments m = moments(row);
    Reals y;
    for (const Real x : row) y.push_back((x - m.mean) * m.scale);
    return y;
  };
  const auto slope = [&](const Reals& row, const Reals& w) {
    const Moments m = moments(row);
    const Reals y = value(row);
    Real dy = 0;
    Real dyy = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      dy += w[i] / 3;
      dyy += w[i] * y[i] / 3;
    }
    Reals dx;
    for (std::size_t i = 0; i < 3; ++i) dx.push_back(m.scale * (w[i] - dy - y[i] * dyy));
    return dx;
  };
  check_hard_rows({"layer_norm", normal, value, slope, {}, {}, {1e-5, 1e-6}, {1e-4, 1e-5}});
}
