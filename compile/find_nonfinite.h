#pragma once

#include <sluice/compile/program.h>

#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// A NaN or an infinity, and where it came from.
struct NonFinite {
  enum class Origin {
    argument,  ///< of the program
    variable,  ///< as it was when the run began
    op         ///< computed
  };

  Origin origin = Origin::op;
  std::size_t argument = 0;    ///< which one, counted from 0
  std::string op;              ///< the op's name, such as "log"
  std::string made;            ///< of a Variable: see Variable::text
  Location where;              ///< the line that built the op
  Spec spec;                   ///< of the tensor that holds it
  std::vector<Index> element;  ///< which of its elements is the first such one
  double value = 0;
  std::vector<Index> steps;     ///< of the scans that surround the op, outermost first
  std::vector<Location> scans;  ///< the lines of those scans

  /// "the first value that is not finite is NaN at [3, 5] of f32[16, 128], the result of 'log'
  /// (model.cpp:12), in step 37 of the scan (rnn.cpp:30)"
  std::string text() const;
};

/// Where a NaN or an infinity comes from: runs the graph of the program, as it was traced and one op at a
/// time, on these arguments and the Variables' values, and returns the first op that makes a NaN of operands
/// without one, or an infinity of finite operands; nothing if there is none. It looks at every step of every
/// scan, and at the gradients. An argument or a Variable that is not finite is returned before anything runs.
///
///     if (const auto found = find_nonfinite(*step.program(x, y), {x, y})) fmt::print("{}\n", found->text());
///
/// Infinite constants, such as those of a mask, are no fault. Values that are computed and then not selected,
/// by where for example, are looked at like all others. Changes no Variable, so call it before the run that
/// fails, or with the Variables as they were then. As slow as evaluate, and as large. Values that differ by
/// rounding from those of the compiled program may be finite here and not there. Taps are called.
///
/// Throws Error for a wrong number of arguments, ShapeError for wrong shapes or dtypes, and what the ops
/// throw.
std::optional<NonFinite> find_nonfinite(const Program& program, const Tensors& arguments,
                                        Location where = Location::current());

}  // namespace sluice
