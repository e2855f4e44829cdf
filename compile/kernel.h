#pragma once

#include <sluice/compile/profile.h>
#include <sluice/graph/tensor.h>

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A value of a schedule: its spec and the location of its bytes.
struct Value {
  enum class Home {
    arena,  ///< at an offset of its schedule's arena
    fixed,  ///< in permanent memory: constants and Variables
    bound,  ///< wherever the caller of run() has put it: inputs and outputs
    part    ///< a view of another value: a slice, an input of a concat
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr Index most_rows = std::numeric_limits<Index>::max();

  Spec spec;
  Home home = Home::bound;
  std::size_t offset = 0;    ///< bytes from the start of the arena, or of the whole
  std::size_t whole = none;  ///< of a part: the value that contains it, which is not a part itself
  std::byte* fixed = nullptr;
  std::size_t memory = none;      ///< identifies the memory of inputs and outputs that may share it
  std::size_t memory_offset = 0;  ///< bytes from its start
  Index row_stride = 0;           ///< elements between the starts of two rows; a row is the last axis
  /// Not in a near cache when a kernel reads it: large, or at another address at every step of a loop.
  bool far = false;
  std::shared_ptr<const Node> node;  ///< that computes it, if there is one
  std::string_view role;             ///< of memory that belongs to no node: "packed weights"

  Index columns() const { return spec.shape.rank() == 0 ? 1 : spec.shape.back(); }
  Index rows() const { return columns() == 0 ? 0 : spec.shape.size() / columns(); }
  bool dense() const { return rows() <= 1 || row_stride == columns(); }
};

/// The address of every value of a schedule, indexed by its number.
using Addresses = std::vector<std::byte*>;

/// One step of a program: computes values from others. Shapes and strides are fixed when it is made;
/// addresses are passed to every run.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Tells the kernel final addresses: every later run is given these.
  virtual void bind(const Addresses& at) { static_cast<void>(at); }

  /// Allocates nothing. Throws what an op throws, with the line that built its node.
  virtual void run(const Addresses& at) = 0;

  /// Whether a value that it writes may share the memory of a value of the same Spec that it reads.
  virtual bool may_overwrite(std::size_t read, std::size_t written) const {
    static_cast<void>(read), static_cast<void>(written);
    return false;
  }
  virtual bool may_throw() const { return true; }

  virtual std::string name() const = 0;     ///< "tanh", "elementwise", "product"
  virtual std::string details() const = 0;  ///< printed by print() after the operands
  virtual double flops() const { return 0; }

  /// For kernels made of kernels: starts or stops measuring times; and adds the times measured, given that
  /// the kernel itself ran `calls` times.
  virtual void set_profiling(bool on) { static_cast<void>(on); }
  virtual void add_lines(Profile& profile, int depth, double calls) const {
    static_cast<void>(profile), static_cast<void>(depth), static_cast<void>(calls);
  }

  std::vector<std::size_t> reads;
  std::vector<std::size_t> writes;       ///< none() for outputs that are not read
  std::vector<std::size_t> temporaries;  ///< work memory while it runs
};

using Kernels = std::vector<std::unique_ptr<Kernel>>;

}  // namespace sluice
