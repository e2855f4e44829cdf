#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/tensor.h>

#include <string>

namespace sluice::data {

/// Reads an array that numpy.save wrote: formats 1.0 to 3.0, in C or Fortran order, of either byte order.
///
///     in the file              in the tensor
///     f2 f4                    f32
///     f8                       f64
///     i1 i2 i4 i8 u1 u2 u4 u8  i32
///     b1                       bool
///
/// Throws Error "[read_npy] path: ..." for a file that cannot be read, is damaged or does not end with the
/// array, for another dtype, more than eight axes and an integer beyond 32 bits. Memory is only allocated for
/// values that the file has.
Tensor read_npy(const std::string& path, Location where = Location::current());

/// Writes a constant for numpy.load: format 1.0, C order, as f4, f8, i4 or b1. The path holds the old file or
/// the complete new one at every moment, as with io::save. Throws Error "[write_npy] path: ..." if the file
/// cannot be written, and Error for a tensor without a value.
void write_npy(const std::string& path, const Tensor& tensor, Location where = Location::current());

}  // namespace sluice::data
