#pragma once

#include <sluice/graph/attributes.h>
#include <sluice/graph/shape.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {

class Tensor;
class Graph;
using Tensors = std::vector<Tensor>;
using Specs = std::vector<Spec>;

/// Memory an op reads: dense, row-major elements of a dtype.
struct View {
  Spec spec;
  const void* data = nullptr;

  const Shape& shape() const { return spec.shape; }
  Index size() const { return spec.shape.size(); }
  /// The elements. Throws Error unless T is the C++ type of the dtype (see with_type).
  template <class T>
  const T* as() const {
    detail::require_type(dtype_of<T>, spec.dtype);
    return static_cast<const T*>(data);
  }
};

/// Memory an op writes.
struct MutableView {
  Spec spec;
  void* data = nullptr;  ///< null if the output is not read and need not be computed

  const Shape& shape() const { return spec.shape; }
  Index size() const { return spec.shape.size(); }
  template <class T>
  T* as() const {
    detail::require_type(dtype_of<T>, spec.dtype);
    return static_cast<T*>(data);
  }
};

/// Memory for intermediate results of run, for ops that need more than a few kilobytes.
struct WorkMemory {
  void* data = nullptr;  ///< aligned to 64 bytes; null where work_bytes() is 0
  int workers = 1;       ///< number of threads that may use parts of it concurrently
};

/// Where the elements of one tensor lie among those of a larger one: a view. Both are seen as rows of their
/// last axis; row r of the part begins `offset + r * row_stride` elements after the start of the whole.
struct Window {
  Index offset = 0;
  Index row_stride = 0;
};

/// What an op takes: checked when a node is made, before infer, which may rely on it.
struct Takes {
  static constexpr std::size_t any_number = static_cast<std::size_t>(-1);

  std::size_t operands = any_number;
  Domain domain = Domain::any;  ///< of each operand
  bool equal_dtypes = false;    ///< whether all operands have the dtype of the first
};

/// The computation of a node. Authors of ops override name, infer, run and gradient. An op is immutable,
/// holds its attributes as members and is shared by nodes; it must be pure: the same inputs give the same
/// outputs. Elementwise functions derive from Elementwise (ops/elementwise.h), which is shorter.
class Op {
 public:
  virtual ~Op() = default;

  /// The name in prints and errors: "matmul".
  virtual std::string_view name() const = 0;

  /// Lists all members in the order of their declaration: `a("shift", shift_), a("low", low_);`. Two ops of
  /// one class with the same members are the same op. An op with members overrides this itself, or make()
  /// does not compile: an override of a base class does not know the members of a derived one. For an op with
  /// a body(), which is never taken for another, these are the members that are printed.
  virtual void members(Attributes& a) const;

  /// The members as text, "axis=1, keep=true": what is printed, compared and hashed. Nobody overrides it, so
  /// that the text tells different members apart.
  virtual std::string attributes() const final;

  /// What the op takes, in one line: `return {.operands = 2, .domain = Domain::floating};`. Operands that
  /// do not fit are refused with an Error that names the op. Any number of any dtype by default.
  virtual Takes takes() const { return {}; }

  /// The shape rule: the specs of the outputs for these inputs. Pure. Throws ShapeError that names the op,
  /// the rule and the shapes; it runs when the node is built, so the error carries the user's line.
  virtual Specs infer(std::span<const Spec> inputs) const = 0;

  /// Computes the outputs from the inputs. Memory is dense; an output overlaps an input only if in_place().
  /// May throw Error for values that break the op's rule, such as an index out of range; see may_throw.
  virtual void run(std::span<const View> inputs, std::span<const MutableView> outputs) const = 0;

  /// The same with memory from the caller: work_bytes() of it, from the heap in the interpreter and from the
  /// memory plan in a compiled program, whose runs allocate nothing and need little stack. An op that needs
  /// none overrides neither.
  virtual void run_in(const WorkMemory& memory, std::span<const View> inputs,
                      std::span<const MutableView> outputs) const;
  /// The number of bytes that run_in() needs for these inputs and this number of workers.
  virtual std::size_t work_bytes(std::span<const Spec> inputs, int workers) const;

  /// For ops of one output: the gradient of a scalar with respect to each input, given y = op(y.input(0),
  /// ...) and dy, the gradient with respect to y. Made of ops, so that it can be differentiated again. An
  /// undefined Tensor stands for zero. The entry of an input that was broadcast may have the shape of y: the
  /// caller sums it down.
  virtual Tensors gradient(const Tensor& y, const Tensor& dy) const;

  /// The same for any number of outputs. An entry of `dys` is undefined if that output has no gradient; at
  /// least one is defined. `wanted` says which inputs need theirs; the others may be left undefined. Calls
  /// gradient() by default.
  virtual Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const;

  /// True if no gradient flows through the op: to a gradient, its outputs are constants.
  virtual bool stops_gradients() const { return false; }

