#pragma once

#include <sluice/graph/tensor.h>

#include <functional>

namespace sluice::nn::init {

/// Computes the initial value of a parameter from its shape, a random key and a dtype. Weights of x W are
/// stored as [in, out]: fan_in is the product of all axes but the last, fan_out the last axis. Any lambda
/// with this signature is an Initializer.
using Initializer = std::function<Tensor(const Shape& shape, const Tensor& key, DType dtype)>;

/// The same value everywhere.
Initializer constant(double value);

/// U(low, high). Throws Error unless low <= high.
Initializer uniform(double low, double high, Location where = Location::current());

/// N(mean, deviation^2), with the standard deviation `deviation`. Throws Error if it is negative.
Initializer normal(double mean = 0, double deviation = 1, Location where = Location::current());

/// U(-b, b) with b = gain * sqrt(6 / (fan_in + fan_out)): a compromise that keeps the variances of values and
/// of gradients. Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
/// networks", 2010.
Initializer xavier_uniform(double gain = 1);
/// N(0, s^2) with s = gain * sqrt(2 / (fan_in + fan_out)).
Initializer xavier_normal(double gain = 1);

/// The fan that he_uniform and he_normal divide by: `in` keeps the variance of values, `out` that of
/// gradients.
enum class Fan { in, out };

/// Gains: the factor that compensates the change of variance by the activation that follows.
inline constexpr double relu_gain = 1.4142135623730951;  ///< sqrt(2)
inline constexpr double tanh_gain = 5.0 / 3.0;
double leaky_relu_gain(double slope);  ///< sqrt(2 / (1 + slope^2))

/// U(-b, b) with b = gain * sqrt(3 / fan). He et al., "Delving deep into rectifiers", 2015.
Initializer he_uniform(double gain = relu_gain, Fan fan = Fan::in);
/// N(0, s^2) with s = gain / sqrt(fan).
Initializer he_normal(double gain = relu_gain, Fan fan = Fan::in);

/// A random matrix with orthonormal columns (rows, if it is wider than tall), times `gain`; more than two
/// axes are folded into [fan_in, fan_out]. Saxe et al., "Exact solutions to the nonlinear dynamics of
/// learning in deep linear neural networks", 2013. Throws ShapeError for fewer than two axes.
Initializer orthogonal(double gain = 1);

/// `scale` on the diagonal, else 0: recurrent weights with which an untrained relu cell keeps its state, or
/// forgets it at that rate. Le et al., "A simple way to initialize recurrent networks of rectified linear
/// units", 2015. Throws ShapeError unless there are two axes.
Initializer identity(double scale = 1);

/// The initial value that `init` computes. Throws ShapeError unless it has this shape and dtype.
Tensor first_value(const Initializer& init, const Shape& shape, const Tensor& key, DType dtype);

}  // namespace sluice::nn::init
