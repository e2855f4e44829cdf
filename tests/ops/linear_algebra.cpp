// Values by determinants: Cramer's rule, cofactors and leading minors share nothing with eliminations.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <cmath>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;
using Matrix = std::vector<std::vector<double>>;

Matrix without(Matrix m, std::size_t row, std::size_t column) {
  m.erase(m.begin() + static_cast<std::ptrdiff_t>(row));
  for (auto& numbers : m) numbers.erase(numbers.begin() + static_cast<std::ptrdiff_t>(column));
  return m;
}

double determinant(const Matrix& m) {
  double sum = m.empty() ? 1 : 0;
  for (std::size_t j = 0; j < m.size(); ++j)
    sum += (j % 2 == 0 ? 1 : -1) * m[0][j] * determinant(without(m, 0, j));
  return sum;
}

/// The matrix of an operand that belongs to a place in the broadcast batch.
Matrix matrix_at(const Values& x, const Position& batch) {
  const Index axes = x.shape.rank() - 2;
  Position at;
  for (Index axis = 0; axis < axes; ++axis)
    at.push_back(x.shape[axis] == 1 ? 0 : batch[batch.size() - static_cast<std::size_t>(axes - axis)]);
  Matrix m(static_cast<std::size_t>(x.shape[axes]));
  at.resize(at.size() + 2);
  for (std::size_t i = 0; i < m.size(); ++i) {
    for (Index j = 0; j < x.shape.back(); ++j) {
      at[at.size() - 2] = static_cast<Index>(i);
      at.back() = j;
      m[i].push_back(x.at(at));
    }
  }
  return m;
}

Matrix transposed(const Matrix& m) {
  Matrix t = m;
  for (std::size_t i = 0; i < m.size(); ++i) {
    for (std::size_t j = 0; j < m.size(); ++j) t[j][i] = m[i][j];
  }
  return t;
}

/// How a test makes a well-conditioned matrix from a random one, and the same for the references.
struct Form {
  std::function<Tensor(const Tensor&)> tensor;
  std::function<Matrix(const Matrix&)> matrix;
};

double shift_of(std::size_t n) { return 3 * static_cast<double>(n); }

Tensor shift(const Tensor& x) {
  const Tensor row = expand_dims(arange(x.dim(-1)), 1);
  return cast(equal(row, arange(x.dim(-1))), x.dtype()) * shift_of(static_cast<std::size_t>(x.dim(-1)));
}

/// The diagonal outweighs the rest.
const Form dominant{[](const Tensor& x) { return x + shift(x); },
                    [](Matrix m) {
                      for (std::size_t i = 0; i < m.size(); ++i) m[i][i] += shift_of(m.size());
                      return m;
                    }};
/// The same upside down: every pivot is found elsewhere.
const Form upside_down{[](const Tensor& x) { return flip(x + shift(x), -2); },
                       [](Matrix m) {
                         m = dominant.matrix(m);
                         std::reverse(m.begin(), m.end());
                         return m;
                       }};
const Form positive{[](const Tensor& x) { return matmul(x, x, {.transpose_b = true}) + shift(x); },
                    [](const Matrix& m) {
                      Matrix product = m;
                      for (std::size_t i = 0; i < m.size(); ++i) {
                        for (std::size_t j = 0; j < m.size(); ++j) {
                          product[i][j] = i == j ? shift_of(m.size()) : 0;
                          for (std::size_t l = 0; l < m.size(); ++l) product[i][j] += m[i][l] * m[j][l];
                        }
                      }
                      return product;
                    }};

