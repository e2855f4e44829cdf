#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/axes.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/formula.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>
#include <sluice/ops/linear_cross_entropy.inl>

#include <fmt/format.h>

#include <array>

namespace sluice {

namespace {

constexpr std::string_view gradient_name = "linear_cross_entropy_gradient";

/// The gradient as a formula of ops, with the scores as a whole: what is differentiated again. The norms are
/// functions of the other operands, so it has no use for them.
class ScoreSlopes final : public FormulaOp {
 public:
  ScoreSlopes(const detail::ClassPart& part, bool has_bias) : part_(part), has_bias_(has_bias) {}
  std::string_view name() const override { return gradient_name; }
  Takes takes() const override { return {.operands = static_cast<std::size_t>(has_bias_ ? 6 : 5)}; }
  void members(Attributes& a) const override { a({}, part_), a("bias", has_bias_); }

 protected:
  Tensors results(const Tensors& operands) const override {
    const Tensor& weight = operands[1];
    const Index count = weight.dim(0);
    const Tensor ids = reshape(operands[2], {-1}) - Operand(part_.first);
    Tensor counts = logical_and(ids >= 0, ids < Operand(count));
    if (part_.ignored) counts = logical_and(counts, not_equal(reshape(operands[2], {-1}), *part_.ignored));
    const Tensor counted = expand_dims(counts, 1);
    // What ignored rows hold has no part in anything, not even a NaN.
    const Tensor h = where(counted, reshape(operands[0], {ids.size(), weight.dim(1)}), 0);
    const Tensor dy = where(counted, reshape(operands[4], {ids.size(), 1}), 0);
    Tensor scores = matmul(h, weight, {.transpose_b = true});
    if (has_bias_) scores = scores + operands[5];
    const Tensor is_class = cast(equal(expand_dims(ids, 1), arange(count)), h.dtype());
    const Tensor g = (softmax(scores) - is_class) * dy;
    Tensors found{reshape(matmul(g, weight), operands[0].shape()), matmul(g, h, {.transpose_a = true})};
    if (has_bias_) found.push_back(sum(g, 0));
    return found;
  }

 private:
  const detail::ClassPart part_;
  const bool has_bias_;
};

/// Inputs: h, the weight, the classes, the norms, dy and perhaps a bias. Outputs: the gradients with respect
/// to h, the weight and the bias.
class LinearCrossEntropyGradient final : public Op {
 public:
  LinearCrossEntropyGradient(const detail::ClassPart& part, bool has_bias)
      : part_(part), has_bias_(has_bias) {}

