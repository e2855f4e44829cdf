#include <sluice/kernels/vector_math.h>

#include <cmath>

#include <sluice/kernels/setting.h>
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels {

namespace detail {

const Kernels& kernels_for(Isa isa) {
#ifdef __x86_64__
  __builtin_cpu_init();
  // Both checks include that the operating system saves the wider registers.
  if (isa == Isa::avx512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma"))
    return kernels_avx512;
  if (isa != Isa::baseline && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return kernels_avx2;
#endif
  static_cast<void>(isa);
  return kernels_baseline;
}

namespace {

Isa wanted_isa() {
  const std::string_view name = setting("SLUICE_ISA", {"baseline", "avx2", "avx512"});
  if (name == "baseline") return Isa::baseline;
  if (name == "avx2") return Isa::avx2;
  return Isa::avx512;
}

}  // namespace

const Kernels& active() {
  static const Kernels& kernels = kernels_for(wanted_isa());
  return kernels;
}

}  // namespace detail

namespace {

using detail::active;

template <class F>
void each(const double* x, double* y, std::size_t n, F f) {
  for (std::size_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

}  // namespace

std::string_view isa() { return active().name; }

void exp(const float* x, float* y, std::size_t n) { active().exp(x, y, n); }
void expm1(const float* x, float* y, std::size_t n) { active().expm1(x, y, n); }
void log(const float* x, float* y, std::size_t n) { active().log(x, y, n); }
void log1p(const float* x, float* y, std::size_t n) { active().log1p(x, y, n); }
void tanh(const float* x, float* y, std::size_t n) { active().tanh(x, y, n); }
void sigmoid(const float* x, float* y, std::size_t n) { active().sigmoid(x, y, n); }
void softplus(const float* x, float* y, std::size_t n) { active().softplus(x, y, n); }
void sin(const float* x, float* y, std::size_t n) { active().sin(x, y, n); }
void cos(const float* x, float* y, std::size_t n) { active().cos(x, y, n); }
void erf(const float* x, float* y, std::size_t n) { active().erf(x, y, n); }
void sqrt(const float* x, float* y, std::size_t n) { active().f32.sqrt(x, y, n); }
void rsqrt(const float* x, float* y, std::size_t n) { active().f32.rsqrt(x, y, n); }

void exp(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::exp(v); });
}
void expm1(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::expm1(v); });
}
void log(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::log(v); });
}
void log1p(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::log1p(v); });
}
void tanh(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::tanh(v); });
}
void sigmoid(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) {
    const double z = std::exp(-std::abs(v));  // never overflows, and is accurate for tiny results
    return (v < 0 ? z : 1.0) / (1.0 + z);
  });
}
void softplus(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return (v > 0 ? v : 0.0) + std::log1p(std::exp(-std::abs(v))); });
}
void sin(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::sin(v); });
}
void cos(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::cos(v); });
}
void erf(const double* x, double* y, std::size_t n) {
  each(x, y, n, [](double v) { return std::erf(v); });
}
void sqrt(const double* x, double* y, std::size_t n) { active().f64.sqrt(x, y, n); }
void rsqrt(const double* x, double* y, std::size_t n) { active().f64.rsqrt(x, y, n); }

void add(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n) {
  active().f32.add(a, stride_a, b, stride_b, y, n);
}
void subtract(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n) {
  active().f32.subtract(a, stride_a, b, stride_b, y, n);
}
void multiply(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n) {
  active().f32.multiply(a, stride_a, b, stride_b, y, n);
}
void multiply_no_nan(const float* a, Index stride_a, const float* b, Index stride_b, float* y,
                     std::size_t n) {
  active().f32.multiply_no_nan(a, stride_a, b, stride_b, y, n);
}
void divide_keep_zeros(const float* a, Index stride_a, const float* b, Index stride_b, float* y,
                       std::size_t n) {
  active().f32.divide_keep_zeros(a, stride_a, b, stride_b, y, n);
}
void divide(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n) {
  active().f32.divide(a, stride_a, b, stride_b, y, n);
}
void maximum(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n) {
  active().f32.maximum(a, stride_a, b, stride_b, y, n);
}
void minimum(const float* a, Index stride_a, const float* b, Index stride_b, float* y, std::size_t n) {
  active().f32.minimum(a, stride_a, b, stride_b, y, n);
}

