#include <sluice/graph/array.h>
#include <sluice/graph/error.h>

#include <fmt/format.h>

#include <cstring>

namespace sluice {

Array::Array(Spec spec) : spec_(spec), buffer_(std::make_shared<kernels::Buffer>(spec.bytes())) {}

Array Array::copy_of(const void* values, std::size_t count, const Spec& spec) {
  if (static_cast<Index>(count) != spec.shape.size()) {
    throw ShapeError(
        fmt::format("[array] the number of values must be that of the shape's elements: got {} values "
                    "for {}, which has {}",
                    count, spec.shape.text(), spec.shape.size()));
  }
  Array array(spec);
  if (count > 0) std::memcpy(array.data(), values, spec.bytes());
  return array;
}

void Array::require_dtype(DType dtype) const {
  if (dtype != spec_.dtype) {
    throw ShapeError(
        fmt::format("[values] the tensor holds {}: got a request for {}; use cast or the matching type",
                    name_of(spec_.dtype), name_of(dtype)));
  }
}

double Array::element(Index i) const {
  return with_type(spec_.dtype, [&](auto type) {
    return static_cast<double>(static_cast<const decltype(type)*>(data())[i]);
  });
}

Array Array::clone() const {
  Array copy(spec_);
  if (bytes() > 0) std::memcpy(copy.data(), data(), bytes());
  return copy;
}

}  // namespace sluice
