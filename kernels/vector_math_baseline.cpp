// The vectorised functions built for the minimum of the architecture: SSE2 on x86-64. Includes no header with
// code, so that none of that code is built for this instruction set: see vector_table.h.
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels::detail {

namespace {

constexpr std::size_t register_bytes = 16;

// Each needs the ones before.
#include <sluice/kernels/vector_basics.inl>

#include <sluice/kernels/vector_native.inl>

#include <sluice/kernels/vector_product.inl>

#include <sluice/kernels/packed_product.inl>

#include <sluice/kernels/few_product.inl>

#include <sluice/kernels/vector_arithmetic.inl>

#include <sluice/kernels/vector_functions.inl>

#include <sluice/kernels/vector_choice.inl>

}  // namespace

constinit const Kernels kernels_baseline = make_kernels("baseline");

}  // namespace sluice::kernels::detail
