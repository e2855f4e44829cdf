#include <sluice/compile/product_kernel.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {
constexpr Index pack_piece = Index{1} << 15;      // elements that are worth a thread
constexpr Index block_products = Index{1} << 20;  // multiplications that are worth one
constexpr Index cache_elements = Index{1} << 17;  // of the left operand
constexpr Index block_step = 24;                  // a multiple of the rows of all micro-kernels
}  // namespace

std::optional<ProductSizes> product_sizes(MatMulOptions options, const Shape& a, const Shape& b) {
  const bool one = a.rank() == 2 || (b.rank() == 2 && !options.transpose_a);
  if (!one || b.rank() != 2) return std::nullopt;
  const Index inner = options.transpose_a ? a[0] : a.back();
  const Index columns = options.transpose_b ? b[0] : b[1];
  const Index rows = options.transpose_a ? a[1] : (a.back() == 0 ? 0 : a.size() / a.back());
  if (rows == 0 || columns == 0 || inner == 0) return std::nullopt;
  return ProductSizes{rows, inner, columns};
}

void pack_operand(bool transpose, Index inner, Index columns, const Value& b, const std::byte* from,
                  std::byte* to) {
  const auto pack = [&](auto type) {
    using T = decltype(type);
    const Index panels = kernels::packed_panels<T>(columns);
    const Index grain = std::max<Index>(1, panels * pack_piece / std::max<Index>(inner * columns, 1));
    kernels::parallel_for(panels, grain, [&](Index begin, Index end) {
      kernels::pack_panels(transpose, inner, columns, reinterpret_cast<const T*>(from), b.row_stride, begin,
                           end, reinterpret_cast<T*>(to));
    });
  };
  if (b.spec.dtype == DType::float64) {
    pack(double{});
  } else {
    pack(float{});
  }
}

ProductKernel::ProductKernel(MatMulOptions options, ProductSizes sizes, const Value& a, const Value& b,
                             const Value& c, Right right)
    : options_(options), sizes_(sizes), dtype_(c.spec.dtype), a_(a), b_(b), c_(c), right_(right) {
  const Index per_row = std::max<Index>(sizes_.inner * sizes_.columns, 1);
  const Index fitting = std::max<Index>(block_step, cache_elements / sizes_.inner / block_step * block_step);
  const Index worth = (block_products / per_row + block_step) / block_step * block_step;
  block_ = std::min(std::max(worth, block_step), fitting);
}

/// Blocks of rows over the threads. They are long enough to be worth a thread, and short enough for the left
/// operand's part to stay in the second cache; a row's bits do not depend on its block.
template <class T>
void ProductKernel::multiply_packed(const Addresses& at, const std::byte* packed) const {
  const auto* a = reinterpret_cast<const T*>(at[reads[0]]);
  const auto* b = reinterpret_cast<const T*>(packed);
  auto* c = reinterpret_cast<T*>(at[writes[0]]);
  const T* start = addend_ ? reinterpret_cast<const T*>(at[reads[2]]) : nullptr;
  const Index step = addend_ ? addend_stride() : 0;
  kernels::parallel_for(sizes_.rows, block_, [&](Index begin, Index end) {
    const Index rows = end - begin;
    const T* from = a + begin * a_.row_stride;
    T* to = c + begin * c_.row_stride;
    if (start != nullptr)
      kernels::multiply_packed_onto(start + begin * step, step, rows, sizes_.columns, sizes_.inner, from,
                                    a_.row_stride, b, to, c_.row_stride);
    else
      kernels::multiply_packed(rows, sizes_.columns, sizes_.inner, from, a_.row_stride, b, T{0}, to,
                               c_.row_stride);
  });
}

template <class T>
void ProductKernel::multiply_plain(const Addresses& at) const {
  auto* c = reinterpret_cast<T*>(at[writes[0]]);
  if (addend_) {
    const auto* start = reinterpret_cast<const T*>(at[reads[2]]);
    for (Index row = 0; start != c && row < sizes_.rows; ++row)
      std::copy_n(start + row * addend_stride(), sizes_.columns, c + row * c_.row_stride);
  }
  kernels::gemm(options_.transpose_a, options_.transpose_b, sizes_.rows, sizes_.columns, sizes_.inner,
                reinterpret_cast<const T*>(at[reads[0]]), a_.row_stride,
                reinterpret_cast<const T*>(at[reads[1]]), b_.row_stride, addend_ ? T{1} : T{0}, c,
                c_.row_stride);
}

template <class T>
void ProductKernel::multiply(const Addresses& at) const {
  switch (right_) {
    case Right::plain:
      multiply_plain<T>(at);
      break;
    case Right::packed:
      multiply_packed<T>(at, at[reads[1]]);
      break;
    case Right::pack:
      pack_operand(options_.transpose_b, sizes_.inner, sizes_.columns, b_, at[reads[1]], at[temporaries[0]]);
      multiply_packed<T>(at, at[temporaries[0]]);
      break;
  }
}

/// An element of the addend is read once, before the same one of the result is written.
bool ProductKernel::may_overwrite(std::size_t read, std::size_t) const {
  return addend_ && read == reads[2] && read != reads[0] && read != reads[1] &&
         addend_->rows() == sizes_.rows && addend_->row_stride == c_.row_stride;
}

void ProductKernel::run(const Addresses& at) {
  if (dtype_ == DType::float64) {
    multiply<double>(at);
  } else {
    multiply<float>(at);
  }
}

std::string ProductKernel::details() const {
  return fmt::format("{}x{}x{}{}{}{}", sizes_.rows, sizes_.columns, sizes_.inner,
                     options_.transpose_a ? " transpose_a" : "", options_.transpose_b ? " transpose_b" : "",
                     addend_ ? " onto the last" : "");
}

double ProductKernel::flops() const {
  return 2.0 * static_cast<double>(sizes_.rows) * static_cast<double>(sizes_.columns) *
         static_cast<double>(sizes_.inner);
}

}  // namespace sluice
