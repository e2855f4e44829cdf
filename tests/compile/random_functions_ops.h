#pragma once

#include <sluice/graph/tensor.h>

#include <span>
#include <string_view>
#include <vector>

namespace sluice::test {

/// A tensor and how large its elements can be. Keeps what is computed from growing out of the range where
/// numbers can be compared.
struct Term {
  Tensor tensor;
  double bound = 1;
  /// Whether it was made from results or arguments of a compiled function, or from the norm that an update
  /// returns: where functions are called eagerly, those are numbers, made from no version of a Variable.
  bool opaque = false;
};

/// A line without effects: what it takes, one letter each ('n' numbers, 'i' integers, 'm' a mask, 'k' a
/// random key), what it gives, and how often it is chosen. Those of weight 1 without a clamp throw with some
/// operands.
struct RandomOp {
  using Operands = std::vector<Term>;
  std::string_view text;  ///< $0 stands for the first operand, $x for the constant
  std::string_view takes;
  char gives;
  unsigned weight;
  Term (*make)(const Operands& operands, double x);
};

std::span<const RandomOp> random_ops();

/// The value itself, or a tanh of it where it may be larger than `bound`.
Term tamed(const Term& value, double bound);

/// Something of exactly this spec: the value itself where it has it, broadcast where that can be done, or a
/// part of its sum.
Tensor like(const Tensor& value, const Spec& spec);

/// One number of all: the value itself, if it is one.
Tensor scalar(const Term& value);

/// Numbers between -1 and 1 that differ from each other and by `seed`.
Tensor distinct(const Shape& shape, double seed, DType dtype);

}  // namespace sluice::test
