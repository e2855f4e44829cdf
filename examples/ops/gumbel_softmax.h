#pragma once

// Gumbel-softmax: random numbers from a key, and samples that are hard on the way forward and soft on the way
// back. Made of ops, so there is nothing to write for the gradient or the compiler.

#include <sluice/graph/arithmetic.h>
#include <sluice/ops/argmax.h>
#include <sluice/ops/log.h>
#include <sluice/ops/one_hot.h>
#include <sluice/ops/random.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/straight_through.h>

#include <fmt/format.h>

#include <limits>

namespace sl = sluice;

/// Samples of -log(-log(u)), u uniform in (0, 1): the largest of `logits + gumbel` is at i with probability
/// softmax(logits)_i. In float32 they lie between -4.5 and 16.7, in float64 between -6.6 and 36.8.
inline sl::Tensor gumbel(const sl::Operand& key, const sl::Shape& shape, sl::DType dtype) {
  // Where u is zero, minus infinity would follow; the smallest normal number takes its place.
  const double least = dtype == sl::DType::float32 ? double{std::numeric_limits<float>::min()}
                                                   : std::numeric_limits<double>::min();
  return -log(-log(sl::random::uniform(key, shape, least, 1, dtype)));
}

/// A sample of the concrete distribution along the last axis, a relaxed one-hot vector:
///
///     y = softmax((logits + g) / temperature),  g from `gumbel`
///
/// which nears a one-hot sample of softmax(logits) as the temperature falls, and can be differentiated with
/// respect to logits and temperature. With `hard`, the value is that one-hot vector and the gradient is that
/// of y. The temperature is a number, or a tensor that broadcasts to the logits, such as a Variable that
/// anneals. A logit of minus infinity is never drawn. A key gives the same sample each time: in a loop,
/// fold_in(key, t). Throws ShapeError for logits without an axis or not floating-point, Error for a number
/// that is not a temperature above 0. Jang, Gu, Poole, "Categorical reparameterization with Gumbel-softmax",
/// 2016; Maddison, Mnih, Teh, "The concrete distribution", 2016.
inline sl::Tensor gumbel_softmax(const sl::Operand& key, const sl::Operand& logits,
                                 const sl::Operand& temperature = 1.0, bool hard = false) {
  const sl::Tensor x = logits.tensor();
  if (!sl::is_floating(x.dtype()) || x.rank() == 0) {
    throw sl::ShapeError(fmt::format("[gumbel_softmax] logits must be floating-point and have an axis: got "
                                     "{}; cast or reshape them",
                                     x.spec().text()),
                         logits.where());
  }
  if (temperature.is_number() && !(temperature.tensor(sl::DType::float64).item() > 0)) {
    throw sl::Error(fmt::format("[gumbel_softmax] the temperature must be above 0: got {}; for hard samples "
                                "pass hard = true",
                                temperature.tensor(sl::DType::float64).item()),
                    logits.where());
  }
  const sl::Tensor y = softmax((x + gumbel(key, x.shape(), x.dtype())) / temperature);
  if (!hard) return y;
  return straight_through(one_hot(argmax(y), x.dim(-1), x.dtype()), y);
}
