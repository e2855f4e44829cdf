#pragma once

#include <sluice/graph/op.h>
#include <sluice/graph/tensor.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sluice {

/// An op that computes each element of its output from the elements of its operands at the same index.
/// Operands broadcast by NumPy's rule. This class does everything but the arithmetic; authors use Elementwise
/// below.
class ElementwiseOp : public Op {
 public:
  static constexpr int max_operands = 4;

  Takes takes() const final { return {.operands = static_cast<std::size_t>(operand_count())}; }

  /// The operands' broadcast shape and result_dtype. Throws ShapeError if shapes do not broadcast, dtypes
  /// differ or are not those of leading_dtypes, or the op does not take them.
  Specs infer(std::span<const Spec> inputs) const override;

  /// Calls tile on runs as long as the operands' shapes allow; large outputs are divided over threads.
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const final;

  bool in_place() const final { return true; }

  /// True if every operand with rows is marked in by_rows.
  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const final;

  /// The arithmetic: computes n elements of the output; operand i advances by strides[i] elements, 0 (one
  /// value for all) or 1. `dtype` is the dtype of the last operand. The output may be the memory of an
  /// operand with stride 1. Fused programs call only this function, so the result for an element must not
  /// depend on n or on its position.
  virtual void tile(const void* const* inputs, const Index* strides, void* output, Index n,
                    DType dtype) const = 0;

 protected:
  virtual int operand_count() const = 0;
  virtual Domain operand_domain() const = 0;
  virtual DType result_dtype(DType operands) const = 0;
  /// Those of the first operands, if they differ from the dtype that the others share.
  virtual std::span<const DType> leading_dtypes() const { return {}; }

  /// The parts of infer, for ops whose operands differ in dtype.
  void require_in_domain(const Spec& operand) const;
  void require_equal_dtypes(const Spec& a, const Spec& b) const;
  Shape broadcast_all(std::span<const Spec> inputs) const;
};

/// The base of an elementwise op with N operands. A complete op, which fuses like the built-in ones:
///
///     struct Softsign : sluice::Elementwise<Softsign, 1> {
///       static constexpr std::string_view id = "softsign";
///       static auto value(auto x) { return x / (1 + std::abs(x)); }
///       sluice::Tensors gradient(const sluice::Tensor& y, const sluice::Tensor& dy) const override {
///         return {dy / square(1 + abs(y.input(0)))};
///       }
///     };
///
/// * `id` is the name in prints and errors.
/// * `value` is called with N numbers of one type, float or double by default. It returns that type (other
///   numbers are converted), or bool or std::int32_t for an output of that dtype. Write std::abs, std::exp:
///   without std:: a C function may be called. It may be a const member that uses attributes of the op; then
///   override members() too.
/// * `domain`, e.g. `static constexpr Domain domain = Domain::numeric;`, admits other dtypes.
/// * `leading`, e.g. `static constexpr std::array leading = {DType::boolean};`, are the dtypes of the first
///   operands, and of the first arguments of `value`, if they differ from the one that the others share.
/// * exp, log and the like are faster in a Formula (ops/formula.h), which runs the library's kernels.
/// * `loop(x, y, n)`, or `loop(a, stride_a, b, stride_b, y, n)` for two operands, instead of `value` or in
///   addition, computes n elements at once for the pointer types it accepts; strides are 0 or 1, and y may
///   be an operand.
template <class Self, int N>
class Elementwise : public ElementwiseOp {
  static_assert(N >= 1 && N <= max_operands,
                "Elementwise<Self, N> has one to four operands: compose several ops, or derive from Op");

 public:
  static constexpr Domain domain = Domain::floating;

  std::string_view name() const override { return Self::id; }