/// x of a x = b by Cramer's rule, where `made` gives the matrix from that of the input.
auto solution(const std::function<Matrix(const Matrix&)>& made) {
  return [made](const std::vector<Values>& x) {
    Values b = x[1];
    const bool is_vector = b.shape.rank() == 1;
    if (is_vector) b.shape = b.shape.inserted(1, 1);
    const auto batch_of = [](const Shape& s) {
      return Shape(std::span(s.begin(), static_cast<std::size_t>(s.rank() - 2)));
    };
    Shape shape = broadcast(batch_of(x[0].shape), batch_of(b.shape), "reference");
    shape = shape.inserted(shape.rank(), x[0].shape.back());
    shape = shape.inserted(shape.rank(), b.shape.back());
    return filled(shape, [&](const Position& at) {
      const Position batch(at.begin(), at.end() - 2);
      const Matrix a = made(matrix_at(x[0], batch));
      const Matrix right = matrix_at(b, batch);
      Matrix replaced = a;
      for (std::size_t i = 0; i < a.size(); ++i)
        replaced[i][static_cast<std::size_t>(at[at.size() - 2])] =
            right[i][static_cast<std::size_t>(at.back())];
      return determinant(replaced) / determinant(a);
    });
  };
}

/// A number of each matrix, or of each place in each matrix.
auto of_matrices(const std::function<double(const Matrix&)>& f) {
  return [f](const std::vector<Values>& x) {
    const auto axes = static_cast<std::size_t>(x[0].shape.rank() - 2);
    return filled(Shape(std::span(x[0].shape.begin(), axes)),
                  [&](const Position& at) { return f(matrix_at(x[0], at)); });
  };
}
auto of_places(const std::function<double(const Matrix&, std::size_t, std::size_t)>& f) {
  return [f](const std::vector<Values>& x) {
    return filled(x[0].shape, [&](const Position& at) {
      return f(matrix_at(x[0], Position(at.begin(), at.end() - 2)),
               static_cast<std::size_t>(at[at.size() - 2]), static_cast<std::size_t>(at.back()));
    });
  };
}

const Samples matrices = {{{1, 1}},    {{2, 2}},    {{3, 3}},       {{0, 0}},      {{2, 0, 0}},
                          {{0, 2, 2}}, {{3, 2, 2}}, {{2, 1, 3, 3}}, {{1, 2, 2, 2}}};
const Samples systems = {{{1, 1}, {1, 1}},          {{3, 3}, {3, 2}},    {{2, 2}, {2}},
                         {{0, 0}, {0, 2}},          {{2, 2}, {2, 0}},    {{0, 2, 2}, {2, 1}},
                         {{2, 2, 2}, {2, 2, 1}},    {{2, 2}, {3, 2, 2}}, {{3, 2, 2}, {2, 1}},
                         {{2, 1, 2, 2}, {3, 2, 1}}, {{2, 2, 2}, {2}},    {{1, 2, 2}, {2, 2, 1}}};

const Samples few_systems = {{{3, 3}, {3, 2}}, {{2, 2}, {2}}, {{2, 1, 2, 2}, {3, 2, 1}}};

double leading_minor(const Matrix& m, std::size_t n) {
  Matrix part(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(n));
  for (auto& row : part) row.resize(n);
  return determinant(part);
}

}  // namespace

TEST_CASE("solve_triangular solves with either triangle, transposed and with a diagonal of ones") {
  for (unsigned bits = 0; bits < 8; ++bits) {
    const TriangularOptions options{(bits & 1) == 0, (bits & 2) != 0, (bits & 4) != 0};
    const auto made = [=](const Matrix& x) {
      Matrix m = dominant.matrix(x);
      for (std::size_t i = 0; i < m.size(); ++i) {
        for (std::size_t j = 0; j < m.size(); ++j) {
          if (options.lower ? i < j : i > j) m[i][j] = 0;
          if (options.unit_diagonal && i == j) m[i][j] = 1;
        }
      }
      return options.transpose ? transposed(m) : m;
    };
    check_op("solve_triangular",
             [=](const Tensors& x) { return solve_triangular(dominant.tensor(x[0]), x[1], options); },
             bits == 0 ? systems : few_systems, {.reference = solution(made)});
  }
}

TEST_CASE("solve finds the solutions of linear systems, and pivots where it must") {
  for (const Form& form : {dominant, upside_down}) {
    check_op("solve", [&](const Tensors& x) { return solve(form.tensor(x[0]), x[1]); }, systems,
             {.reference = solution(form.matrix)});
  }
  check_op("solve",
           [&](const Tensors& x) { return solve(upside_down.tensor(x[0]), x[1], {.transpose = true}); },
           few_systems,
           {.reference = solution([](const Matrix& x) { return transposed(upside_down.matrix(x)); })});
  check_op("cholesky",
           [&](const Tensors& x) { return solve(positive.tensor(x[0]), x[1], {.positive = true}); }, systems,
           {.reference = solution(positive.matrix)});
}

