// The vectorised functions built for AVX-512 F, DQ, BW and VL. Includes no header with code, so that none of
// that code is built for this instruction set: see vector_table.h. (The functions of immintrin.h are always
// inlined.)
#include <immintrin.h>

#include <sluice/kernels/vector_table.h>

namespace sluice::kernels::detail {

namespace {

constexpr std::size_t register_bytes = 64;

// Each needs the ones before.
#include <sluice/kernels/vector_basics.inl>

#include <sluice/kernels/vector_native_avx512.inl>

#include <sluice/kernels/vector_product.inl>

#include <sluice/kernels/packed_product.inl>

#include <sluice/kernels/few_product.inl>

#include <sluice/kernels/vector_arithmetic.inl>

#include <sluice/kernels/vector_functions.inl>

#include <sluice/kernels/vector_choice.inl>

}  // namespace

constinit const Kernels kernels_avx512 = make_kernels("avx512");

}  // namespace sluice::kernels::detail
