#pragma once

#include <sluice/graph/op.h>
#include <sluice/graph/tensor.h>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice {

namespace detail {
class Scope;
}

/// An op whose value is computed by other ops. This class does everything but the formula; authors use
/// Formula below.
class FormulaOp : public Op {
 public:
  /// The specs that the formula gives. Throws what it throws, with the name of the op, and Error for a
  /// formula that uses anything but its operands and constants.
  Specs infer(std::span<const Spec> inputs) const final;

  /// Interprets the formula: the bits of the same ops outside of it.
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const final;

  /// The formula. Programs compute it in place of this op.
  Tensors decompose(const Tensors& inputs) const final;

  /// Whether an op of the formula may throw, or chooses.
  bool may_throw(std::span<const Spec> inputs) const override;
  bool chooses(std::span<const Spec> inputs) const override;

  /// The derivative of the formula.
  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override;

 protected:
  /// The formula of as many operands as takes() says.
  virtual Tensors results(const Tensors& operands) const = 0;

 private:
  /// The formula on placeholders of the scope.
  Graph recorded(std::span<const Spec> inputs, const detail::Scope& scope) const;
};

/// The base of an op with N operands whose value is a formula of ops. A complete op:
///
///     struct Softsign : sluice::Formula<Softsign, 1> {
///       static constexpr std::string_view id = "softsign";
///       static sluice::Tensor formula(const sluice::Tensor& x) { return x / (1 + abs(x)); }
///     };
///
/// A function of ops needs none of this. As an op it has a name in prints and errors, and may have a gradient
/// of its author's own; a program holds the ops of the formula in its place, so it is as fast as they are,
/// with the vectorised kernels of the library whatever the flags of the author's project.
///
/// * `id` is the name in prints and errors.
/// * `formula` is called with N Tensors, of any shapes and dtypes, and returns a Tensor, or Tensors for
///   several outputs: shapes, dtypes and errors are those of the ops it calls. It may be a const member that
///   uses attributes of the op; then override members() too.
/// * `domain`, e.g. `static constexpr Domain domain = Domain::floating;`, admits these dtypes only.
/// * `gradient` is the derivative of the formula; override it (gradients, for several outputs) for another, in
///   Self and not in a class derived from it.
///   An override that selects among elements where the formula does not says so with chooses().
///
/// An op is pure: the formula is made of its operands and of constants, and is recorded anew, any number of
/// times, wherever it is needed. Reading a Variable in it, or using another tensor from outside that is not a
/// constant, is an Error: pass it as an operand. A constant in it has no gradient.
template <class Self, int N>
class Formula : public FormulaOp {
  static_assert(N >= 1, "Formula<Self, N> has at least one operand: a formula of none is a constant");

 public:
  static constexpr Domain domain = Domain::any;

  std::string_view name() const override { return Self::id; }
  Takes takes() const final { return {.operands = N, .domain = Self::domain}; }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    // The type of the pointer tells the class that it belongs to.
    constexpr bool has_no_other = requires {
      requires std::is_same_v<decltype(&Self::gradient), decltype(&Op::gradient)>;
    };
    if (has_no_other) return FormulaOp::gradients(ys, dys, wanted);
    return Op::gradients(ys, dys, wanted);  // NOLINT(bugprone-parent-virtual-call): calls gradient
  }

 protected:
  Tensors results(const Tensors& operands) const final {
    return call(operands, std::make_index_sequence<static_cast<std::size_t>(N)>());
  }

 private:
  template <std::size_t... I>
  Tensors call(const Tensors& x, std::index_sequence<I...>) const {
    const Self& op = static_cast<const Self&>(*this);
    constexpr bool gives_one = requires {
      { op.formula(x[I]...) } -> std::convertible_to<Tensor>;
    };
    constexpr bool gives_several = requires {
      { op.formula(x[I]...) } -> std::convertible_to<Tensors>;
    };
    static_assert(gives_one || gives_several,
                  "Formula<Self, N> calls formula with N Tensors, and it returns a Tensor, or Tensors for "
                  "several outputs: `static Tensor formula(const Tensor& x)`, or a const member");
    if constexpr (gives_one) {
      return {op.formula(x[I]...)};
    } else if constexpr (gives_several) {
      return op.formula(x[I]...);
    } else {
      return {};
    }
  }
};

}  // namespace sluice
