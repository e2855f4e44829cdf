// Claim: our own products are about as fast as oneDNN's, which compute the same. One line per shape, on one
// thread; oneDNN's column is present if the build has found it. (It is not part of the library: while it
// computes, a signal handled on its thread may overwrite the heap.)

#include "bench.h"

#include <sluice/kernels/buffer.h>
#include <sluice/kernels/gemm.h>

#include <random>

#ifdef SLUICE_BENCH_ONEDNN
#include <dnnl.h>
#endif

namespace {

using sluice::Index;
namespace kernels = sluice::kernels;

struct ProductShape {
  bool transpose_a;
  bool transpose_b;
  Index m;
  Index n;
  Index k;
};

/// Large ones, those of training steps (forward, the gradients of inputs and weights, heads), and few rows.
constexpr ProductShape product_shapes[] = {
    {false, false, 4096, 512, 2048},  {false, true, 4096, 512, 2048},  {true, false, 4096, 512, 2048},
    {false, false, 1024, 1024, 1024}, {true, false, 1024, 1024, 1024}, {false, true, 1024, 1024, 1024},
    {true, false, 400, 200, 10000},   {true, false, 128, 512, 2500},   {false, true, 2500, 128, 512},
    {false, false, 2500, 512, 128},   {true, false, 128, 66, 2500},    {false, true, 2500, 128, 66},
    {true, false, 650, 2600, 700},    {true, false, 650, 10000, 700},  {true, false, 256, 256, 256},
    {false, true, 128, 128, 128},     {false, false, 64, 64, 64},      {false, false, 8, 512, 128},
    {false, true, 8, 128, 512},       {false, true, 4, 200, 800},      {false, false, 1, 2048, 512},
    {false, true, 1, 512, 2048},      {true, false, 2048, 1, 512}};

void measure_products(const bench::Settings& settings) {
  bench::Table table({"product, m x n x k", "ours", "Gflop/s", "oneDNN", "ours over oneDNN"});
  for (ProductShape s : product_shapes) {
    if (settings.smoke) s.m = s.n = s.k = 20;
    std::mt19937 generator(7);
    std::normal_distribution<float> normal;
    std::vector<float> a(static_cast<std::size_t>(s.m * s.k));
    std::vector<float> b(static_cast<std::size_t>(s.k * s.n));
    std::vector<float> c(static_cast<std::size_t>(s.m * s.n));
    for (float& v : a) v = normal(generator);
    for (float& v : b) v = normal(generator);
    const Index lda = s.transpose_a ? s.m : s.k;
    const Index ldb = s.transpose_b ? s.k : s.n;
    const Index elements = kernels::gemm_workspace<float>(s.transpose_a, s.transpose_b, s.m, s.n, s.k);
    kernels::Buffer memory(static_cast<std::size_t>(elements * settings.threads) * sizeof(float));
    std::vector<bench::Work> works{[&] {
      kernels::gemm(s.transpose_a, s.transpose_b, s.m, s.n, s.k, a.data(), lda, b.data(), ldb, 0, c.data(),
                    s.n, {reinterpret_cast<float*>(memory.data()), settings.threads});
    }};
#ifdef SLUICE_BENCH_ONEDNN
    works.emplace_back([&] {
      dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1, a.data(), lda,
                 b.data(), ldb, 0, c.data(), s.n);
    });
#endif
    const std::vector<double> seconds = bench::medians(works, settings);
    const double flops =
        2e-9 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
    table.row({fmt::format("{}x{}x{}{}{}", s.m, s.n, s.k, s.transpose_a ? ", a transposed" : "",
                           s.transpose_b ? ", b transposed" : ""),
               bench::time(seconds[0]), fmt::format("{:.1f}", flops / seconds[0]),
               works.size() > 1 ? bench::time(seconds[1]) : "",
               works.size() > 1 ? bench::ratio(seconds[0] / seconds[1]) : ""});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Products of matrices, ours beside oneDNN's; that one takes its threads from OMP_NUM_THREADS");
  bench::Settings settings;
  settings.seconds = 0.5;
  return bench::run(argc, argv, app, settings, [&] { measure_products(settings); });
}
