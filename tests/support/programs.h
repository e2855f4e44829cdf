#pragma once

#include <sluice/compile/pass.h>
#include <sluice/graph/trace.h>

#include <string>

namespace sluice::test {

/// float32 numbers between -1 and 1 that differ from each other and by `seed`.
Tensor numbers(const Shape& shape, double seed);

/// How many times a word occurs.
std::size_t count(const std::string& text, const std::string& word);

/// The function as a program of only these passes and lowering switches, printed. Fails the test where its
/// results are not the interpreter's.
std::string printed(const TensorFunction& function, const Tensors& arguments, const PassSet& set);

}  // namespace sluice::test
