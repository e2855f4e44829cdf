#include <sluice/graph/dtype.h>
#include <sluice/graph/error.h>

#include <fmt/format.h>

namespace sluice {

std::size_t size_of(DType dtype) {
  return with_type(dtype, [](auto value) { return sizeof(value); });
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return "f64";
    case DType::int32:
      return "i32";
    case DType::boolean:
      return "bool";
    case DType::float32:
      break;
  }
  return "f32";
}

bool is_floating(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

bool detail::includes(Domain domain, DType dtype) {
  switch (domain) {
    case Domain::floating:
      return is_floating(dtype);
    case Domain::numeric:
      return dtype != DType::boolean;
    case Domain::boolean:
      return dtype == DType::boolean;
    case Domain::any:
      break;
  }
  return true;
}

std::string_view detail::described(Domain domain) {
  switch (domain) {
    case Domain::floating:
      return "a floating tensor (f32 or f64)";
    case Domain::numeric:
      return "a tensor of numbers (f32, f64 or i32)";
    case Domain::boolean:
      return "a bool tensor";
    case Domain::any:
      break;
  }
  return "any tensor";
}

void detail::refuse_type(DType asked, DType dtype) {
  throw Error(
      fmt::format("[as] elements are asked for as what they are: got {} for elements of {}; use with_type, "
                  "or refuse the dtype in takes() or infer",
                  name_of(asked), name_of(dtype)));
}

void detail::refuse_floating(DType dtype) {
  throw Error(
      fmt::format("[with_floating] the dtype must be f32 or f64: got {}; use with_type, or refuse the dtype "
                  "in takes() or infer",
                  name_of(dtype)));
}

}  // namespace sluice
