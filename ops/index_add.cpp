#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/pairwise.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/take.h>
#include <sluice/ops/wrapping.h>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

namespace sluice {

namespace {

/// The indices of each id among all ids, in order: a counting sort in memory of the caller.
class Occurrences {
 public:
  /// `memory` holds length + 1 + count numbers; the ids are in 0..length-1.
  Occurrences(const std::int32_t* ids, Index count, Index length, Index* memory)
      : ends_(memory), places_(memory + length + 1) {
    std::fill_n(ends_, length + 1, Index{0});
    for (Index i = 0; i < count; ++i) ++ends_[ids[i] + 1];
    std::partial_sum(ends_, ends_ + length + 1, ends_);
    // Advances each begin to its end, the initial begin of the next id.
    for (Index i = 0; i < count; ++i) places_[ends_[ids[i]]++] = i;
  }

  std::span<const Index> of(Index id) const {
    const Index begin = id == 0 ? 0 : ends_[id - 1];
    return {places_ + begin, static_cast<std::size_t>(ends_[id] - begin)};
  }

 private:
  Index* ends_;
  Index* places_;
};

class IndexSum final : public Op {
 public:
  IndexSum(Index axis, Index length) : axis_(axis), length_(length) {}
  std::string_view name() const override { return "index_sum"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("axis", axis_), a("length", length_); }

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
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int) const override {
    return static_cast<std::size_t>(length_ + 1 + inputs[0].shape.size()) * sizeof(Index);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    detail::check_ids(inputs[0], length_, "index_sum");
    const Occurrences found(inputs[0].as<std::int32_t>(), inputs[0].size(), length_,
                            static_cast<Index*>(memory.data));
    with_type(inputs[1].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) add(found, inputs[0].size(), inputs[1].as<T>(), outputs[0]);
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {Tensor(), take(dy, y.input(0), axis_)};
  }

  detail::IndexSumForm form() const { return {axis_, length_}; }

  /// Along axis 0, time is one more axis of the ids.
  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (axis_ != 0) return {};
    const Tensors all = detail::all_over_time(inputs, over_time);
    return index_sum(all[0], all[1], 0, length_);
  }

 private:
  /// y = the pairwise sum of the updates at these indices; they are `distance` apart.
  template <class T>
  static void sum_updates(std::span<const Index> places, const T* updates, Index distance, Index n, T* y) {
    if constexpr (std::is_floating_point_v<T>) {
      detail::sum_rows(static_cast<Index>(places.size()), n, y,
                       [&](Index i) { return updates + places[static_cast<std::size_t>(i)] * distance; });
    } else {
      std::fill_n(y, n, T{0});
      for (const Index place : places)
        for (Index j = 0; j < n; ++j) y[j] = detail::wrapping_add(y[j], updates[place * distance + j]);
    }
  }

  /// Threads divide the rows of the result. Updates of one id are added pairwise.
  template <class T>
  void add(const Occurrences& found, Index count, const T* updates, const MutableView& result) const {
    const detail::AlongAxis y(result.shape(), axis_);
    if (y.inner == 0) return;
    const Index band = detail::waiting_numbers<T> / std::max<Index>(detail::waiting_levels(count), 1);
    const Index work = y.inner * std::max<Index>(1, count / std::max<Index>(length_, 1));
    kernels::parallel_for(y.outer * length_, std::max<Index>(1, (Index{1} << 15) / work),
                          [&](Index begin, Index end) {
                            T* rows = result.as<T>() + begin * y.inner;
                            std::fill_n(rows, (end - begin) * y.inner, T{0});  // most ids may be absent
                            Index id = begin % length_;
                            const T* from = updates + begin / length_ * count * y.inner;
                            for (Index at = begin; at < end; ++at, ++id, rows += y.inner) {
                              if (id == length_) {
                                id = 0;
                                from += count * y.inner;
                              }
                              const std::span<const Index> places = found.of(id);
                              for (Index column = 0; column < y.inner && !places.empty(); column += band) {
                                const Index width = std::min(band, y.inner - column);
                                sum_updates(places, from + column, y.inner, width, rows + column);
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
