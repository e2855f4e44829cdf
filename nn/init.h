#pragma once

#include <sluice/graph/tensor.h>

#include <functional>

namespace sluice::nn::init {

/// How a parameter gets its first values: a function of shape, random key and dtype. Weights of x W lie as
/// [in, out]: fan_in is the product of all axes but the last, fan_out the last axis. Any lambda of this form
/// will do where an Initializer is expected.
using Initializer = std::function<Tensor(const Shape& shape, const Tensor& key, DType dtype)>;

/// The same value everywhere.
Initializer constant(double value);

/// U(low, high). Throws Error unless low <= high.
Initializer uniform(double low, double high, Location where = Location::current());

/// N(mean, deviation^2). Throws Error for a negative deviation.
Initializer normal(double mean = 0, double deviation = 1, Location where = Location::current());

/// U(-b, b) with b = gain * sqrt(6 / (fan_in + fan_out)): keeps the variance of values and of gradients
/// alike. Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
/// 2010.
Initializer xavier_uniform(double gain = 1);
/// N(0, s^2) with s = gain * sqrt(2 / (fan_in + fan_out)).
Initializer xavier_normal(double gain = 1);

/// Which side of a weight he_uniform and he_normal look at: `in` keeps the variance of values, `out` of
/// gradients.
enum class Fan { in, out };

/// Gains: what a layer followed by this function has to be multiplied with to keep its variance.
inline constexpr double relu_gain = 1.4142135623730951;  ///< sqrt(2)
inline constexpr double tanh_gain = 5.0 / 3.0;
double leaky_relu_gain(double slope);  ///< sqrt(2 / (1 + slope^2))

/// U(-b, b) with b = gain * sqrt(3 / fan). He et al., "Delving deep into rectifiers", 2015.
Initializer he_uniform(double gain = relu_gain, Fan fan = Fan::in);
/// N(0, s^2) with s = gain / sqrt(fan).
Initializer he_normal(double gain = relu_gain, Fan fan = Fan::in);

/// A random matrix with orthonormal columns (rows, where it is wider than tall), times `gain`; more than two
/// axes are folded into [fan_in, fan_out]. Saxe et al., "Exact solutions to the nonlinear dynamics of
/// learning in deep linear neural networks", 2013. Throws ShapeError for less than two axes.
Initializer orthogonal(double gain = 1);

/// What an initialiser gives for a parameter. Throws ShapeError unless it has this shape and dtype.
Tensor first_value(const Initializer& init, const Shape& shape, const Tensor& key, DType dtype);

}  // namespace sluice::nn::init
