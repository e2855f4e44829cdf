#pragma once

#include <sluice/nn/cell.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

// The cells of the library with the options that change their equations, for what all of them promise.

namespace sluice::test {

struct EveryCell {
  std::string name;
  bool smooth;  ///< has second derivatives everywhere
  std::function<nn::Part<nn::Cell>(Index inputs, Index hidden, const Tensor& key, DType)> make;
};

/// Hidden sizes that are even suit all of them.
std::vector<EveryCell> every_cell();

/// The cell with parameters drawn from U(-0.7, 0.7), so that biases, norms and peepholes take part.
void draw_parameters(const nn::Module& module, int seed);

}  // namespace sluice::test