  void tile(const void* const* inputs, const Index* strides, void* output, Index n, DType dtype) const final {
    with_type(dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (accepts<T>()) compute<T>(inputs, strides, output, n);
    });
  }

 protected:
  int operand_count() const final { return N; }
  Domain operand_domain() const final {
    static_assert(
        computes<float>() && computes<double>() && computes<std::int32_t>() && computes<bool>(),
        "Elementwise<Self, N> calls value with N numbers, of one type but for leading ones: `static auto "
        "value(auto x)`, or a const member, `auto value(auto x) const`");
    return Self::domain;
  }
  std::span<const DType> leading_dtypes() const final {
    if constexpr (leading_count() > 0) return Self::leading;
    return {};
  }
  DType result_dtype(DType operands) const final {
    return with_type(operands, [](auto type) {
      if constexpr (accepts<decltype(type)>()) return dtype_of<Result<decltype(type)>>;
      return DType::boolean;  // unreachable: infer refuses this dtype
    });
  }

 private:
  template <class T>
  static constexpr bool accepts() {
    if (Self::domain == Domain::any) return true;
    if (Self::domain == Domain::boolean) return std::is_same_v<T, bool>;
    return std::is_floating_point_v<T> || (Self::domain == Domain::numeric && !std::is_same_v<T, bool>);
  }

  template <class T>
  static constexpr bool has_loop() {
    if constexpr (leading_count() > 0 || N > 2) {
      return false;
    } else if constexpr (N == 1) {
      return requires(const Self& op, const T* x, T* y) { op.loop(x, y, std::size_t{}); };
    } else {
      return requires(const Self& op, const T* x, T* y) {
        op.loop(x, Index{}, x, Index{}, y, std::size_t{});
      };
    }
  }

  static constexpr std::size_t leading_count() {
    if constexpr (requires { Self::leading.size(); }) {
      static_assert(Self::leading.size() < N,
                    "Elementwise<Self, N>: at least the last operand is not leading");
      return Self::leading.size();
    } else {
      return 0;
    }
  }

  /// The type of operand i, where those that are not leading have type T.
  template <class T, std::size_t i>
  static auto operand_type() {
    if constexpr (i >= leading_count()) {
      return T{};
    } else if constexpr (Self::leading[i] == DType::boolean) {
      return bool{};
    } else if constexpr (Self::leading[i] == DType::int32) {
      return std::int32_t{};
    } else {
      return std::conditional_t<Self::leading[i] == DType::float64, double, float>{};
    }
  }
  template <class T, std::size_t i>
  using OperandType = decltype(operand_type<T, i>());

  template <class T, std::size_t... I>
  static constexpr bool has_value(std::index_sequence<I...>) {
    return requires(const Self& op) { op.value(OperandType<T, I>{}...); };
  }

  template <class T>
  static constexpr bool computes() {
    if constexpr (!accepts<T>() || has_loop<T>()) {
      return true;  // value is not looked at: it may make no sense for other types
    } else {
      return has_value<T>(std::make_index_sequence<N>());
    }
  }

  template <class T, std::size_t... I>
  static auto result_of(std::index_sequence<I...> all) {
    if constexpr (has_loop<T>() || !has_value<T>(all)) {  // where there is neither, operand_domain says so
      return T{};
    } else {
      using V = decltype(std::declval<const Self&>().value(OperandType<T, I>{}...));
      constexpr bool is_of_its_own = std::is_same_v<V, bool> || std::is_same_v<V, std::int32_t>;
      return std::conditional_t<is_of_its_own, V, T>{};
    }
  }
  template <class T>
  using Result = decltype(result_of<T>(std::make_index_sequence<N>()));

  template <class T>
  void compute(const void* const* inputs, const Index* strides, void* output, Index n) const {
    const auto x = [&](std::size_t i) { return static_cast<const T*>(inputs[i]); };
    auto* y = static_cast<Result<T>*>(output);
    if (n <= 0) return;
    if (std::all_of(strides, strides + N, [](Index stride) { return stride == 0; })) {
      // The same value everywhere.
      const Index ones[max_operands] = {1, 1, 1, 1};
      if (n > 1) {
        compute<T>(inputs, ones, output, 1);
        std::fill(y + 1, y + n, y[0]);
        return;
      }
    }
    if constexpr (N == 1 && has_loop<T>()) {
      self().loop(x(0), y, static_cast<std::size_t>(n));
    } else if constexpr (N == 2 && has_loop<T>()) {
      self().loop(x(0), strides[0], x(1), strides[1], y, static_cast<std::size_t>(n));
    } else if constexpr (has_value<T>(std::make_index_sequence<N>())) {
      with_pattern<T, 0>(inputs, strides, y, n);
    }
  }

  /// Turns strides, one by one, into bits of a template argument, so that every pattern gets its own loop.
  template <class T, unsigned pattern, std::size_t known = 0>
  void with_pattern(const void* const* inputs, const Index* strides, Result<T>* y, Index n) const {
    if constexpr (known == N) {
      pattern_loop<T, pattern>(inputs, y, n, std::make_index_sequence<N>());
    } else if (strides[known] != 0) {
      with_pattern<T, pattern | 1u << known, known + 1>(inputs, strides, y, n);
    } else {
      with_pattern<T, pattern, known + 1>(inputs, strides, y, n);
    }
  }

  template <class T, unsigned pattern, std::size_t... I>
  void pattern_loop(const void* const* inputs, Result<T>* y, Index n, std::index_sequence<I...>) const {
    const std::tuple x = {static_cast<const OperandType<T, I>*>(inputs[I])...};
    const std::tuple first = {*std::get<I>(x)...};  // read before y, which may be the same memory
    const Self& op = self();
#if !defined(__clang__)
#pragma GCC ivdep  // y may be an operand, but then every element is read before it is written
#endif
    for (Index i = 0; i < n; ++i) {
      y[i] = static_cast<Result<T>>(
          op.value(((pattern >> I & 1u) != 0 ? std::get<I>(x)[i] : std::get<I>(first))...));
    }
  }

  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace sluice
