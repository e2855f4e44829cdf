#pragma once

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
  /// The elements; T must be the C++ type of the dtype (see with_type).
  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};

/// Memory an op writes.
struct MutableView {
  Spec spec;
  void* data = nullptr;  ///< null where nobody reads this output and it need not be computed

  const Shape& shape() const { return spec.shape; }
  Index size() const { return spec.shape.size(); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

/// Memory that an op works in while it runs, for ops that need more than a few kilobytes.
struct WorkMemory {
  void* data = nullptr;  ///< aligned to 64 bytes; null where work_bytes() is 0
  int workers = 1;       ///< how many threads may use some of it at a time
};

/// Where the elements of one tensor lie among those of a larger one: both are seen as rows of their last
/// axis, and row r of the part begins `offset + r * row_stride` elements behind the start of the whole.
struct Window {
  Index offset = 0;
  Index row_stride = 0;
};

/// What a node of the graph does. This is the page for authors of ops: override name, infer, run and
/// gradient. An op is immutable, holds its attributes as members and is shared by nodes; it must be pure: the
/// same inputs give the same outputs. Elementwise functions derive from Elementwise (ops/elementwise.h),
/// which is shorter.
class Op {
 public:
  virtual ~Op() = default;

  /// What the op is called in prints and errors: "matmul".
  virtual std::string_view name() const = 0;

  /// The attributes as text: "axis=1". Two ops of one class with equal text must do the same: the text is
  /// printed, compared and hashed alike. An op with members must override it, or does not compile where it is
  /// made: its class itself, for a base class does not know the members of those that derive from it.
  virtual std::string attributes() const { return {}; }

  /// The shape rule: what the outputs look like for these inputs. Pure. Throws ShapeError that names the op,
  /// the rule and the shapes; it runs when the node is built, so the error carries the user's line.
  virtual Specs infer(std::span<const Spec> inputs) const = 0;

  /// Computes the outputs from the inputs. Memory is dense; an output never overlaps an input, unless
  /// in_place(). May throw Error for values that break the op's rule, such as an index out of range; see
  /// may_throw.
  virtual void run(std::span<const View> inputs, std::span<const MutableView> outputs) const = 0;

  /// The same in memory from outside. What work_bytes() asks for comes from the heap in an interpreted
  /// function, and from the plan of memory in a compiled one, whose run allocates nothing and needs little of
  /// the stack. An op that needs none leaves these two alone.
  virtual void run_in(const WorkMemory& memory, std::span<const View> inputs,
                      std::span<const MutableView> outputs) const;
  /// How many bytes run_in() needs for these inputs and so many workers.
  virtual std::size_t work_bytes(std::span<const Spec> inputs, int workers) const;

  /// For ops of one output: the gradient of a scalar with respect to each input, given y = op(y.input(0),
  /// ...) and dy, the gradient with respect to y. Made of ops, so that it can be differentiated again. An
  /// undefined Tensor stands for zero. An entry may have the shape of y where its input was broadcast: the
  /// caller sums it down.
  virtual Tensors gradient(const Tensor& y, const Tensor& dy) const;

  /// The same for any number of outputs; entries of `dys` are undefined where that output has no gradient, at
  /// least one is defined. `wanted` tells which inputs need theirs; the others may be left undefined. Calls
  /// gradient() by default.
  virtual Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const;

  /// @name Zeros of what was not chosen
  /// The gradient of an element that where, max or relu did not choose is exactly zero. It stays zero further
  /// down, where a slope may be infinite or NaN: products and quotients in the gradients of what lies below such
  /// an op take the form that keeping_zeros gives.
  /// @{

  /// Whether the op chooses among elements: the gradient of those that it does not choose is exactly zero.
  virtual bool chooses() const { return false; }

  /// The op of these inputs, linear in input i, with zeros of that input kept: 0 where it is, whatever the others
  /// are. Undefined, the default, where an op has no such form, or keeps them anyway.
  virtual Tensor keeping_zeros(const Tensors& inputs, std::size_t i) const;
  /// @}

  /// Whether run may be given outputs[0] in the memory of an input with the same Spec.
  virtual bool in_place() const { return false; }

  /// The graph that the op runs inside itself (the body of a scan); null for every other op. For printing and
  /// for the compiler.
  virtual const Graph* body() const { return nullptr; }

  /// @name What the compiler asks of an op
  /// With these defaults an op is always computed, correctly, where it stands. An op that answers may be
  /// moved out of loops, divided over threads, and read or written without a copy. The answers are about
  /// values and places in memory, so no pass needs to know which ops there are.
  /// @{

  /// The op at all steps of a sequence at once. Where over_time[i], inputs[i] has time as an additional axis
  /// 0; the other inputs are the same at every step; at least one is over time. Returns the outputs with time
  /// as axis 0, made of ops: the same values as the op done step by step. Empty where the op cannot do this.
  virtual Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const;

  /// The sum over all steps of what at_all_steps gives for an op of one output, where there is a way that
  /// does not hold all its terms at a time: of products a_t^T b_t, one product with a longer inner length.
  /// Undefined where there is none.
  virtual Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const;

  /// Whether row r of each output (along its axis 0) depends only on row r of the inputs marked in by_rows
  /// and on all of the other inputs, and run() may be given views of a range of rows of those inputs and of
  /// the outputs. An output then has as many rows as a marked input.
  virtual bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const;

  /// Whether run may throw for inputs of these specs. An op that answers false may be dropped where its value
  /// turns out not to matter; one that may throw stays, so that a compiled function throws where the
  /// interpreter does.
  virtual bool may_throw(std::span<const Spec> inputs) const;

  /// Whether the outputs hold elements of the inputs as they are: cheaper to do again than to keep.
  virtual bool only_moves() const { return false; }

  /// For an op of one input whose output already lies in the input's memory: where.
  virtual std::optional<Window> window_in_input(const Spec& input) const;

  /// For an op whose input i lies in the output's memory as it is: where.
  virtual std::optional<Window> window_in_output(std::span<const Spec> inputs, std::size_t i) const;
  /// @}
};

namespace detail {

/// The class that a pointer to attributes() belongs to: the last one that overrides it.
template <class Owner>
std::type_identity<Owner> class_of(std::string (Owner::*)() const);

/// Whether attributes() can tell all there is to an op of class O: the class that overrides it is no smaller
/// than O, so O has no members beside those, but for what fits into padding. True where nobody can know: for
/// a base class, which stands for any op, and for an override that is private.
template <class O>
constexpr bool attributes_tell_members() {
  if constexpr (std::is_abstract_v<O>) {  // NOLINT(bugprone-branch-clone): see above
    return true;
  } else if constexpr (requires { class_of(&O::attributes); }) {
    return sizeof(O) == sizeof(typename decltype(class_of(&O::attributes))::type);
  } else {
    return true;
  }
}

template <class O>
constexpr void require_attributes() {
  static_assert(attributes_tell_members<O>(),
                "an op with members must override attributes() and tell them there: of ops of one class with "
                "the same text only one is computed");
}

}  // namespace detail

}  // namespace sluice
