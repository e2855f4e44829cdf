// The same bits from every compiler, at every optimisation, and from every instruction set: formulas say
// where a multiply-add is fused. The hashes were made once; a build that gives others rounds elsewhere.

#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <sluice/kernels/gemm.h>
#include <sluice/kernels/vector_table.h>

#include "support/bits.h"
#include "support/catch.h"

namespace kernels = sluice::kernels;
using kernels::detail::Isa;
using kernels::detail::Kernels;
using sluice::Index;
using sluice::test::hash_of;

namespace {

constexpr Isa every_isa[] = {Isa::baseline, Isa::avx2, Isa::avx512};

/// Every 9973rd float, of both signs, infinities and NaN among them.
std::vector<float> sample() {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 9973)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  return x;
}

std::vector<float> random_floats(std::size_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(generator() >> 8) * 0x1p-23f - 1;
  return x;
}

}  // namespace

TEST_CASE("functions have the same bits from every build and instruction set") {
  const std::map<std::string, std::pair<kernels::detail::Map Kernels::*, std::uint64_t>> functions = {
      {"exp", {&Kernels::exp, 0x5ca9421a7ddac0a2}},
      {"expm1", {&Kernels::expm1, 0xbeab9ee66b7416db}},
      {"log", {&Kernels::log, 0x54ca67d16d354668}},
      {"log1p", {&Kernels::log1p, 0x61d777c8d730ec4a}},
      {"tanh", {&Kernels::tanh, 0x3026f1a6e23b56b3}},
      {"sigmoid", {&Kernels::sigmoid, 0xfae91e06a6897fa0}},
      {"softplus", {&Kernels::softplus, 0x6cd2d45b7cacd91e}},
      {"erf", {&Kernels::erf, 0x5f06cdb3afde80e5}},
      {"gelu_tanh", {&Kernels::gelu_tanh, 0xde9294be1c454f0e}},
  };
  const std::vector<float> x = sample();
  std::vector<float> y(x.size());
  for (const auto& [name, function] : functions) {
    for (const Isa isa : every_isa) {
      const Kernels& table = kernels::detail::kernels_for(isa);
      (table.*function.first)(x.data(), y.data(), x.size());
      CAPTURE(name, table.name);
      CHECK(hash_of(y) == function.second);
    }
  }
}

TEST_CASE("sine and cosine have the same bits from every build and instruction set") {
  // Up to 1e6 they are our own, beyond it the standard library's.
  std::vector<float> x;
  for (const float v : sample()) {
    if (std::abs(v) <= 1e6f) x.push_back(v);
  }
  std::vector<float> y(x.size());
  for (const Isa isa : every_isa) {
    const Kernels& table = kernels::detail::kernels_for(isa);
    CAPTURE(table.name);
    table.sin(x.data(), y.data(), x.size());
    CHECK(hash_of(y) == 0x8b1abc926eaccbfa);
    table.cos(x.data(), y.data(), x.size());
    CHECK(hash_of(y) == 0x95cef19ce50b6256);
  }
}

TEST_CASE("dot has the same bits from every build and instruction set") {
  const std::vector<float> a = random_floats(5000, 1);
  const std::vector<float> b = random_floats(5000, 2);
  for (const Isa isa : every_isa)
    CHECK(std::bit_cast<std::uint32_t>(kernels::detail::kernels_for(isa).f32.dot(a.data(), b.data(), 5000)) ==
          0xc134d89b);
}

TEST_CASE("packed products have the same bits from every build, with AVX2 and with AVX-512") {
  if (kernels::gemm_backend() != "packed") {
    WARN("products are Eigen's here");
    return;
  }
  constexpr Index m = 33;
  constexpr Index n = 70;
  constexpr Index k = 777;
  const std::vector<float> a = random_floats(m * k, 3);
  const std::vector<float> b = random_floats(k * n, 4);
  std::vector<float> c(m * n);
  std::vector<float> work(static_cast<std::size_t>(kernels::gemm_workspace<float>(false, false, m, n, k)));
  kernels::gemm(false, false, m, n, k, a.data(), k, b.data(), n, 0, c.data(), n, {work.data(), 1});
  CHECK(hash_of(c) == 0x46e43bf52b5adce7);
}
