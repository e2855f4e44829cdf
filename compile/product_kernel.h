#pragma once

#include <sluice/compile/kernel.h>
#include <sluice/ops/matmul_op.h>

#include <optional>

namespace sluice {

/// The sizes of a product that is a single matrix product, including its batches: [rows, inner] [inner,
/// columns].
struct ProductSizes {
  Index rows;
  Index inner;
  Index columns;
};

/// The sizes for a matmul of operands with these shapes; none if it is several products.
std::optional<ProductSizes> product_sizes(MatMulOptions options, const Shape& a, const Shape& b);

/// Packs a right operand, op(b) with `inner` rows and `columns` columns, for ProductKernel.
void pack_operand(bool transpose, Index inner, Index columns, const Value& b, const std::byte* from,
                  std::byte* to);

/// A matrix product that reads and writes rows with any stride. Reads the left operand, the right one, packed
/// or not, and the addend, if there is one.
class ProductKernel final : public Kernel {
 public:
  enum class Right {
    plain,   ///< both operands unchanged; work_bytes() are temporaries[0]
    packed,  ///< the right operand is prepacked
    pack     ///< packs the right operand into temporaries[0] first
  };

  /// Maximum number of parts of the left operand, whose columns count as concatenated; only with a prepacked
  /// right operand. So the parts need not be copied.
  static constexpr std::size_t most_parts = 4;

  ProductKernel(MatMulOptions options, ProductSizes sizes, std::vector<Value> a, const Value& b,
                const Value& c, Right right);
  /// c = addend + a b. The addend has as many rows as c, or one for all of them.
  void begin_with(const Value& addend);

  /// The work memory of a plain product for this many workers, perhaps 0.
  std::size_t work_bytes(int workers);

  void run(const Addresses& at) override;
  bool may_overwrite(std::size_t read, std::size_t written) const override;
  bool may_throw() const override { return false; }
  std::string name() const override { return right_ == Right::packed ? "product, packed" : "product"; }
  std::string details() const override;
  double flops() const override;

 private:
  template <class T>
  void multiply(const Addresses& at) const;
  void choose_blocks(Index width, Index panels);
  template <class T>
  void multiply_packed(const Addresses& at, const std::byte* packed) const;
  template <class T>
  void multiply_plain(const Addresses& at) const;
  template <class T>
  const T* addend(const Addresses& at) const {
    return addend_ ? reinterpret_cast<const T*>(at[reads.back()]) : nullptr;
  }
  std::byte* right(const Addresses& at) const { return at[reads[a_.size()]]; }

  MatMulOptions options_;
  ProductSizes sizes_;
  DType dtype_;
  std::vector<Value> a_;
  std::vector<Index> part_columns_;
  Value b_;
  Value c_;
  std::optional<Value> addend_;
  Index addend_stride_ = 0;
  Right right_;
  int workers_ = 1;  // of a plain product
  // Packed products are divided into down_ x across_ blocks, each on one thread.
  Index block_rows_ = 0;
  Index block_columns_ = 0;
  Index down_ = 0;
  Index across_ = 0;
  bool share_rows_ = false;  // neighbouring blocks share rows, not panels
};

}  // namespace sluice
