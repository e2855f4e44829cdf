#include <sluice/graph/call.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <array>

namespace sluice {

namespace {

/// The last two axes as the op sees them, and the batch axes.
struct Sides {
  Sides(const Shape& shape, bool transposed) {
    rows = shape[shape.rank() - 2];
    columns = shape.back();
    row_length = columns;
    if (transposed) std::swap(rows, columns);
    batch = Shape(std::span(shape.begin(), static_cast<std::size_t>(shape.rank() - 2)));
  }
  Index rows = 0;
  Index columns = 0;
  Index row_length = 0;  // in memory
  Shape batch;
};

std::string described(const Spec& a, const Spec& b, MatMulOptions options) {
  return fmt::format("{}{} and {}{}", a.text(), options.transpose_a ? " transposed" : "", b.text(),
                     options.transpose_b ? " transposed" : "");
}

void check(const Spec& a, const Spec& b, MatMulOptions options) {
  if (a.dtype != b.dtype || !is_floating(a.dtype)) {
    throw ShapeError(
        fmt::format("[matmul] both operands must have the same floating dtype: got {}; cast one of them",
                    described(a, b, options)));
  }
  if (a.shape.rank() == 0 || b.shape.rank() == 0) {
    throw ShapeError(fmt::format("[matmul] operands need at least one axis: got {}; use * for a scalar",
                                 described(a, b, options)));
  }
  if ((a.shape.rank() == 1 && options.transpose_a) || (b.shape.rank() == 1 && options.transpose_b)) {
    throw ShapeError(fmt::format("[matmul] a vector cannot be transposed: got {}; leave the option out",
                                 described(a, b, options)));
  }
  const Index ka = options.transpose_a ? a.shape[a.shape.rank() - 2] : a.shape.back();
  const Index kb = b.shape.rank() == 1 || options.transpose_b ? b.shape.back() : b.shape[b.shape.rank() - 2];
  if (ka != kb) {
    throw ShapeError(
        fmt::format("[matmul] the columns of the left must be as many as the rows of the right: got {}, "
                    "hence {} and {}; transpose one of them if that is meant",
                    described(a, b, options), ka, kb));
  }
}

/// Whether all rows of the left operand belong to one product: the right operand is a single matrix.
bool is_one_product(MatMulOptions options, const Sides& b) {
  return b.batch.size() == 1 && !options.transpose_a;
}

/// Elements of work memory per worker.
template <class T>
Index workspace_of(MatMulOptions options, const Sides& a, const Sides& b) {
  const Index rows = is_one_product(options, b) ? a.batch.size() * a.rows : a.rows;
  const Index elements =
      kernels::gemm_workspace<T>(options.transpose_a, options.transpose_b, rows, b.columns, a.columns);
  constexpr Index line = 64 / static_cast<Index>(sizeof(T));
  return (elements + line - 1) / line * line;
}

template <class T>
void multiply(MatMulOptions options, const WorkMemory& memory, const View& left, const View& right,
              const MutableView& result) {
  const Sides a(left.shape(), options.transpose_a);
  const Sides b(right.shape(), options.transpose_b);
  const auto product = [&](Index rows, const T* x, const T* y, T* z, kernels::Workspace<T> workspace) {
    kernels::gemm(options.transpose_a, options.transpose_b, rows, b.columns, a.columns, x,
                  std::max<Index>(a.row_length, 1), y, std::max<Index>(b.row_length, 1), T{0}, z,
                  std::max<Index>(b.columns, 1), workspace);
  };
  if (result.size() == 0) return;
  const kernels::Workspace<T> all{static_cast<T*>(memory.data), memory.workers};
  if (is_one_product(options, b)) {
    product(a.batch.size() * a.rows, left.as<T>(), right.as<T>(), result.as<T>(), all);
    return;
  }
  const Shape& shape = result.shape();
  const Index rank = shape.rank() - 2;
  const auto strides = [rank](const Shape& batch, Index matrix) {
    std::array<Index, Shape::max_rank> steps{};
    for (Index i = 0; i < batch.rank(); ++i) {
      const Index axis = batch.rank() - 1 - i;
      if (batch[axis] != 1) steps[static_cast<std::size_t>(rank - 1 - i)] = matrix;
      matrix *= batch[axis];
    }
    return steps;
  };
  const auto step_a = strides(a.batch, a.rows * a.columns);
  const auto step_b = strides(b.batch, b.rows * b.columns);
  const Index size = a.rows * b.columns;
  // Small products are divided over the threads; large ones divide themselves.
  const Index batches = shape.size() / size;
  const Index work = size * std::max<Index>(a.columns, 1);
  const Index grain = work > (Index{1} << 20) ? batches : std::max<Index>(1, (Index{1} << 18) / work);
  const Index pieces = (batches + grain - 1) / grain;
  const Index each = workspace_of<T>(options, a, b);
  kernels::share_out(pieces, memory.workers, [&](Index piece, int worker) {
    const kernels::Workspace<T> own{all.memory + worker * each, 1};
    for (Index at = piece * grain; at < std::min(batches, (piece + 1) * grain); ++at) {
      Index rest = at;
      Index offset_a = 0;
      Index offset_b = 0;
      for (Index axis = rank - 1; axis >= 0; --axis) {
        const Index i = rest % shape[axis];
        rest /= shape[axis];
        offset_a += i * step_a[static_cast<std::size_t>(axis)];
        offset_b += i * step_b[static_cast<std::size_t>(axis)];
      }
      product(a.rows, left.as<T>() + offset_a, right.as<T>() + offset_b, result.as<T>() + at * size,
              pieces == 1 ? all : own);
    }
  });
}

}  // namespace

Specs MatMul::infer(std::span<const Spec> inputs) const {
  check(inputs[0], inputs[1], options_);
  const Sides a(inputs[0].shape, options_.transpose_a);
  const Sides b(inputs[1].shape, options_.transpose_b);
  const Shape batch = broadcast(a.batch, b.batch, "matmul");
  return {{inputs[0].dtype, batch.inserted(batch.rank(), a.rows).inserted(batch.rank() + 1, b.columns)}};
}

void MatMul::run(std::span<const View> inputs, std::span<const MutableView> outputs) const {
  detail::run_with_memory(*this, inputs, outputs);
}

std::size_t MatMul::work_bytes(std::span<const Spec> inputs, int workers) const {
  const Sides a(inputs[0].shape, options_.transpose_a);
  const Sides b(inputs[1].shape, options_.transpose_b);
  const bool wide = inputs[0].dtype == DType::float64;
  const Index elements = wide ? workspace_of<double>(options_, a, b) : workspace_of<float>(options_, a, b);
  return static_cast<std::size_t>(elements * workers) * size_of(inputs[0].dtype);
}

void MatMul::run_in(const WorkMemory& memory, std::span<const View> inputs,
                    std::span<const MutableView> outputs) const {
  if (inputs[0].spec.dtype == DType::float64) {
    multiply<double>(options_, memory, inputs[0], inputs[1], outputs[0]);
  } else {
    multiply<float>(options_, memory, inputs[0], inputs[1], outputs[0]);
  }
}

Tensors MatMul::gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const {
  const Tensor& a = ys[0].input(0);
  const Tensor& b = ys[0].input(1);
  const Tensor& dc = dys[0];
  const bool ta = options_.transpose_a;
  const bool tb = options_.transpose_b;
  Tensor da;
  Tensor db;
  if (wanted[0]) da = ta ? matmul(b, dc, {tb, true}) : matmul(dc, b, {false, !tb});
  if (wanted[1]) {
    // One matrix for many batches: all their rows form one product.
    const bool joined = b.rank() == 2 && a.rank() > 2 && !ta;
    const Index count = Sides(a.shape(), false).batch.size() * a.dim(-2);
    const Tensor rows = joined ? reshape(a, {count, a.dim(-1)}) : a;
    const Tensor drows = joined ? reshape(dc, {count, dc.dim(-1)}) : dc;
    db = tb ? matmul(drows, rows, {true, ta}) : matmul(rows, drows, {!ta, false});
  }
  return {da, db};
}

bool MatMul::works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const {
  return by_rows[0] && !by_rows[1] && !options_.transpose_a && inputs[1].shape.rank() == 2;
}

Tensor matmul(const Operand& a, const Operand& b, MatMulOptions options) {
  const detail::Call call("matmul", a.where());
  Tensor left = a.tensor();
  Tensor right = b.tensor(left.dtype());
  check(left.spec(), right.spec(), options);
  const bool row = left.rank() == 1;
  const bool column = right.rank() == 1;
  if (row) left = reshape(left, {1, left.size()});
  if (column) right = reshape(right, {right.size(), 1});
  Tensor result = make(std::make_shared<MatMul>(options), {left, right}, a.where());
  Shape shape = result.shape();
  if (column) shape = shape.erased(shape.rank() - 1);
  if (row) shape = shape.erased(result.rank() - 2);
  return reshape(result, shape);
}

}  // namespace sluice
