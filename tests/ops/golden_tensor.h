#pragma once

#include <sluice/graph/tensor.h>

#include <span>
#include <string_view>

#include "support/golden.h"

namespace sluice::test {

/// An array of a golden case as a float64 constant.
inline Tensor tensor_of(const Record& record, std::string_view entry) {
  const Array array = record.array(entry);
  return tensor(array.data, Shape(std::span<const Index>(array.shape)));
}

}  // namespace sluice::test