void add(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n) {
  active().f64.add(a, stride_a, b, stride_b, y, n);
}
void subtract(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n) {
  active().f64.subtract(a, stride_a, b, stride_b, y, n);
}
void multiply(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n) {
  active().f64.multiply(a, stride_a, b, stride_b, y, n);
}
void multiply_no_nan(const double* a, Index stride_a, const double* b, Index stride_b, double* y,
                     std::size_t n) {
  active().f64.multiply_no_nan(a, stride_a, b, stride_b, y, n);
}
void divide_keep_zeros(const double* a, Index stride_a, const double* b, Index stride_b, double* y,
                       std::size_t n) {
  active().f64.divide_keep_zeros(a, stride_a, b, stride_b, y, n);
}
void divide(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n) {
  active().f64.divide(a, stride_a, b, stride_b, y, n);
}
void maximum(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n) {
  active().f64.maximum(a, stride_a, b, stride_b, y, n);
}
void minimum(const double* a, Index stride_a, const double* b, Index stride_b, double* y, std::size_t n) {
  active().f64.minimum(a, stride_a, b, stride_b, y, n);
}

void elu(float alpha, const float* x, float* y, std::size_t n) { active().elu(alpha, x, y, n); }
void gelu_tanh(const float* x, float* y, std::size_t n) { active().gelu_tanh(x, y, n); }

void negate(const float* x, float* y, std::size_t n) { active().choice_f32.negate(x, y, n); }
void square(const float* x, float* y, std::size_t n) { active().choice_f32.square(x, y, n); }
void abs(const float* x, float* y, std::size_t n) { active().choice_f32.abs(x, y, n); }
void floor(const float* x, float* y, std::size_t n) { active().choice_f32.floor(x, y, n); }
void ceil(const float* x, float* y, std::size_t n) { active().choice_f32.ceil(x, y, n); }
void trunc(const float* x, float* y, std::size_t n) { active().choice_f32.trunc(x, y, n); }
void round(const float* x, float* y, std::size_t n) { active().choice_f32.round(x, y, n); }
void relu(const float* x, float* y, std::size_t n) { active().choice_f32.relu(x, y, n); }
void leaky_relu(float slope, const float* x, float* y, std::size_t n) {
  active().choice_f32.leaky_relu(slope, x, y, n);
}
void clamp(float low, float high, const float* x, float* y, std::size_t n) {
  active().choice_f32.clamp(low, high, x, y, n);
}
void where(const bool* condition, const float* a, Index stride_a, const float* b, Index stride_b, float* y,
           std::size_t n) {
  active().choice_f32.where(condition, a, stride_a, b, stride_b, y, n);
}

void negate(const double* x, double* y, std::size_t n) { active().choice_f64.negate(x, y, n); }
void square(const double* x, double* y, std::size_t n) { active().choice_f64.square(x, y, n); }
void abs(const double* x, double* y, std::size_t n) { active().choice_f64.abs(x, y, n); }
void floor(const double* x, double* y, std::size_t n) { active().choice_f64.floor(x, y, n); }
void ceil(const double* x, double* y, std::size_t n) { active().choice_f64.ceil(x, y, n); }
void trunc(const double* x, double* y, std::size_t n) { active().choice_f64.trunc(x, y, n); }
void round(const double* x, double* y, std::size_t n) { active().choice_f64.round(x, y, n); }
void relu(const double* x, double* y, std::size_t n) { active().choice_f64.relu(x, y, n); }
void leaky_relu(double slope, const double* x, double* y, std::size_t n) {
  active().choice_f64.leaky_relu(slope, x, y, n);
}
void clamp(double low, double high, const double* x, double* y, std::size_t n) {
  active().choice_f64.clamp(low, high, x, y, n);
}
void where(const bool* condition, const double* a, Index stride_a, const double* b, Index stride_b, double* y,
           std::size_t n) {
  active().choice_f64.where(condition, a, stride_a, b, stride_b, y, n);
}

float sum(const float* x, std::size_t n) { return active().f32.sum(x, n); }
double sum(const double* x, std::size_t n) { return active().f64.sum(x, n); }
float sum_but_ones(const float* x, std::size_t n, std::size_t* ones) {
  return active().f32.sum_but_ones(x, n, ones);
}
float max(const float* x, std::size_t n) { return active().f32.max(x, n); }
double sum_but_ones(const double* x, std::size_t n, std::size_t* ones) {
  return active().f64.sum_but_ones(x, n, ones);
}
double max(const double* x, std::size_t n) { return active().f64.max(x, n); }
float dot(const float* a, const float* b, std::size_t n) { return active().f32.dot(a, b, n); }
double dot(const double* a, const double* b, std::size_t n) { return active().f64.dot(a, b, n); }
void add_rows(const float* const* rows, std::size_t count, float* y, std::size_t n) {
  active().f32.add_rows(rows, count, y, n);
}
void add_rows(const double* const* rows, std::size_t count, double* y, std::size_t n) {
  active().f64.add_rows(rows, count, y, n);
}
void axpy(float alpha, const float* x, float* y, std::size_t n) { active().f32.axpy(alpha, x, y, n); }
void axpy(double alpha, const double* x, double* y, std::size_t n) { active().f64.axpy(alpha, x, y, n); }

}  // namespace sluice::kernels
