#pragma once

#include <sluice/graph/dtype.h>
#include <sluice/graph/shape.h>

#include <string>
#include <vector>

namespace sluice::test {

struct Line;

/// Lines that are run one after the other, and the numbers of the values that they return.
struct Block {
  std::vector<Line> lines;
  std::vector<int> returns;
};

/// One line of a random function. What it takes are numbers of values that earlier lines gave. Where there is
/// no such value, because its line was dropped, an argument takes its place, so any part of a function is a
/// function.
struct Line {
  /// Values that a line can give, and the place of those that its block begins with.
  static constexpr int most_values = 8;
  static constexpr int values_reserved = 2 * most_values;

  enum class Kind {
    op,           ///< of the list in random_functions_ops.h, at `choice`
    read,         ///< a Variable's value
    loss,         ///< a scalar made of a value and of a parameter
    gradient,     ///< of a value by Variables
    gradient_of,  ///< of a value by another value
    derivative,   ///< value_and_grad or jvp of a block
    scan,         ///< of a block
    call,         ///< of a compiled function
    assign,       ///< of a Variable
    swap,         ///< of two Variables of one shape
    count,        ///< one up, of a Variable that counts
    split_key,    ///< one part of a Variable's key is used, the other one assigned
    update,       ///< by an optimiser
    carry_on      ///< a layer goes on from its carried state
  };

  Kind kind = Kind::op;
  int value = 0;           ///< number of the first value that it gives
  std::vector<int> takes;  ///< numbers of values
  unsigned choice = 0;     ///< which op, Variable, optimiser, function, or kind of scan
  double number = 0;       ///< a constant in the formula
  Block block = {};        ///< of a scan or of a derivative
};

/// A function of Variables, written line by line at random. Its arguments are values 0 to 3: numbers [2, 3],
/// a sequence [steps, 2, 3], a scalar, and ids i32[4]; those of the functions that it calls have other
/// shapes.
struct RandomFunction {
  unsigned seed = 0;
  DType dtype = DType::float64;
  Index steps = 3;            ///< of the sequence
  std::vector<Block> called;  ///< functions that are compiled and called by those behind them
  Block main;
};

/// The same seed gives the same function.
RandomFunction random_function(unsigned seed, DType dtype = DType::float64);

/// How to read it: its lines with the shapes of what they give, and the graph that is traced.
std::string listing(const RandomFunction& function);

/// Calls the function three times eagerly, traced and interpreted, compiled with all passes and with a set of
/// them that the seed chooses. Returns what differs between them: results, values of Variables, and whether
/// an Error is thrown; empty where nothing does.
std::string difference(const RandomFunction& function);

/// What is left of a function when every line is dropped without which there still is a difference.
RandomFunction shrunk(RandomFunction function);

}  // namespace sluice::test