  std::string_view name() const override { return gradient_name; }
  Takes takes() const override { return {.operands = static_cast<std::size_t>(has_bias_ ? 6 : 5)}; }
  void members(Attributes& a) const override { a({}, part_), a("bias", has_bias_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_linear_classes(inputs[0], inputs[1], inputs[2], has_bias_ ? &inputs[5] : nullptr);
    const Shape& rows = inputs[2].shape;
    if (!(inputs[3] == Spec{inputs[0].dtype, rows.inserted(rows.rank(), 2)} &&
          inputs[4] == Spec{inputs[0].dtype, rows})) {
      throw ShapeError(fmt::format(
          "[{}] the norms must be those of each row, and dy one number: got {} and {} for {}; reshape them",
          gradient_name, inputs[3].text(), inputs[4].text(), inputs[0].text()));
    }
    if (has_bias_) return {inputs[0], inputs[1], inputs[5]};
    return {inputs[0], inputs[1]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return detail::score_memory_bytes(inputs[1], inputs[2].shape.size(), true, workers);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const detail::ScoreSizes<T> sizes(inputs[1].shape(), inputs[2].size());
      const detail::ScoreMemory<T> own(memory.data, sizes, true, memory.workers);
      const T* dy = inputs[4].as<T>();
      const detail::Scores<T> scores(part_, sizes, own, inputs[0], inputs[1], inputs[2],
                                     has_bias_ ? inputs[5].as<T>() : nullptr, dy);
      T* dh = outputs[0].as<T>();
      T* dweight = outputs[1].as<T>();
      T* dbias = has_bias_ ? outputs[2].as<T>() : nullptr;
      if (scores.count() == 0 && dweight != nullptr) std::fill_n(dweight, outputs[1].size(), T{0});
      if (dbias != nullptr) std::fill_n(dbias, sizes.columns, T{0});
      const Index width = std::max<Index>(sizes.width, 1);
      scores.each_block([&](const detail::ScoreBlock<T>& block) {
        scores.each_row(block, [&](Index i, T* x) {
          const Index row = block.begin_row + i;
          const Index place = scores.place(row);
          differentiate(x, block, scores.column_of(row), inputs[3].as<T>() + 2 * place, dy[place]);
        });
        const Index column = block.begin_column;
        if (dh != nullptr) {
          kernels::gemm(false, false, block.rows, sizes.width, block.columns, block.scores, sizes.stride(),
                        inputs[1].as<T>() + column * sizes.width, width, T(block.begins_stripe ? 0 : 1),
                        own.dh + (block.stripe * sizes.rows + block.begin_row) * sizes.width, width,
                        block.space);
        }
        if (dweight != nullptr) {
          kernels::gemm(true, false, block.columns, sizes.width, block.rows, block.scores, sizes.stride(),
                        scores.h(block.begin_row), width, T(block.begin_row == 0 ? 0 : 1),
                        dweight + column * sizes.width, width, block.space);
        }
        if (dbias != nullptr) add_block(block, sizes.stride(), dbias + column);
      });
      if (dh != nullptr) add_stripes(scores, sizes, own.dh, dh);
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const Node& node = ys[0].node();
    const Tensor slopes = make(std::make_shared<ScoreSlopes>(part_, has_bias_), node.inputs, node.where);
    return slopes.op().gradients(outputs_of(slopes), dys, wanted);
  }

  bool chooses(std::span<const Spec>) const override { return true; }

 private:
  /// x = dy (softmax(x) - the one of the class), for a part of a row.
  template <class T>
  static void differentiate(T* x, const detail::ScoreBlock<T>& block, Index column, const T* norms, T dy) {
    const auto n = static_cast<std::size_t>(block.columns);
    column -= block.begin_column;
    const bool has_class = column >= 0 && column < block.columns;
    kernels::subtract(x, 1, norms, 0, x, n);
    kernels::subtract(x, 1, norms + 1, 0, x, n);
    T less_one = has_class ? x[column] : T{0};  // all its digits where the probability is near one
    kernels::expm1(&less_one, &less_one, 1);
    kernels::exp(x, x, n);
    if (has_class) x[column] = less_one;
    kernels::multiply(x, 1, &dy, 0, x, n);
  }

  /// y += the rows of a block, some at a time.
  template <class T>
  static void add_block(const detail::ScoreBlock<T>& block, Index stride, T* y) {
    constexpr Index some = 32;
    std::array<const T*, static_cast<std::size_t>(some)> rows;
    for (Index begin = 0; begin < block.rows; begin += some) {
      const Index count = std::min(some, block.rows - begin);
      for (Index i = 0; i < count; ++i)
        rows[static_cast<std::size_t>(i)] = block.scores + (begin + i) * stride;
      kernels::add_rows(rows.data(), static_cast<std::size_t>(count), y,
                        static_cast<std::size_t>(block.columns));
    }
  }

  /// The sum of the stripes, in the places of the rows that count; the other rows are 0.
  template <class T>
  static void add_stripes(const detail::Scores<T>& scores, const detail::ScoreSizes<T>& sizes, const T* sums,
                          T* dh) {
    const auto width = static_cast<std::size_t>(sizes.width);
    if (scores.count() < sizes.rows) std::fill_n(dh, sizes.rows * sizes.width, T{0});
    for (Index row = 0; row < scores.count(); ++row) {
      T* y = dh + scores.place(row) * sizes.width;
      std::copy_n(sums + row * sizes.width, width, y);
      for (Index stripe = 1; stripe < sizes.stripes; ++stripe)
        kernels::add(y, 1, sums + (stripe * sizes.rows + row) * sizes.width, 1, y, width);
    }
  }

  const detail::ClassPart part_;
  const bool has_bias_;
};

}  // namespace

Tensors detail::linear_cross_entropy_gradient(const Tensor& h, const Tensor& weight, const Tensor& classes,
                                              const Tensor& norms, const Tensor& dy, const Tensor& bias,
                                              const ClassPart& part) {
  Tensors operands{h, weight, classes, norms, dy};
  if (bias.defined()) operands.push_back(bias);
  return outputs_of(
      make(std::make_shared<LinearCrossEntropyGradient>(part, bias.defined()), operands, Location{}));
}

}  // namespace sluice