TEST_CASE("cholesky gives the triangle whose minors are the roots of those of the matrix") {
  const auto reference = [](const Matrix& x, std::size_t i, std::size_t j) {
    if (i < j) return 0.0;
    const Matrix a = positive.matrix(x);
    Matrix minor = a;
    minor[j] = a[i];
    return leading_minor(minor, j + 1) / std::sqrt(leading_minor(a, j) * leading_minor(a, j + 1));
  };
  check_op("cholesky", [](const Tensors& x) { return cholesky(positive.tensor(x[0])); }, matrices,
           {.reference = of_places(reference)});
  // The gradient is that of symmetric matrices, and the upper triangle is not read.
  const Tensor a = tensor({4., 9., 2., 5.}, {2, 2});
  const Tensor slope = vjp({cholesky(a)}, {tensor({1., 7., 3., 2.}, {2, 2})}, {a})[0];
  CHECK(numbers(cholesky(a)) == std::vector<double>{2, 0, 1, 2});
  check_close(slope, transpose(slope), 0);
  check_close(slope, std::vector<double>{0, 0.5, 0.5, 0.5}, 1e-15);
}

TEST_CASE("inverse is made of cofactors") {
  const auto reference = [](const Matrix& x, std::size_t i, std::size_t j) {
    const Matrix a = upside_down.matrix(x);
    return ((i + j) % 2 == 0 ? 1 : -1) * determinant(without(a, j, i)) / determinant(a);
  };
  check_op("solve", [](const Tensors& x) { return inverse(upside_down.tensor(x[0])); }, matrices,
           {.reference = of_places(reference)});
}

TEST_CASE("logdet is the logarithm of the size of the determinant, slogdet has its sign too") {
  const auto log_of = [](const Form& form) {
    return of_matrices([&form](const Matrix& x) { return std::log(std::abs(determinant(form.matrix(x)))); });
  };
  check_op("logdet", [](const Tensors& x) { return logdet(upside_down.tensor(x[0])); }, matrices,
           {.reference = log_of(upside_down)});
  check_op("cholesky", [](const Tensors& x) { return logdet(positive.tensor(x[0]), {.positive = true}); },
           matrices, {.reference = log_of(positive)});
  check_op("logdet", [](const Tensors& x) { return slogdet(upside_down.tensor(x[0])).sign; }, matrices,
           {.reference = of_matrices(
                [](const Matrix& x) { return determinant(upside_down.matrix(x)) < 0 ? -1.0 : 1.0; }),
            .gradient = false});
  const Tensor singular = tensor({1., 2., 2., 4.}, {2, 2});
  CHECK(evaluate(logdet(singular)).item() == -INFINITY);
  CHECK(evaluate(slogdet(singular).sign).item() == 0);
  CHECK(evaluate(slogdet(zeros({0, 0})).sign).item() == 1);
}

