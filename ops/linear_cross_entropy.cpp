#include <sluice/graph/call.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/linear_cross_entropy.inl>

#include <fmt/format.h>

#include <cmath>

namespace sluice {

namespace {

/// The sum of the exponentials of some scores, as exp_sums writes it: exp(shift) (1 + rest). A rest of -1
/// stands for none, or only minus infinities; an infinite one for plus infinities.
template <class T>
void add_exponentials(T& shift, T& rest, T more_shift, T more_rest) {
  if (more_rest == -1) return;
  if (rest == -1) {
    shift = more_shift;
    rest = more_rest;
  } else if (std::isinf(rest) || std::isinf(more_rest)) {
    rest += more_rest;
    shift += 0 * more_shift;  // a NaN stays one
  } else if (shift >= more_shift) {
    rest += (1 + more_rest) * std::exp(more_shift - shift);
  } else {
    rest = more_rest + (1 + rest) * std::exp(shift - more_shift);
    shift = more_shift;
  }
}

/// Inputs: h, the weight, the classes and perhaps a bias. Outputs: the losses and, for the gradient, the two
/// numbers [..., 2] that scores are normalised by, which nobody else reads: they have no gradient.
class LinearCrossEntropy final : public Op {
 public:
  LinearCrossEntropy(const detail::ClassPart& part, bool has_bias) : part_(part), has_bias_(has_bias) {}

  std::string_view name() const override { return "linear_cross_entropy"; }
  Takes takes() const override { return {.operands = static_cast<std::size_t>(has_bias_ ? 4 : 3)}; }
  void members(Attributes& a) const override { a({}, part_), a("bias", has_bias_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_linear_classes(inputs[0], inputs[1], inputs[2], has_bias_ ? &inputs[3] : nullptr);
    const Shape& rows = inputs[2].shape;
    return {{inputs[0].dtype, rows}, {inputs[0].dtype, rows.inserted(rows.rank(), 2)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return detail::score_memory_bytes(inputs[1], inputs[2].shape.size(), false, workers);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const detail::ScoreSizes<T> sizes(inputs[1].shape(), inputs[2].size());
      const detail::ScoreMemory<T> own(memory.data, sizes, false, memory.workers);
      const detail::Scores<T> scores(part_, sizes, own, inputs[0], inputs[1], inputs[2],
                                     has_bias_ ? inputs[3].as<T>() : nullptr, nullptr);
      add_up(scores, sizes, own);
      T* losses = outputs[0].as<T>();
      T* norms = outputs[1].as<T>();
      if (losses != nullptr) std::fill_n(losses, outputs[0].size(), T{0});
      if (norms != nullptr) std::fill_n(norms, outputs[1].size(), T{0});
      for (Index row = 0; row < scores.count(); ++row) {
        const Index place = scores.place(row);
        if (losses != nullptr) losses[place] = (own.shifts[row] - own.chosen[row]) + own.rests[row];
        if (norms == nullptr) continue;
        norms[2 * place] = own.shifts[row];
        norms[2 * place + 1] = own.rests[row];
      }
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>&) const override {
    const Tensor& y = ys[0];
    if (!dys[0].defined()) return Tensors(y.node().inputs.size());
    Tensors found = detail::linear_cross_entropy_gradient(y.input(0), y.input(1), y.input(2), ys[1], dys[0],
                                                          has_bias_ ? y.input(3) : Tensor(), part_);
    found.insert(found.begin() + 2, Tensor());
    return found;
  }

  /// Rows of h that are left out have a gradient of zero.
  bool chooses(std::span<const Spec> inputs) const override {
    return part_.ignored.has_value() || inputs[1].shape[0] < part_.total;
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (over_time[1] || (has_bias_ && over_time[3])) return {};
    const Tensors all = detail::all_over_time({inputs[0], inputs[2]}, {over_time[0], over_time[2]});
    Tensors operands = inputs;
    operands[0] = all[0];
    operands[2] = all[1];
    return outputs_of(make(std::make_shared<LinearCrossEntropy>(*this), operands, Location{}));
  }

 private:
  /// The chosen score of each row that counts, and log sum exp of all of them as a shift and a rest.
  template <class T>
  static void add_up(const detail::Scores<T>& scores, const detail::ScoreSizes<T>& sizes,
                     const detail::ScoreMemory<T>& own) {
    std::fill_n(own.shifts, sizes.stripes * sizes.rows, T{0});
    std::fill_n(own.rests, sizes.stripes * sizes.rows, T{-1});
    scores.each_block([&](const detail::ScoreBlock<T>& block) {
      scores.each_row(block, [&](Index i, const T* x) {
        const auto sums = detail::exp_sums(x, block.columns, 1, 1, static_cast<T*>(nullptr));
        const Index row = block.begin_row + i;
        const Index place = block.stripe * sizes.rows + row;
        add_exponentials(own.shifts[place], own.rests[place], sums.shifts[0], sums.rests[0]);
        const Index column = scores.column_of(row) - block.begin_column;
        if (column >= 0 && column < block.columns) own.chosen[row] = x[column];
      });
    });
    for (Index stripe = 1; stripe < sizes.stripes; ++stripe) {
      for (Index row = 0; row < scores.count(); ++row) {
        const Index place = stripe * sizes.rows + row;
        add_exponentials(own.shifts[row], own.rests[row], own.shifts[place], own.rests[place]);
      }
    }
    kernels::log1p(own.rests, own.rests, static_cast<std::size_t>(scores.count()));
  }

  const detail::ClassPart part_;
  const bool has_bias_;
};

}  // namespace

void detail::require_linear_classes(const Spec& h, const Spec& weight, const Spec& classes,
                                    const Spec* bias) {
  const bool fits = is_floating(h.dtype) && weight.dtype == h.dtype && h.shape.rank() > 0 &&
                    weight.shape.rank() == 2 && weight.shape[0] > 0 && weight.shape[1] == h.shape.back() &&
                    classes == Spec{DType::int32, h.shape.erased(h.shape.rank() - 1)} &&
                    (bias == nullptr || *bias == Spec{h.dtype, {weight.shape[0]}});
  if (fits) return;
  throw ShapeError(
      fmt::format("[linear_cross_entropy] takes h [..., D], a weight [classes, D] of the same floating "
                  "dtype, one class i32[...] for each row of h and a bias [classes]: got {}, {}, {} and {}; "
                  "transpose, reshape or cast one of them",
                  h.text(), weight.text(), classes.text(), bias == nullptr ? "no bias" : bias->text()));
}

Tensor detail::linear_cross_entropy(const Tensor& h, const Tensor& weight, const Tensor& classes,
                                    const Tensor& bias, const ClassPart& part) {
  Tensors operands{h, weight, classes};
  if (bias.defined()) operands.push_back(bias);
  return make(std::make_shared<LinearCrossEntropy>(part, bias.defined()), operands, Location{});
}

Tensor linear_cross_entropy(const Operand& h, const Operand& weight, const Operand& classes,
                            const LinearCrossEntropyOptions& options) {
  const detail::Call call("linear_cross_entropy", h.where());
  const Tensor rows = h.tensor();
  const Tensor matrix = weight.tensor(rows.dtype());
  const detail::IdNames names{"linear_cross_entropy", "classes",
                              "correct it, make the weight longer, or leave such rows out by ignore_index"};
  return detail::linear_cross_entropy(
      rows, matrix, classes.tensor(DType::int32), options.bias,
      {0, matrix.rank() == 0 ? 0 : matrix.dim(0), options.ignore_index, names});
}

}  // namespace sluice
