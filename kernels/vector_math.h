#pragma once
/// Functions and arithmetic over arrays, vectorised for the machine at run time: the code is built for plain
/// x86-64 (or the minimum of another architecture), for AVX2 and for AVX-512, and selected at first use.
/// Arrays need no alignment; an output may be one of the inputs but must not overlap one partly.

#include <cstddef>
#include <string_view>

#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// The instruction set in use: "avx512", "avx2" or "baseline". The best one of this machine, or the one named
/// by the environment variable SLUICE_ISA, or the best below it if the machine lacks that one. Throws Error
/// for any other value.
std::string_view isa();

/// @name y[i] = f(x[i])
/// Within 3 ulp of the true value, including denormal results, infinities, NaN and the sign of zero; sqrt is
/// correctly rounded. float: tests/kernels/vector_math.cpp tries a sample, or every float; the bits of y[i]
/// depend on x[i] only, not on alignment, position or instruction set. double: computed with the functions of
/// the standard library, of which glibc's err by 2 ulp or a little more
/// (tests/kernels/vector_math_double.cpp measures it).
/// @{
void exp(const float* x, float* y, std::size_t n);
void expm1(const float* x, float* y, std::size_t n);
void log(const float* x, float* y, std::size_t n);
void log1p(const float* x, float* y, std::size_t n);
void tanh(const float* x, float* y, std::size_t n);
/// 1 / (1 + exp(-x))
void sigmoid(const float* x, float* y, std::size_t n);
/// log(1 + exp(x))
void softplus(const float* x, float* y, std::size_t n);
void sin(const float* x, float* y, std::size_t n);
void cos(const float* x, float* y, std::size_t n);
void sqrt(const float* x, float* y, std::size_t n);
/// 1 / sqrt(x)
void rsqrt(const float* x, float* y, std::size_t n);
void erf(const float* x, float* y, std::size_t n);

void exp(const double* x, double* y, std::size_t n);
void expm1(const double* x, double* y, std::size_t n);
void log(const double* x, double* y, std::size_t n);
void log1p(const double* x, double* y, std::size_t n);
void tanh(const double* x, double* y, std::size_t n);
void sigmoid(const double* x, double* y, std::size_t n);
void softplus(const double* x, double* y, std::size_t n);
void sin(const double* x, double* y, std::size_t n);
void cos(const double* x, double* y, std::size_t n);
void sqrt(const double* x, double* y, std::size_t n);
void rsqrt(const double* x, double* y, std::size_t n);
void erf(const double* x, double* y, std::size_t n);
/// @}

/// @name y[i] = a[i * stride_a] (op) b[i * stride_b]
/// Strides are 0 (one value for all) or 1. maximum and minimum give NaN if either side is NaN;
/// multiply_no_nan is 0 where b is, whatever a is; divide_keep_zeros is 0 where a is, whatever b is.
/// @{
void add(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);
void subtract(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);
void multiply(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);
void multiply_no_nan(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);
void divide_keep_zeros(const float* a, Index stride_a, const float* b, Index stride_b, float* y,
                       std::size_t n);
void divide(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);
void maximum(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);
void minimum(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n);

void add(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n);
void subtract(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n);
void multiply(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n);
void multiply_no_nan(const double* a, Index stride_a, const double* b, Index stride_b, double* y,
                     std::size_t n);
void divide_keep_zeros(const double* a, Index stride_a, const double* b, Index stride_b, double* y,
                       std::size_t n);
void divide(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n);
void maximum(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n);
void minimum(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n);
/// @}

/// @name y[i] = f(x[i]), exactly
/// square(x) = x x. For x <= 0, relu(x) is 0 and leaky_relu(x) is slope x; both are x otherwise. clamp is low
/// below low and high above high. trunc rounds towards 0. round gives the nearest integer, of two that are
/// equally near the even one. NaN stays NaN.
/// @{
void negate(const float* x, float* y, std::size_t n);
void square(const float* x, float* y, std::size_t n);
void abs(const float* x, float* y, std::size_t n);
void floor(const float* x, float* y, std::size_t n);
void ceil(const float* x, float* y, std::size_t n);
void trunc(const float* x, float* y, std::size_t n);
void round(const float* x, float* y, std::size_t n);
void relu(const float* x, float* y, std::size_t n);
void leaky_relu(float slope, const float* x, float* y, std::size_t n);
void clamp(float low, float high, const float* x, float* y, std::size_t n);

void negate(const double* x, double* y, std::size_t n);
void square(const double* x, double* y, std::size_t n);
void abs(const double* x, double* y, std::size_t n);
void floor(const double* x, double* y, std::size_t n);
void ceil(const double* x, double* y, std::size_t n);
void trunc(const double* x, double* y, std::size_t n);
void round(const double* x, double* y, std::size_t n);
void relu(const double* x, double* y, std::size_t n);
void leaky_relu(double slope, const double* x, double* y, std::size_t n);
void clamp(double low, double high, const double* x, double* y, std::size_t n);
/// @}

/// x for x > 0, alpha (exp(x) - 1) otherwise; and x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. elu is
/// within 4 ulp, gelu_tanh within 2 ulp for x >= 0 and up to 100 ulp in the left tail (near -9.5), where
/// rounding of the exponent is amplified.
void elu(float alpha, const float* x, float* y, std::size_t n);
void gelu_tanh(const float* x, float* y, std::size_t n);

/// @name y[i] = condition[i] ? a[i * stride_a] : b[i * stride_b]
/// Strides are 0 or 1.
/// @{
void where(const bool* condition, const float* a, Index stride_a, const float* b, Index stride_b, float* y,
           std::size_t n);
void where(const bool* condition, const double* a, Index stride_a, const double* b, Index stride_b, double* y,
           std::size_t n);
/// @}

/// @name Reductions and axpy
/// The order of the additions is fixed: it depends on n only, not on threads, alignment or the instruction
/// set, and so do the bits. sum and dot accumulate in 128-byte vectors over blocks of 2048, combined
/// pairwise, so their error grows with log n.
/// @{

/// x[0] + ... + x[n-1]; 0 for n = 0.
float sum(const float* x, std::size_t n);
double sum(const double* x, std::size_t n);

/// The sum of the x that are not 1, and the number of those that are. Accumulates in 128-byte vectors, one
/// chain per lane: for at most some thousand numbers.
float sum_but_ones(const float* x, std::size_t n, std::size_t* ones);
double sum_but_ones(const double* x, std::size_t n, std::size_t* ones);

/// The largest value; NaN if there is one, minus infinity for n = 0.
float max(const float* x, std::size_t n);
double max(const double* x, std::size_t n);

/// a[0] b[0] + ... + a[n-1] b[n-1]; 0 for n = 0.
float dot(const float* a, const float* b, std::size_t n);
double dot(const double* a, const double* b, std::size_t n);

/// y[i] = y[i] + (rows[0][i] + ... + rows[count - 1][i]), in this order
void add_rows(const float* const* rows, std::size_t count, float* y, std::size_t n);
void add_rows(const double* const* rows, std::size_t count, double* y, std::size_t n);

/// y[i] = y[i] + alpha x[i]
void axpy(float alpha, const float* x, float* y, std::size_t n);
void axpy(double alpha, const double* x, double* y, std::size_t n);
/// @}

}  // namespace sluice::kernels