TEST_CASE("linear algebra says which rule was broken, and by which matrix of the batch") {
  const auto factor = [](const Tensors& x) { return cholesky(x[0]); };
  const auto general = [](const Tensors& x) { return solve(x[0], x[1]); };
  const auto triangle = [](const Tensors& x) { return solve_triangular(x[0], x[1]); };
  check_error(factor, {i32({2, 2})}, "[cholesky] the matrix must be floating: got i32[2, 2]; cast it");
  check_error(factor, {f32({2})},
              "[cholesky] the last two axes must be those of a square matrix: got f32[2]; ");
  check_error(factor, {f64({4, 2, 3})}, "square matrix: got f64[4, 2, 3]; reshape or slice it");
  check_error(triangle, {f32({2, 2}), f64({2, 2})},
              "[solve_triangular] both operands must have the same dtype: got f32[2, 2] and f64[2, 2]; cast");
  check_error(triangle, {f32({2, 2}), f32({3})},
              "[solve_triangular] the right side must have as many rows as the matrix: got f32[2, 2] and");
  check_error(general, {f32({2, 2}), f32({})}, "[solve] the right side must have as many rows as the matrix");
  check_error(general, {f32({5, 2, 2}), f32({3, 2, 1})}, "[solve] shapes must be equal or 1 on every axis");

  std::vector<double> numbers(6 * 4, 0);
  for (std::size_t at = 0; at < 24; at += 4) numbers[at] = numbers[at + 3] = 2;
  numbers[4 * 4 + 3] = -0.25;  // matrices [1, 1] and [1, 2]
  numbers[5 * 4] = 0;
  const Tensor batch = tensor(numbers, {2, 3, 2, 2});
  check_error(factor, {batch},
              "[cholesky] the matrix must be positive definite: got pivot -0.25 at row 1 of matrix [1, 1] of "
              "f64[2, 3, 2, 2]; correct it, or add a small multiple of the identity (");
  check_error(
      general, {batch, ones({3, 2, 1}, DType::float64)},
      "[solve] the matrix must be finite and not singular: got pivot 0 in column 0 of matrix [1, 2] of "
      "f64[2, 3, 2, 2]; correct it, or add a small multiple of the identity (");
  check_error([](const Tensors& x) { return solve(x[0], x[1], {.positive = true}); },
              {batch, ones({2}, DType::float64)},
              "[solve] in cholesky: the matrix must be positive definite: got pivot -0.25");
  check_error(
      [](const Tensors& x) { return inverse(x[0]); }, {f32({2, 2})},
      "[inverse] in solve: the matrix must be finite and not singular: got pivot 0 in column 0 of the matrix "
      "f32[2, 2]; ");
  check_error(
      [](const Tensors& x) { return grad(logdet(x[0]), x[0]); }, {f32({2, 2})},
      "[logdet] in solve: the matrix must be finite and not singular: got pivot 0 in column 0 of the matrix "
      "f32[2, 2] transposed; correct it");
}

TEST_CASE("large matrices and large batches are right, with the same bits for any number of threads") {
  for (const auto& [count, n, k] : {std::tuple{1, 200, 70}, {300, 20, 3}, {3, 67, 1}}) {
    std::vector<double> values;
    for (Index i = 0; i < count * n * n; ++i)
      values.push_back(static_cast<double>((i * 7919) % 1009) / 1009 - 0.5);
    const Tensor x = tensor(values, {count, n, n});
    const Tensor a = evaluate(flip(x + shift(x), -2));
    const Tensor b = evaluate(slice(x, -1, 0, k));
    const Tensor p = evaluate(matmul(x, x, {.transpose_b = true}) + shift(x));
    const auto results = [&](int threads) {
      kernels::set_threads(threads);
      std::vector<std::vector<double>> all;
      for (const Tensor& y : {solve(a, b), cholesky(p), solve_triangular(p, b, {.lower = false}), logdet(p)})
        all.push_back(numbers(y));
      kernels::set_threads(0);
      return all;
    };
    const auto one = results(1);
    for (const int threads : {2, 3}) CHECK(results(threads) == one);
    check_close(matmul(a, solve(a, b)), b, 1e-12);
    check_close(matmul(a, solve(a, b, {.transpose = true}), {.transpose_a = true}), b, 1e-12);
    check_close(matmul(p, solve(p, b, {.positive = true})), b, 1e-12);
    const Tensor l = cholesky(p);
    check_close(matmul(l, l, {.transpose_b = true}), p, 1e-12);
    check_close(logdet(p, {.positive = true}), logdet(p), 1e-12);
    check_close(logdet(transpose(a)), logdet(a), 1e-12);
    for (const bool lower : {true, false}) {
      for (const bool turned : {false, true}) {
        const Tensor t = lower ? l : transpose(l);
        const Tensor y = solve_triangular(t, b, {.lower = lower, .transpose = turned});
        check_close(matmul(t, y, {.transpose_a = turned}), b, 1e-12);
      }
    }
  }
}
