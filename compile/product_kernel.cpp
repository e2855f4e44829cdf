#include <sluice/compile/product_kernel.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/packed_matrix.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

std::optional<ProductSizes> product_sizes(MatMulOptions options, const Shape& a, const Shape& b) {
  const bool one = a.rank() == 2 || (b.rank() == 2 && !options.transpose_a);
  if (!one || b.rank() != 2) return std::nullopt;
  const Index inner = options.transpose_a ? a[0] : a.back();
  const Index columns = options.transpose_b ? b[0] : b[1];
  const Index rows = options.transpose_a ? a[1] : (a.back() == 0 ? 0 : a.size() / a.back());
  if (rows == 0 || columns == 0 || inner == 0) return std::nullopt;
  return ProductSizes{rows, inner, columns};
}

ProductKernel::ProductKernel(MatMulOptions options, ProductSizes sizes, const Value& a, const Value& b,
                             const Value& c, bool packed)
    : options_(options),
      sizes_(sizes),
      dtype_(c.spec.dtype),
      lda_(a.row_stride),
      ldb_(b.row_stride),
      ldc_(c.row_stride),
      packed_(packed) {}

template <class T>
void ProductKernel::multiply(const Addresses& at) const {
  const auto* a = reinterpret_cast<const T*>(at[reads[0]]);
  const auto* b = reinterpret_cast<const T*>(at[reads[1]]);
  auto* c = reinterpret_cast<T*>(at[writes[0]]);
  if (packed_) {
    kernels::multiply_packed(sizes_.rows, sizes_.columns, sizes_.inner, a, lda_, b, T{0}, c, ldc_);
  } else {
    kernels::gemm(options_.transpose_a, options_.transpose_b, sizes_.rows, sizes_.columns, sizes_.inner, a,
                  lda_, b, ldb_, T{0}, c, ldc_);
  }
}

void ProductKernel::run(const Addresses& at) {
  if (dtype_ == DType::float64) {
    multiply<double>(at);
  } else {
    multiply<float>(at);
  }
}

std::string ProductKernel::details() const {
  return fmt::format("{}x{}x{}{}{}", sizes_.rows, sizes_.columns, sizes_.inner,
                     options_.transpose_a ? " transpose_a" : "", options_.transpose_b ? " transpose_b" : "");
}

double ProductKernel::flops() const {
  return 2.0 * static_cast<double>(sizes_.rows) * static_cast<double>(sizes_.columns) *
         static_cast<double>(sizes_.inner);
}

}  // namespace sluice
