#pragma once

/// Tensors and what derives from them (nn::Sequence, optim::Update), Variables, Shapes, Specs and DTypes for
/// fmt: fmt::print("{}\n", x), with the widths of strings.
/// For programs that use fmt, which must be there and linked; <sluice/sluice.h> does not include this page,
/// for the library's users need no fmt.

#include <sluice/graph/variable.h>

#include <fmt/format.h>

#include <concepts>
#include <sstream>
#include <string_view>

namespace sluice::detail {

/// Formats as operator<< writes.
template <class T>
struct StreamedFormatter : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const T& x, Context& context) const {
    std::ostringstream text;
    text << x;
    return fmt::formatter<std::string_view>::format(text.str(), context);
  }
};

}  // namespace sluice::detail

template <>
struct fmt::formatter<sluice::DType> : sluice::detail::StreamedFormatter<sluice::DType> {};
template <>
struct fmt::formatter<sluice::Shape> : sluice::detail::StreamedFormatter<sluice::Shape> {};
template <>
struct fmt::formatter<sluice::Spec> : sluice::detail::StreamedFormatter<sluice::Spec> {};
template <std::derived_from<sluice::Tensor> T>
struct fmt::formatter<T> : sluice::detail::StreamedFormatter<T> {};
template <>
struct fmt::formatter<sluice::Variable> : sluice::detail::StreamedFormatter<sluice::Variable> {};
