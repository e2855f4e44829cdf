#pragma once

/// Eigen's matrices in and out of tensors. For programs that use Eigen (3.4), which must be there;
/// <sluice/sluice.h> does not include this page, for the library's users need no Eigen.

#include <sluice/graph/tensor.h>

#include <Eigen/Core>

#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice {

namespace detail {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline void require_matrix(const Spec& spec) {
  if (spec.shape.rank() == 1 || spec.shape.rank() == 2) return;
  throw ShapeError("[eigen_map] a matrix has two axes and a vector one: got " + spec.text() +
                   "; reshape it first");
}
inline void require_size(std::size_t count, const Shape& shape) {
  if (static_cast<Index>(count) == shape.size()) return;
  throw ShapeError("[eigen_map] there must be rows * columns values: got " + std::to_string(count) + " for " +
                   shape.text() + "; give the lengths of the axes");
}

}  // namespace detail

/// A constant with the elements of a matrix, an array, a map, a block or an expression of Eigen, in either
/// order of storage: [rows, columns], or [n] for a vector. Elements are float, double, std::int32_t or bool.
template <class Derived>
Tensor tensor(const Eigen::DenseBase<Derived>& x, Location where = Location::current()) {
  using T = typename Derived::Scalar;
  const detail::Call call("tensor", where);
  const Shape shape = Derived::IsVectorAtCompileTime ? Shape{x.size()} : Shape{x.rows(), x.cols()};
  Array array(Spec{dtype_of<T>, shape}, where);
  Eigen::Map<detail::RowMajor<T>>(array.values<T>().data(), x.rows(), x.cols()) = x.derived().matrix();
  return Tensor(std::move(array));
}

/// A constant's own memory as a matrix of Eigen, a tensor of one axis as a column. Nothing is copied: the map
/// may be used for as long as a Tensor of the constant lives, so keep what evaluate returns. Throws Error for
/// a tensor that is no constant, ShapeError for another dtype than that of T, no axes or more than two.
template <class T = float>
Eigen::Map<const detail::RowMajor<T>> eigen_map(const Tensor& constant,
                                                Location where = Location::current()) {
  const detail::Call call("eigen_map", where);
  const Array& array = constant.value(Location{});
  detail::require_matrix(array.spec());
  return {array.values<T>(Location{}).data(), array.shape()[0],
          array.shape().rank() == 1 ? 1 : array.shape()[1]};
}

/// Memory with the elements of a matrix row by row, such as an input of a program, to read or to write. The
/// map may be used for as long as the memory lives. Throws ShapeError unless there are rows * columns values.
template <class T>
auto eigen_map(std::span<T> values, Index rows, Index columns, Location where = Location::current()) {
  using Matrix = detail::RowMajor<std::remove_const_t<T>>;
  const detail::Call call("eigen_map", where);
  detail::require_size(values.size(), {rows, columns});
  return Eigen::Map<std::conditional_t<std::is_const_v<T>, const Matrix, Matrix>>(values.data(), rows,
                                                                                  columns);
}

}  // namespace sluice
