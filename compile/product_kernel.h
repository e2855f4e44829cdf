#pragma once

#include <sluice/compile/kernel.h>
#include <sluice/ops/matmul_op.h>

#include <optional>

namespace sluice {

/// The sizes of a product that is a single matrix product, whatever its batches: [rows, inner] [inner, columns].
struct ProductSizes {
  Index rows;
  Index inner;
  Index columns;
};

/// Those of a matmul of operands with these shapes; none where it is several products.
std::optional<ProductSizes> product_sizes(MatMulOptions options, const Shape& a, const Shape& b);

/// Packs a right operand, op(b) with `inner` rows and `columns` columns, for ProductKernel.
void pack_operand(bool transpose, Index inner, Index columns, const Value& b, const std::byte* from,
                  std::byte* to);

/// A matrix product that reads and writes rows at any distance, plus, where it has been told to, reads[2].
class ProductKernel final : public Kernel {
 public:
  enum class Right {
    plain,   ///< a library multiplies
    packed,  ///< the right operand comes packed
    pack     ///< it is packed here, into temporaries[0], before it is multiplied
  };

  ProductKernel(MatMulOptions options, ProductSizes sizes, const Value& a, const Value& b, const Value& c,
                Right right);
  /// c = addend + a b. The addend has as many rows as c, or one for all of them.
  void begin_with(const Value& addend) { addend_ = addend; }

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
  Index addend_stride() const { return addend_->rows() == 1 ? 0 : addend_->row_stride; }

  MatMulOptions options_;
  ProductSizes sizes_;
  DType dtype_;
  Value a_;
  Value b_;
  Value c_;
  std::optional<Value> addend_;
  Right right_;
  // Packed products are made of down_ x across_ blocks, each on one thread.
  Index block_rows_ = 0;
  Index block_columns_ = 0;
  Index down_ = 0;
  Index across_ = 0;
  bool share_rows_ = false;  // neighbours share rows, not panels
};

}  // namespace sluice
