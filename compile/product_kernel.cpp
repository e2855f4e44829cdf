#include <sluice/compile/product_kernel.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice {

namespace {
constexpr Index pack_piece = Index{1} << 15;      // elements that justify a thread
constexpr Index block_products = Index{1} << 20;  // multiplications that justify one
constexpr Index cache_elements = Index{1} << 17;  // of the left operand
constexpr Index block_step = 24;                  // a multiple of the rows of all micro-kernels
constexpr Index inner_part = 1024;                // of the inner dimension processed at a time
constexpr Index most_blocks = 32;                 // with little work, no thread is kept waiting

Index blocks_of(Index whole, Index part) { return (whole + part - 1) / part; }
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

ProductKernel::ProductKernel(MatMulOptions options, ProductSizes sizes, std::vector<Value> a, const Value& b,
                             const Value& c, Right right)
    : options_(options), sizes_(sizes), dtype_(c.spec.dtype), a_(std::move(a)), b_(b), c_(c), right_(right) {
  for (const Value& part : a_) part_columns_.push_back(part.columns());
  if (dtype_ == DType::float64) {
    choose_blocks(kernels::panel_columns<double>(), kernels::packed_panels<double>(sizes_.columns));
  } else {
    choose_blocks(kernels::panel_columns<float>(), kernels::packed_panels<float>(sizes_.columns));
  }
}

/// Divides rows and panels into blocks for the threads. A block's rows of the left operand stay in the L2
/// cache while panels are streamed; blocks are large enough to justify a thread, and as many as the work
/// allows.
void ProductKernel::choose_blocks(Index width, Index panels) {
  const Index per_row = sizes_.inner * std::min(width, sizes_.columns);
  const auto whole_steps = [](Index rows) { return blocks_of(rows, block_step) * block_step; };
  Index rows =
      std::max(block_step, cache_elements / std::min(sizes_.inner, inner_part) / block_step * block_step);
  rows = std::min(rows, whole_steps(sizes_.rows));
  while (rows >= 2 * block_step && blocks_of(sizes_.rows, rows) * panels < most_blocks &&
         rows * per_row >= 2 * block_products)
    rows = whole_steps(rows / 2);
  const Index together = std::max<Index>(1, block_products / (std::min(rows, sizes_.rows) * per_row));
  block_rows_ = rows;
  block_columns_ = together * width;
  down_ = blocks_of(sizes_.rows, rows);
  across_ = blocks_of(panels, together);
  if (across_ > 1 && sizes_.columns % block_columns_ == 1) --across_;  // one column is another product
  share_rows_ = down_ * sizes_.columns < across_ * sizes_.rows;
}

void ProductKernel::begin_with(const Value& addend) {
  addend_ = addend;
  addend_stride_ = addend.rows() == 1 ? 0 : addend.row_stride;
}

std::size_t ProductKernel::work_bytes(int workers) {
  workers_ = workers;
  const auto elements = [&](auto type) {
    return kernels::gemm_workspace<decltype(type)>(options_.transpose_a, options_.transpose_b, sizes_.rows,
                                                   sizes_.columns, sizes_.inner);
  };
  return static_cast<std::size_t>((dtype_ == DType::float64 ? elements(double{}) : elements(float{})) *
                                  workers) *
         size_of(dtype_);
}

/// An element's bits do not depend on its block.
template <class T>
void ProductKernel::multiply_packed(const Addresses& at, const std::byte* packed) const {
  using Part = kernels::LeftPart<T>;
  const auto* b = reinterpret_cast<const T*>(packed);
  auto* c = reinterpret_cast<T*>(at[writes[0]]);
  const T* start = addend<T>(at);
  const Index step = addend_stride_;
  kernels::parallel_for(down_ * across_, 1, [&](Index begin, Index end) {
    for (Index block = begin; block < end; ++block) {
      const Index row = (share_rows_ ? block / across_ : block % down_) * block_rows_;
      const Index place = share_rows_ ? block % across_ : block / down_;
      const Index column = place * block_columns_;
      const Index rows = std::min(block_rows_, sizes_.rows - row);
      const Index columns = place + 1 == across_ ? sizes_.columns - column : block_columns_;
      std::array<Part, most_parts> parts;
      for (std::size_t i = 0; i < a_.size(); ++i) {
        const Index stride = a_[i].row_stride;
        parts[i] = {reinterpret_cast<const T*>(at[reads[i]]) + row * stride, stride, part_columns_[i]};
      }
      kernels::multiply_packed(start == nullptr ? start : start + row * step + column, step, rows, columns,
                               std::span<const Part>(parts.data(), a_.size()), b + column * sizes_.inner,
                               c + row * c_.row_stride + column, c_.row_stride);
    }
  });
}

template <class T>
void ProductKernel::multiply_plain(const Addresses& at) const {
  auto* c = reinterpret_cast<T*>(at[writes[0]]);
  if (const T* start = addend<T>(at); start != nullptr && start != c) {
    for (Index row = 0; row < sizes_.rows; ++row)
      std::copy_n(start + row * addend_stride_, sizes_.columns, c + row * c_.row_stride);
  }
  kernels::gemm(options_.transpose_a, options_.transpose_b, sizes_.rows, sizes_.columns, sizes_.inner,
                reinterpret_cast<const T*>(at[reads[0]]), a_[0].row_stride,
                reinterpret_cast<const T*>(right(at)), b_.row_stride, addend_ ? T{1} : T{0}, c, c_.row_stride,
                kernels::Workspace<T>{
                    temporaries.empty() ? nullptr : reinterpret_cast<T*>(at[temporaries[0]]), workers_});
}

template <class T>
void ProductKernel::multiply(const Addresses& at) const {
  switch (right_) {
    case Right::plain:
      multiply_plain<T>(at);
      break;
    case Right::packed:
      multiply_packed<T>(at, right(at));
      break;
    case Right::pack:
      pack_operand(options_.transpose_b, sizes_.inner, sizes_.columns, b_, right(at), at[temporaries[0]]);
      multiply_packed<T>(at, at[temporaries[0]]);
      break;
  }
}

/// An element of the addend is read once, before the same element of the result is written.
bool ProductKernel::may_overwrite(std::size_t read, std::size_t) const {
  return addend_ && read == reads.back() && std::count(reads.begin(), reads.end(), read) == 1 &&
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