  /// @name Zeros of elements that were not selected
  /// An element that where, max or relu did not select has a gradient of exactly zero. It must stay zero
  /// further down, where a slope may be infinite or NaN: in the gradients of everything below such an op,
  /// products and quotients are replaced by keeping_zeros().
  /// @{

  /// True if the op selects among elements: those not selected have a gradient of exactly zero.
  virtual bool chooses(std::span<const Spec> inputs) const;

  /// The same op, linear in input i, except that zeros of that input stay zero whatever the other inputs are.
  /// Undefined, the default, if the op needs no such form.
  virtual Tensor keeping_zeros(const Tensors& inputs, std::size_t i) const;
  /// @}

  /// Whether run accepts outputs[0] in the memory of an input with the same Spec.
  virtual bool in_place() const { return false; }

  /// The graph that the op holds: the body that a scan runs, the gradient of a custom_gradient. Null for
  /// every other op. For printing and the compiler; two ops that hold graphs are never taken for the same.
  virtual const Graph* body() const { return nullptr; }

  /// @name What the compiler asks of an op
  /// With these defaults an op is always correct, and computed where it stands. An op that answers may be
  /// hoisted out of loops, divided over threads, and read or written without a copy. The answers are about
  /// values and memory, so no pass needs to know which ops exist.
  /// @{

  /// The outputs, computed by other ops, for an op that is a name, or a gradient, for something made of them
  /// (ops/formula.h). Programs hold those ops in place of this one, so they are fused like any others; run()
  /// computes the same. Empty, the default, for an op that computes in run().
  virtual Tensors decompose(const Tensors& inputs) const;

  /// The op at all steps of a sequence at once. If over_time[i], inputs[i] has time as an additional axis 0;
  /// the other inputs are the same at every step; at least one is over time. Returns the outputs with time as
  /// axis 0, made of ops: the same values as step by step. Empty if the op cannot do this.
  virtual Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const;

  /// The sum over all steps of the result of at_all_steps, for an op of one output, if it can be computed
  /// without materialising all terms: the sum of a_t^T b_t is one matmul with a larger inner dimension.
  /// Undefined otherwise.
  virtual Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const;

  /// True if row r (along axis 0) of every output depends only on row r of the inputs marked in by_rows, and
  /// on all of the other inputs; run must then accept a range of rows of those inputs and of the outputs. An
  /// output has as many rows as a marked input.
  virtual bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const;

  /// Whether run may throw for inputs of these specs. An op that answers false may be dropped if its value
  /// turns out not to matter; one that may throw stays, so that a compiled function throws whenever the
  /// interpreter does.
  virtual bool may_throw(std::span<const Spec> inputs) const;

  /// Whether run calls a function of the user that is to see every computation of the op once, as that of a
  /// tap, or of a loop around one. Passes neither move nor repeat such an op. It may throw, too.
  virtual bool is_observed() const { return false; }

  /// For an op that exists for its gradient alone: the input that this output equals, bit for bit.
  /// Programs, which are not differentiated, leave such an op out.
  virtual std::optional<std::size_t> same_as_input(std::size_t output) const;

  /// Whether the outputs hold elements of the inputs unchanged: cheaper to recompute than to store.
  virtual bool only_moves() const { return false; }

  /// For an op of one input whose output is a view of the input.
  virtual std::optional<Window> window_in_input(const Spec& input) const;

  /// For an op whose input i is a view of the output.
  virtual std::optional<Window> window_in_output(std::span<const Spec> inputs, std::size_t i) const;
  /// @}
};

namespace detail {

/// The class that a pointer to members() belongs to: the last one that overrides it.
template <class Owner>
std::type_identity<Owner> class_of(void (Owner::*)(Attributes&) const);

/// Whether members() covers all members of class O: the class that overrides it is no smaller than O, so O
/// has no members beyond its own, except any that fit into padding. True where that cannot be determined: for
/// a base class, which stands for any op, and for a private override.
template <class O>
constexpr bool lists_members() {
  if constexpr (std::is_abstract_v<O>) {  // NOLINT(bugprone-branch-clone): see above
    return true;
  } else if constexpr (requires { class_of(&O::members); }) {
    return sizeof(O) == sizeof(typename decltype(class_of(&O::members))::type);
  } else {
    return true;
  }
}

/// Throws Error unless the members that the op lists fill its class of `size` bytes.
void require_all_members(const Op& op, std::size_t size, Location where);

template <class O>
void require_members(const O& op, Location where) {
  static_assert(lists_members<O>(),
                "an op with members must override members() and list them: of ops of one class with the same "
                "members only one is computed");
  if constexpr (requires { class_of(&O::members); }) {
    using Owner = typename decltype(class_of(&O::members))::type;
    if constexpr (!std::is_same_v<Owner, Op>) require_all_members(op, sizeof(O), where);
  }
}

}  // namespace detail

}  // namespace sluice
