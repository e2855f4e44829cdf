#pragma once

#include <sluice/nn/sequence_layer.h>

#include <fmt/format.h>

#include <string_view>

// Shared by layers with a path around other layers.

namespace sluice::nn::detail {

/// Throws ShapeError unless the layers keep the shape of x.
inline void require_same_shape(std::string_view who, const Tensor& x, const Tensor& output) {
  if (output.spec() == x.spec()) return;
  throw ShapeError(
      fmt::format("[{}] adds the input of the layers to their output: got x {} and output {}; "
                  "make layers that keep the shape",
                  who, x.spec().text(), output.spec().text()));
}

}  // namespace sluice::nn::detail
