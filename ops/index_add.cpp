#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/take.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class IndexSum final : public Op {
 public:
  IndexSum(Index axis, Index length) : axis_(axis), length_(length) {}
  std::string_view name() const override { return "index_sum"; }
  std::string attributes() const override { return fmt::format("axis={} length={}", axis_, length_); }

  /// Inputs: ids, updates.
  Specs infer(std::span<const Spec> inputs) const override {
    const Shape& ids = inputs[0].shape;
    Shape shape = inputs[1].shape;
    detail::require_ids(inputs[0], "index_sum");
    bool fits = inputs[1].dtype != DType::boolean && axis_ + ids.rank() <= shape.rank();
    for (Index i = 0; fits && i < ids.rank(); ++i) fits = shape[axis_ + i] == ids[i];
    if (!fits) {
      throw ShapeError(
          fmt::format("[index_sum] the updates must be numbers and have the axes of the ids in place of axis "
                      "{}: got ids {} and updates {}; reshape or cast them",
                      axis_, inputs[0].text(), inputs[1].text()));
    }
    for (Index i = 0; i < ids.rank(); ++i) shape = shape.erased(axis_);
    return {{inputs[1].dtype, shape.inserted(axis_, length_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::check_ids(inputs[0], length_, "index_sum");
    with_type(inputs[1].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        add(inputs[0].as<std::int32_t>(), inputs[0].size(), inputs[1].as<T>(), outputs[0]);
      }
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {Tensor(), take(dy, y.input(0), axis_)};
  }

  detail::IndexSumForm form() const { return {axis_, length_}; }

  /// Along axis 0 time is one more axis of the ids.
  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (axis_ != 0) return {};
    const Tensors all = detail::all_over_time(inputs, over_time);
    return index_sum(all[0], all[1], 0, length_);
  }

 private:
  template <class T>
  static void add_to(T* y, const T* x, Index n) {
    if constexpr (std::is_floating_point_v<T>)
      kernels::add(y, 1, x, 1, y, static_cast<std::size_t>(n));
    else
      for (Index j = 0; j < n; ++j) y[j] += x[j];
  }

  /// Threads share out columns, so that each element has one writer, who goes through the ids in order.
  template <class T>
  void add(const std::int32_t* ids, Index count, const T* updates, const MutableView& result) const {
    const detail::AlongAxis y(result.shape(), axis_);
    T* to = result.as<T>();
    std::fill_n(to, result.size(), T{0});
    if (y.inner == 0) return;
    const Index band = std::max<Index>(128, (Index{1} << 15) / std::max<Index>(count, 1));
    const Index bands = (y.inner + band - 1) / band;
    const Index work = std::max<Index>(1, std::min(band, y.inner) * count);
    kernels::parallel_for(y.outer * bands, std::max<Index>(1, (Index{1} << 15) / work),
                          [&](Index begin, Index end) {
                            for (Index at = begin; at < end; ++at) {
                              const Index column = at % bands * band;
                              const Index width = std::min(band, y.inner - column);
                              const T* from = updates + at / bands * count * y.inner + column;
                              T* rows = to + at / bands * length_ * y.inner + column;
                              for (Index i = 0; i < count; ++i) {
                                const T* update = from + i * y.inner;
                                T* row = rows + ids[i] * y.inner;
                                add_to(row, update, width);
                              }
                            }
                          });
  }

  const Index axis_;
  const Index length_;
};

}  // namespace

std::optional<detail::IndexSumForm> detail::index_sum_form(const Op& op) {
  const auto* sum = dynamic_cast<const IndexSum*>(&op);
  return sum == nullptr ? std::nullopt : std::optional(sum->form());
}

Tensor index_sum(const Operand& ids, const Operand& updates, Index axis, Index length) {
  const detail::Call call("index_sum", updates.where());
  const Tensor places = ids.tensor(DType::int32);
  const Tensor values = updates.tensor();
  const Index normal = normal_axis(axis, std::max<Index>(values.rank() - places.rank() + 1, 0), "index_sum");
  return make(std::make_shared<IndexSum>(normal, length), {places, values}, updates.where());
}

Tensor index_add(const Operand& x, const Operand& ids, const Operand& updates, Index axis) {
  const detail::Call call("index_add", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "index_add");
  const Tensor places = ids.tensor(DType::int32);
  detail::require_ids(places.spec(), "index_add");
  const Tensor values = updates.tensor(tensor.dtype());
  if (values.spec() != take(tensor, places, normal).spec() || tensor.dtype() == DType::boolean) {
    throw ShapeError(fmt::format(
        "[index_add] the updates must be numbers, with the dtype and shape of take(x, ids, {}): got "
        "x {}, ids {}, updates {}; reshape or cast them",
        normal, tensor.spec().text(), places.spec().text(), values.spec().text()));
  }
  return tensor + index_sum(places, values, normal, tensor.shape()[normal]);
}

}  // namespace sluice
