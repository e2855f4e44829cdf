// Ops that are taken for each other, or whose answers, shape rules and exceptions are wrong.

#include <sluice/ops/elementwise.h>
#include <sluice/ops/reshape.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "check/wrong.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// A number, which its text rounds.
struct Rounded {
  double value;
  std::string attribute_text() const { return std::to_string(value); }
};

/// x times such a number.
struct Scaled final : Elementwise<Scaled, 1> {
  static constexpr std::string_view id = "scaled";
  explicit Scaled(double by) : by{by} {}
  void members(Attributes& a) const override { a("by", by); }
  auto value(auto x) const { return static_cast<decltype(x)>(by.value) * x; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {by.value * dy}; }
  Rounded by;
};

std::function<Tensor(const Tensors&)> scaled(double by) {
  return [by](const Tensors& x) { return make<Scaled>({x[0]}, by); };
}

/// 2 x, said to move elements only.
struct Moving final : Doubled {
  bool only_moves() const override { return true; }
};

/// The first element of each row, said to lie elsewhere.
struct First final : Op {
  std::string_view name() const override { return "first"; }
  Takes takes() const override { return {.operands = 1}; }
  Specs infer(std::span<const Spec> in) const override { return {{in[0].dtype, {in[0].shape[0]}}}; }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    const std::size_t size = size_of(in[0].spec.dtype);
    const auto columns = static_cast<std::size_t>(in[0].shape().back());
    const auto* from = static_cast<const std::byte*>(in[0].data);
    auto* to = static_cast<std::byte*>(out[0].data);
    for (std::size_t row = 0; row < static_cast<std::size_t>(in[0].shape()[0]) && columns > 0; ++row)
      std::memcpy(to + row * size, from + row * columns * size, size);
  }
  std::optional<Window> window_in_input(const Spec&) const override { return Window{1, 0}; }
};

/// Rows repeated so often, a number that its members do not tell: it fits into padding.
struct Repeated final : Op {
  Repeated(int axis, int times) : axis(axis), times(times) {}
  std::string_view name() const override { return "repeated"; }
  Takes takes() const override { return {.operands = 1}; }
  void members(Attributes& a) const override { a("axis", axis); }
  Specs infer(std::span<const Spec> in) const override {
    return {{in[0].dtype, in[0].shape.with(0, in[0].shape[0] * times)}};
  }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    for (int i = 0; i < times && in[0].size() > 0; ++i)
      std::memcpy(static_cast<std::byte*>(out[0].data) + static_cast<std::size_t>(i) * in[0].spec.bytes(),
                  in[0].data, in[0].spec.bytes());
  }
  int axis;
  int times;
};

/// The identity and 2 x, computed in the memory of the operand.
struct InPlace final : Doubled {
  Specs infer(std::span<const Spec> in) const override { return {in[0], in[0]}; }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    if (out[1].data != nullptr) Doubled::run(in, out.subspan(1));
    if (out[0].data != nullptr && out[0].data != in[0].data)
      std::memcpy(out[0].data, in[0].data, in[0].spec.bytes());
  }
  bool in_place() const override { return true; }
};

/// Takes what is sorted only, and throws what is no Error.
struct Sorted : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if (!std::is_sorted(in[0].as<T>(), in[0].as<T>() + in[0].size()))
        throw std::runtime_error("not sorted");
    });
    Doubled::run(in, out);
  }
};
struct SaidToTakeAll final : Sorted {
  bool may_throw(std::span<const Spec>) const override { return false; }
};

/// Made of two of its own.
struct Doubling final : Doubled {
  Tensors decompose(const Tensors& x) const override {
    return {make<Doubling>(x[0] * 0.5) + make<Doubling>(x[0] * 0.5)};
  }
};

struct NoOutput final : Doubled {
  Specs infer(std::span<const Spec>) const override { return {}; }
};

struct Foreign final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView>) const override {
    static_cast<void>(std::vector<int>().at(in.size()));
  }
};

/// Reads float32 whatever the dtype is.
struct Narrow final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    compute(in[0].as<float>(), out[0].as<float>(), in[0].size());
  }
};

/// Each row depends on the one before, and says that rows do not.
struct Rows : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      for (Index i = 0; i < in[0].size(); ++i)
        out[0].as<T>()[i] = 2 * in[0].as<T>()[i] + (i < 2 ? 0 : in[0].as<T>()[i - 2]);
    });
  }
  bool works_by_rows(std::span<const Spec>, const std::vector<bool>&) const override { return true; }
};

/// The same of the first of six operands.
struct OfSix final : Rows {
  Takes takes() const override { return {.operands = 6, .domain = Domain::floating}; }
};

/// Time in another place.
struct Elsewhere final : Doubled {
  Tensors at_all_steps(const Tensors& x, const std::vector<bool>&) const override {
    return {2 * reshape(x[0], {x[0].size()})};
  }
};

/// 2 x, which programs are told is 3 x.
struct Retold final : Doubled {
  Tensors decompose(const Tensors& x) const override { return {3 * x[0]}; }
};

}  // namespace

TEST_CASE("check_op finds ops that are taken for each other") {
  finds<Doubled>("two ops 'scaled' (by=0.000000) of f64[3, 2] have equal attributes() and compute", {rows()},
                 {.others = {scaled(1e-7), scaled(2e-7)}});
  check_refused([&] { check_op(scaled(1e-7), {rows()}, {.others = {scaled(2e-7)}}); },
                "so programs would keep one of them; list every member in members()");
  check_op(scaled(0.5), {rows()}, {.others = {scaled(0.25)}});
  const auto repeated = [](int times) {
    return [times](const Tensors& x) { return make<Repeated>({x[0]}, 0, times); };
  };
  check_refused(
      [&] { check_op(repeated(2), {rows()}, {.others = {repeated(30)}, .gradient = false}); },
      "two ops 'repeated' (axis=0) of f64[3, 2] have equal attributes() and outputs of other shapes");
}

TEST_CASE("check_op finds answers to the compiler that are wrong") {
  finds<Moving>("says that elements are moved only, and 2 at [0, 1] of output 0 is none of the inputs'");
  check_refused([] { check_op(called<First>, {rows()}, {.gradient = false}); },
                "window_in_input of 'first' of f64[3, 2] says that f64[3] lies in f64[3, 2]");
  finds<Rows>("works_by_rows of 'doubled' of f64[3, 2] gives");
  finds<OfSix>("works_by_rows of 'doubled' of", Tensors(6, rows()), {.gradient = false});
  check_op(called<InPlace>, {rows()}, {.gradient = false});
  finds<Doubling>("an op must decompose into simpler ops: got 'doubled' again");
  finds<Retold>("decompose of 'doubled' of f64[3, 2] gives 1.5 at [0, 0] of output 0 where run gives 1");
  finds<Elsewhere>("at_all_steps of 'doubled' of f64[3, 2] gives f64[18] where f64[3, 3, 2] is meant");
}

TEST_CASE("check_op knows ops that refuse their elements in other places") {
  const Tensor sorted = tensor({1.0, 2.0, 3.0});
  CHECK(check_op(called<Sorted>, {sorted}).first == 9);
  finds<SaidToTakeAll>("for its elements in other places, though its may_throw is false", {sorted});
}

TEST_CASE("check_op passes on what is found at once") {
  finds<NoOutput>("[doubled] infer gives one spec per output: got none");
  finds<Foreign>("[check_op] in doubled: an op throws sluice::Error: got another exception in run");
  finds<Narrow>("[check_op] in as: elements are asked for as what they are: got f32 for elements of f64");
}
