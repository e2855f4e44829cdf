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

/// A value of a schedule: what it looks like, and where its bytes are.
struct Value {
  enum class Home {
    arena,  ///< at an offset of the block its schedule is given to work in
    fixed,  ///< in memory of its own for ever: constants and Variables
    bound,  ///< wherever the caller of run() has put it: inputs and outputs
    part    ///< among the elements of another value: a slice, an input of a concat
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr Index most_rows = std::numeric_limits<Index>::max();

  Spec spec;
  Home home = Home::bound;
  std::size_t offset = 0;    ///< bytes from the start of the arena, or of the whole
  std::size_t whole = none;  ///< of a part: the value it lies in, which is no part itself
  std::byte* fixed = nullptr;
  std::size_t memory = none;      ///< of inputs and outputs that may share it: equal for those that do
  std::size_t memory_offset = 0;  ///< bytes from its start
  Index row_stride = 0;           ///< elements between the starts of two rows; a row is the last axis
  /// Not in a near cache when a kernel needs it: large, or elsewhere at every step of a loop.
  bool far = false;
  std::shared_ptr<const Node> node;  ///< that computes it, where one does
  std::string_view role;             ///< of memory that is no node's: "packed weights"

  Index columns() const { return spec.shape.rank() == 0 ? 1 : spec.shape.back(); }
  Index rows() const { return columns() == 0 ? 0 : spec.shape.size() / columns(); }
  bool dense() const { return rows() <= 1 || row_stride == columns(); }
};

/// The address of every value of a schedule, by its number.
using Addresses = std::vector<std::byte*>;

/// One step of a program: it computes some values from others. What it needs to know of them (shapes,
/// strides) it has been told when it was made; where they are it is told at every run.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// To be told where the values are for good: every run from now on is given these addresses.
  virtual void bind(const Addresses& at) { static_cast<void>(at); }

  /// Allocates nothing. Throws what an op throws, with the line that built its node.
  virtual void run(const Addresses& at) = 0;

  /// Whether a value that it writes may have the memory of a value of the same Spec that it reads.
  virtual bool may_overwrite(std::size_t read, std::size_t written) const {
    static_cast<void>(read), static_cast<void>(written);
    return false;
  }
  virtual bool may_throw() const { return true; }

  virtual std::string name() const = 0;     ///< "tanh", "elementwise", "product"
  virtual std::string details() const = 0;  ///< what print() shows behind the operands
  virtual double flops() const { return 0; }

  /// For kernels made of kernels: begins or ends taking their times; and the times taken, where the kernel
  /// itself has run `calls` times.
  virtual void set_profiling(bool on) { static_cast<void>(on); }
  virtual void add_lines(Profile& profile, int depth, double calls) const {
    static_cast<void>(profile), static_cast<void>(depth), static_cast<void>(calls);
  }

  std::vector<std::size_t> reads;
  std::vector<std::size_t> writes;       ///< none() where nobody reads an output
  std::vector<std::size_t> temporaries;  ///< memory that it needs for itself while it runs
};

using Kernels = std::vector<std::unique_ptr<Kernel>>;

}  // namespace sluice
