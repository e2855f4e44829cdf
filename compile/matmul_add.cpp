#include <sluice/compile/matmul_add.h>
#include <sluice/kernels/vector_math.h>

namespace sluice {

namespace {

bool is_row(const Shape& shape, Index columns) {
  return shape.rank() > 0 && shape.back() == columns && shape.size() == columns;
}

template <class T>
void add_rows(const View& addend, const MutableView& sum) {
  const Index columns = sum.shape().back();
  const Index step = is_row(addend.shape(), columns) ? 0 : columns;
  for (Index row = 0; row * columns < sum.size(); ++row) {
    T* to = sum.as<T>() + row * columns;
    kernels::add(to, 1, addend.as<T>() + row * step, 1, to, static_cast<std::size_t>(columns));
  }
}

void add(const View& addend, const MutableView& sum) {
  if (sum.spec.dtype == DType::float64) {
    add_rows<double>(addend, sum);
  } else {
    add_rows<float>(addend, sum);
  }
}

}  // namespace

bool MatMulAdd::fits(const MatMul& product, const Shape& a, const Shape& b, const Shape& addend) {
  if (b.rank() != 2 || a.size() == 0 || b.size() == 0) return false;
  const Index columns = product.options().transpose_b ? b[0] : b[1];
  if (product.options().transpose_a) return a.rank() == 2 && addend == Shape{a[1], columns};
  return is_row(addend, columns) || addend == a.with(a.rank() - 1, columns);
}

Specs MatMulAdd::infer(std::span<const Spec> inputs) const {
  if (inputs[2].dtype != inputs[0].dtype ||
      !fits(product(), inputs[0].shape, inputs[1].shape, inputs[2].shape)) {
    throw ShapeError(
        "[matmul_add] the addend must be of the dtype of the product, and of its shape or one row of it: "
        "got " +
        inputs[0].text() + " times " + inputs[1].text() + " plus " + inputs[2].text());
  }
  return product().infer(inputs.first(2));
}

void MatMulAdd::run(std::span<const View> inputs, std::span<const MutableView> outputs) const {
  product().run(inputs.first(2), outputs);
  add(inputs[2], outputs[0]);
}

void MatMulAdd::run_in(const WorkMemory& memory, std::span<const View> inputs,
                       std::span<const MutableView> outputs) const {
  product().run_in(memory, inputs.first(2), outputs);
  add(inputs[2], outputs[0]);
}

/// An addend with several rows is divided with the product; a single row is shared.
bool MatMulAdd::works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const {
  const bool own_rows = inputs[2].shape.rank() == inputs[0].shape.rank() &&
                        inputs[2].shape[0] == inputs[0].shape[0] && inputs[0].shape[0] > 1;
  return by_rows[2] == own_rows && product().works_by_rows(inputs.first(2), {static_cast<bool>(by_rows[0]),
                                                                             static_cast<bool>(by_rows[1])});
}

}  // namespace sluice
