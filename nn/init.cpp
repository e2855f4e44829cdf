#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/nn/init.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/eye.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <vector>

namespace sluice::nn::init {

namespace {

struct Fans {
  double in;
  double out;
};

Fans fans_of(const Shape& shape, std::string_view who) {
  if (shape.rank() < 2 || shape.size() == 0) {
    throw ShapeError(
        fmt::format("[{}] is for weights of two or more axes, [in, out]: got shape {}; for a vector use "
                    "constant, uniform or normal",
                    who, shape.text()));
  }
  const Index in = shape.size() / shape.back();
  return {static_cast<double>(in), static_cast<double>(shape.back())};
}

// The columns of a matrix [rows, columns], stored one after the other.
struct Columns {
  std::vector<double> values;
  std::size_t rows;

  std::span<double> operator[](std::size_t i) { return {values.data() + i * rows, rows}; }
  std::size_t count() const { return values.size() / rows; }
};

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Makes the columns orthonormal, from first to last (modified Gram-Schmidt). Two passes are enough: the
// second removes what rounding in the first leaves of earlier columns.
void orthonormalise(Columns& columns) {
  for (std::size_t i = 0; i < columns.count(); ++i) {
    const auto column = columns[i];
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < i; ++j) {
        const auto earlier = columns[j];
        const double along = dot(earlier, column);
        for (std::size_t k = 0; k < column.size(); ++k) column[k] -= along * earlier[k];
      }
    }
    const double length = std::sqrt(dot(column, column));
    for (double& value : column) value /= length;
  }
}

}  // namespace

Initializer constant(double value) {
  return [value](const Shape& shape, const Tensor&, DType dtype) { return full(shape, value, dtype); };
}

Initializer uniform(double low, double high, Location where) {
  if (!(low <= high)) {
    throw Error(fmt::format("[uniform] the lower bound comes first: got {} and {}; swap them", low, high),
                where);
  }
  return [low, high](const Shape& shape, const Tensor& key, DType dtype) {
    return low == high ? full(shape, low, dtype) : random::uniform(key, shape, low, high, dtype);
  };
}

Initializer normal(double mean, double deviation, Location where) {
  if (!(deviation >= 0)) {
    throw Error(
        fmt::format("[normal] a deviation is not negative: got {}; pass the square root of the variance",
                    deviation),
        where);
  }
  return [mean, deviation](const Shape& shape, const Tensor& key, DType dtype) {
    return random::normal(key, shape, mean, deviation, dtype);
  };
}

Initializer xavier_uniform(double gain) {
  return [gain](const Shape& shape, const Tensor& key, DType dtype) {
    const auto [in, out] = fans_of(shape, "xavier_uniform");
    const double bound = gain * std::sqrt(6 / (in + out));
    return uniform(-bound, bound)(shape, key, dtype);
  };
}

Initializer xavier_normal(double gain) {
  return [gain](const Shape& shape, const Tensor& key, DType dtype) {
    const auto [in, out] = fans_of(shape, "xavier_normal");
    return normal(0, gain * std::sqrt(2 / (in + out)))(shape, key, dtype);
  };
}

double leaky_relu_gain(double slope) { return std::sqrt(2 / (1 + slope * slope)); }

Initializer he_uniform(double gain, Fan fan) {
  return [gain, fan](const Shape& shape, const Tensor& key, DType dtype) {
    const auto [in, out] = fans_of(shape, "he_uniform");
    const double bound = gain * std::sqrt(3 / (fan == Fan::in ? in : out));
    return uniform(-bound, bound)(shape, key, dtype);
  };
}

Initializer he_normal(double gain, Fan fan) {
  return [gain, fan](const Shape& shape, const Tensor& key, DType dtype) {
    const auto [in, out] = fans_of(shape, "he_normal");
    return normal(0, gain / std::sqrt(fan == Fan::in ? in : out))(shape, key, dtype);
  };
}

Initializer orthogonal(double gain) {
  return [gain](const Shape& shape, const Tensor& key, DType dtype) {
    const auto [in, out] = fans_of(shape, "orthogonal");
    const bool tall = in >= out;
    const auto rows = static_cast<std::size_t>(tall ? in : out);
    const auto count = static_cast<std::size_t>(tall ? out : in);
    // The columns of a Gaussian matrix have uniformly distributed directions, and so do those of the result.
    const Tensor random = random::normal(key, {static_cast<Index>(rows * count)}, 0, 1, DType::float64);
    Columns columns{evaluate(random).to_vector<double>(), rows};
    orthonormalise(columns);
    // Row-major [in, out]: if it is wide, the orthonormal vectors are its rows, and contiguous.
    std::vector<double> values(columns.values.size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto column = columns[i];
      for (std::size_t k = 0; k < rows; ++k) values[tall ? k * count + i : i * rows + k] = gain * column[k];
    }
    return cast(tensor(values, shape), dtype);
  };
}

Initializer identity(double scale) {
  return [scale](const Shape& shape, const Tensor&, DType dtype) {
    if (shape.rank() != 2) {
      throw ShapeError(
          fmt::format("[identity] is for matrices: got shape {}; for other weights use another initialiser",
                      shape.text()));
    }
    return scale * eye(shape[0], shape[1], dtype);
  };
}

Tensor first_value(const Initializer& init, const Shape& shape, const Tensor& key, DType dtype) {
  const Tensor value = init(shape, key, dtype);
  const Spec wanted{dtype, shape};
  if (value.defined() && value.spec() == wanted) return value;
  throw ShapeError(fmt::format(
      "[init] an initialiser gives the shape and dtype it was asked for: got {} for {}; pass on what "
      "it is called with",
      value.defined() ? value.spec().text() : "an undefined tensor", wanted.text()));
}

}  // namespace sluice::nn::init
