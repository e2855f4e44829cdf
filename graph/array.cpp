#include <sluice/graph/array.h>
#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/kernels/memory_limit.h>

#include <fmt/format.h>

#include <cstring>

namespace sluice {

namespace {

/// Refuses a tensor larger than memory while its shape is known. The text is only built for large arrays.
std::shared_ptr<kernels::Buffer> memory_for(const Spec& spec, Location where) {
  constexpr std::size_t large = std::size_t{1} << 20;
  const std::size_t bytes = spec.bytes();
  if (bytes < large) return std::make_shared<kernels::Buffer>(bytes);
  const detail::Call call(detail::Call::user_of(where));
  kernels::require_memory(bytes, "a tensor " + spec.text());
  return std::make_shared<kernels::Buffer>(bytes);
}

void require_count(std::size_t count, const Shape& shape, Location where) {
  if (static_cast<Index>(count) == shape.size()) return;
  throw ShapeError(
      fmt::format("[array] the number of values must be that of the shape's elements: got {} values "
                  "for {}, which has {}; give as many values, or another shape",
                  count, shape.text(), shape.size()),
      where);
}

}  // namespace

Array::Array(Spec spec, Location where) : spec_(spec), buffer_(memory_for(spec, where)) {}

Array Array::copy_of(const void* values, std::size_t count, const Spec& spec, Location where) {
  require_count(count, spec.shape, where);
  Array array(spec, where);
  if (count > 0) std::memcpy(array.data(), values, spec.bytes());
  return array;
}

void Array::require_dtype(DType dtype, Location where) const {
  if (!defined()) {
    throw Error("[values] only an Array with memory has values: got an undefined one; make it of a Spec",
                where);
  }
  if (dtype != spec_.dtype) {
    throw ShapeError(
        fmt::format("[values] the tensor holds {}: got a request for {}; use cast or the matching type",
                    name_of(spec_.dtype), name_of(dtype)),
        where);
  }
}

double Array::element(Index i) const {
  return with_type(spec_.dtype, [&](auto type) {
    return static_cast<double>(static_cast<const decltype(type)*>(data())[i]);
  });
}

Array Array::clone() const {
  Array copy(spec_, Location{});
  if (bytes() > 0) std::memcpy(copy.data(), data(), bytes());
  return copy;
}

Array Array::with_shape(const Shape& shape, Location where) const {
  require_count(static_cast<std::size_t>(spec_.shape.size()), shape, where);
  Array same = *this;
  same.spec_.shape = shape;
  return same;
}

void detail::refuse_narrowing(DType held, std::string_view asked) {
  const std::string_view type = held == DType::int32     ? "to_vector<std::int32_t> or <double>"
                                : held == DType::float64 ? "to_vector<double>"
                                                         : "to_vector<float> or <double>";
  throw ShapeError(
      fmt::format("[to_vector] the tensor holds {}: got a request for {}, which does not hold all of its "
                  "values; call {}, or cast it to {} first",
                  name_of(held), asked, type, asked == "i64" ? "i32" : asked));
}

}  // namespace sluice
