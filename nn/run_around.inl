#pragma once

#include <sluice/nn/sequence_layer.h>

#include <fmt/format.h>

#include <string_view>

// Shared by layers with a path around other layers.

namespace sluice::nn::detail {

/// Throws Error unless there are layers; `who` is a literal.
inline void require_layer(std::string_view who, const Part<SequenceLayer>& layer, Location where) {
  if (layer != nullptr) return;
  throw Error(fmt::format("[{}] goes around layers: got a null pointer, from the start or since it was moved "
                          "from; pass layers, or use what it was moved to",
                          who),
              where);
}

/// Throws ShapeError unless the layers keep the shape of x.
inline void require_same_shape(std::string_view who, const Tensor& x, const Tensor& output) {
  if (output.spec() == x.spec()) return;
  throw ShapeError(
      fmt::format("[{}] adds the input of the layers to their output: got x {} and output {}; "
                  "make layers that keep the shape",
                  who, x.spec().text(), output.spec().text()));
}

}  // namespace sluice::nn::detail
