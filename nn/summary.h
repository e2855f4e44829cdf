#pragma once

#include <sluice/nn/module.h>

#include <initializer_list>
#include <string>

namespace sluice::nn {

/// A table of the Variables of a model, to print:
///
///     name    shape   dtype  numbers
///     weight  [3, 4]  f32         12  trained
///     bias    [4]     f32          4  frozen
///     total                       16  64 bytes, 12 numbers trained
///
/// One line for each Variable, in the order of members(), tied ones once. "-" in place of "trained" stands
/// for a Variable that is not floating-point, which no optimiser trains.
std::string summary(const Module& model, Location where = Location::current());
/// The same for several modules: summary({{"embed", embed}, {"rnn", rnn}}).
std::string summary(std::initializer_list<NamedModule> modules, Location where = Location::current());

}  // namespace sluice::nn
