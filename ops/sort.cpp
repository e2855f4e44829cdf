#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/sort.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {

namespace {

/// An element and where it came from. Equal ones are told apart by that, so any sort of them is stable.
template <class T>
struct Placed {
  T value;
  std::int32_t id;
};

template <class T>
bool is_smaller(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a < b || (std::isnan(b) && !std::isnan(a));
  return a < b;
}

/// The ids of the first `count` elements in order along an axis.
class ArgSort final : public Op {
 public:
  ArgSort(Index axis, Index count, bool descending) : axis_(axis), count_(count), descending_(descending) {}
  std::string_view name() const override { return "argsort"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override {
    a("axis", axis_), a("count", count_), a("descending", descending_);
  }

  Specs infer(std::span<const Spec> inputs) const override {
    const Spec& x = inputs[0];
    if (x.dtype == DType::boolean) {
      throw ShapeError(fmt::format("[argsort] needs numbers: got {}; cast it to i32", x.text()));
    }
    if (x.shape[axis_] > std::numeric_limits<std::int32_t>::max()) {
      throw ShapeError(
          fmt::format("[argsort] the axis must have places that i32 can count: got axis {} of {}; split it",
                      axis_, x.text()));
    }
    if (count_ < 0 || count_ > x.shape[axis_]) {
      throw ShapeError(
          fmt::format("[argsort] k must lie in 0..{}, the length of axis {}: got {} for {}; choose fewer",
                      x.shape[axis_], axis_, count_, x.text()));
    }
    return {{DType::int32, x.shape.with(axis_, count_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return with_type(inputs[0].dtype, [&](auto type) {
      return static_cast<std::size_t>(inputs[0].shape[axis_] * workers) * sizeof(Placed<decltype(type)>);
    });
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    if (outputs[0].size() == 0) return;
    const auto smaller = [](const auto& a, const auto& b) {
      return is_smaller(a.value, b.value) || (!is_smaller(b.value, a.value) && a.id < b.id);
    };
    const auto larger = [](const auto& a, const auto& b) {
      return is_smaller(b.value, a.value) || (!is_smaller(a.value, b.value) && a.id < b.id);
    };
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      descending_ ? sort_rows<T>(memory, inputs[0], outputs[0], larger)
                  : sort_rows<T>(memory, inputs[0], outputs[0], smaller);
    });
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>&) const override { return axis_ != 0; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {make(std::make_shared<ArgSort>(axis_ + 1, count_, descending_), inputs)};
  }

 private:
  template <class T, class Before>
  void sort_rows(const WorkMemory& memory, const View& x, const MutableView& ids, Before before) const {
    const detail::AlongAxis along(x.shape(), axis_);
    const Index rows = along.outer * along.inner;
    const Index together = std::max<Index>(1, (Index{1} << 12) / along.length);
    kernels::share_out((rows + together - 1) / together, memory.workers, [&](Index piece, int worker) {
      auto* placed = static_cast<Placed<T>*>(memory.data) + worker * along.length;
      for (Index row = piece * together; row < std::min(rows, (piece + 1) * together); ++row) {
        const Index outer = row / along.inner;
        const Index inner = row % along.inner;
        const T* from = x.as<T>() + outer * along.length * along.inner + inner;
        for (Index i = 0; i < along.length; ++i)
          placed[i] = {from[i * along.inner], static_cast<std::int32_t>(i)};
        if (count_ < along.length) {
          std::partial_sort(placed, placed + count_, placed + along.length, before);
        } else {
          std::sort(placed, placed + count_, before);
        }
        auto* to = ids.as<std::int32_t>() + outer * count_ * along.inner + inner;
        for (Index i = 0; i < count_; ++i) to[i * along.inner] = placed[i].id;
      }
    });
  }

  const Index axis_;
  const Index count_;
  const bool descending_;
};

}  // namespace

Tensor argsort(const Operand& x, Index axis, SortOptions options) {
  const detail::Call call("argsort", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "argsort");
  return make(std::make_shared<ArgSort>(normal, tensor.shape()[normal], options.descending), {tensor},
              x.where());
}

Tensor sort(const Operand& x, Index axis, SortOptions options) {
  const detail::Call call("sort", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "sort");
  return take_along_axis(tensor, argsort(tensor, normal, options), normal);
}

TopK top_k(const Operand& x, Index k, Index axis) {
  const detail::Call call("top_k", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "top_k");
  const Tensor ids = make(std::make_shared<ArgSort>(normal, k, true), {tensor}, Location{});
  return {take_along_axis(tensor, ids, normal), ids};
}

}  // namespace sluice
