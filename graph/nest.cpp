#include <sluice/graph/nest.h>

#include <fmt/format.h>

namespace sluice::detail {

namespace {

/// A number as a scalar. The rule is that of full, in the words of who hands over an argument.
Tensor scalar(double number, DType dtype, std::size_t place) {
  require_number(number, dtype, "compile", fmt::format("number {} of the arguments, as", place), Location{});
  return full({}, number, dtype);
}

}  // namespace

void Flat::add(double number) {
  numbers.push_back(tensors.size());
  tensors.push_back(full({}, number, DType::float64));
}

void Flat::add(std::int64_t number) {
  tensors.push_back(scalar(static_cast<double>(number), DType::int32, tensors.size()));
}

void Flat::add(bool number) { tensors.push_back(full({}, number ? 1 : 0, DType::boolean)); }

void Flat::settle_numbers() {
  if (numbers.empty()) return;
  DType dtype = DType::float32;
  auto number = numbers.begin();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (number != numbers.end() && *number == i) {
      ++number;
    } else if (tensors[i].defined() && is_floating(tensors[i].dtype())) {
      dtype = tensors[i].dtype();
      break;
    }
  }
  for (const std::size_t i : numbers) tensors[i] = scalar(tensors[i].item(), dtype, i);
}

}  // namespace sluice::detail
