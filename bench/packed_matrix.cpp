// Claim: a product of few rows with a packed right operand (kernels/packed_matrix.h) is never slower than
// kernels::gemm on one thread, which must pack it, and much faster below 16 rows. One line per shape; each
// cell is gemm's time over ours, for a right operand stored as it is and, in the second table, transposed.
// Then packing itself, in units of one product of 16 rows.
//
// bench_packed_matrix [f64]

#include <sluice/kernels/buffer.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

using sluice::Index;
namespace kernels = sluice::kernels;

namespace {

using Clock = std::chrono::steady_clock;

template <class F>
double seconds_of(Index times, const F& f) {
  const auto start = Clock::now();
  for (Index i = 0; i < times; ++i) f();
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(times);
}

/// The median seconds of one call of each, measured in turns because the machine's speed drifts.
template <class F, class G>
std::pair<double, double> compare(const F& f, const G& g) {
  const auto times_of = [](const auto& call) {
    call();
    const double once = seconds_of(3, call);
    return std::clamp<Index>(static_cast<Index>(5e-4 / once), 1, 20000);
  };
  const Index times_f = times_of(f);
  const Index times_g = times_of(g);
  std::vector<double> of_f;
  std::vector<double> of_g;
  for (int turn = 0; turn < 15; ++turn) {
    of_f.push_back(seconds_of(times_f, f));
    of_g.push_back(seconds_of(times_g, g));
  }
  std::nth_element(of_f.begin(), of_f.begin() + 7, of_f.end());
  std::nth_element(of_g.begin(), of_g.begin() + 7, of_g.end());
  return {of_f[7], of_g[7]};
}

template <class T>
std::vector<T> random_values(Index count) {
  std::mt19937 generator(7);
  std::normal_distribution<T> normal;
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& v : values) v = normal(generator);
  return values;
}

constexpr Index batches[] = {1, 2, 4, 8, 10, 16, 20, 25, 32, 64};
constexpr Index shapes[][2] = {{80, 20},     {80, 40},   {512, 128}, {800, 200},  {2048, 512}, {2600, 650},
                               {4096, 1024}, {128, 512}, {200, 800}, {512, 2048}, {650, 2600}, {1024, 4096}};

template <class T>
void measure(bool transpose_b) {
  fmt::print("\ngemm over ours{}\n{:>11}", transpose_b ? ", right operand transposed" : "", "n x k");
  for (const Index m : batches) fmt::print("{:>7}", fmt::format("m={}", m));
  fmt::print("{:>12}{:>11}{:>8}\n", "m=1 us", "m=64 Gflop", "pack");
  for (const auto& [n, k] : shapes) {
    const std::vector<T> a = random_values<T>(batches[9] * k);
    const std::vector<T> b = random_values<T>(k * n);
    std::vector<T> c(static_cast<std::size_t>(batches[9] * n));
    std::vector<T> packed(static_cast<std::size_t>(kernels::packed_size<T>(k, n)) + 16);
    T* aligned = packed.data();
    while (reinterpret_cast<std::uintptr_t>(aligned) % 64 != 0) ++aligned;
    const Index ldb = transpose_b ? k : n;
    Index elements = 0;
    for (const Index m : batches)
      elements = std::max(elements, kernels::gemm_workspace<T>(false, transpose_b, m, n, k));
    kernels::Buffer memory(static_cast<std::size_t>(elements) * sizeof(T));
    kernels::pack(transpose_b, k, n, b.data(), ldb, aligned);
    fmt::print("{:>11}", fmt::format("{}x{}", n, k));
    double least = 0;
    double most = 0;
    for (const Index m : batches) {
      const auto times = compare(
          [&, n = n, k = k] {
            kernels::gemm(false, transpose_b, m, n, k, a.data(), k, b.data(), ldb, T{0}, c.data(), n,
                          {reinterpret_cast<T*>(memory.data()), 1});
          },
          [&, n = n, k = k] { kernels::multiply_packed(m, n, k, a.data(), k, aligned, T{0}, c.data(), n); });
      fmt::print("{:>7.2f}", times.first / times.second);
      if (m == 1) least = times.second;
      most = times.second;
    }
    const auto packing = compare(
        [&, n = n, k = k] { kernels::pack(transpose_b, k, n, b.data(), ldb, aligned); },
        [&, n = n, k = k] { kernels::multiply_packed(16, n, k, a.data(), k, aligned, T{0}, c.data(), n); });
    fmt::print("{:>12.3f}{:>11.1f}{:>8.2f}\n", least * 1e6,
               2e-9 * static_cast<double>(n * k * batches[9]) / most, packing.first / packing.second);
  }
}

}  // namespace

int main(int count, char** arguments) {
  kernels::set_threads(1);
  fmt::print("instruction set {}\n", kernels::isa());
  for (const bool transpose_b : {false, true})
    if (count > 1 && std::string_view(arguments[1]) == "f64")
      measure<double>(transpose_b);
    else
      measure<float>(transpose_b);
}
