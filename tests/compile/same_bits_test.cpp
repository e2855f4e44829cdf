// A whole training step has the same bits from every compiler and at every optimisation. The hashes were made
// once; a build that gives others rounds elsewhere.

#include <sluice/kernels/gemm.h>
#include <sluice/sluice.h>

#include <cstdint>
#include <vector>

#include "support/bits.h"
#include "support/catch.h"

using namespace sluice;

namespace {

constexpr Index vocabulary = 29, width = 40, batch = 12, steps = 9;

/// Numbers in [-0.3, 0.3) that need no function of the standard library.
void fill(const NamedVariables& variables) {
  std::uint32_t state = 12345;
  for (const auto& [name, variable] : variables) {
    Array array(variable.spec());
    for (float& value : array.values<float>()) {
      state = state * 1664525 + 1013904223;
      value = 0.6f * (static_cast<float>(state >> 8) * 0x1p-24f - 0.5f);
    }
    variable.set(array);
  }
}

Tensor ids(std::int32_t first) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(steps * batch));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = (first + static_cast<std::int32_t>(7 * i)) % static_cast<std::int32_t>(vocabulary);
  return tensor(values, {steps, batch});
}

}  // namespace

TEST_CASE("a training step has the same bits from every build") {
  if (kernels::gemm_backend() != "packed") {
    WARN("products are Eigen's here");
    return;
  }
  nn::Embedding embed{vocabulary, width, random::key(1)};
  nn::LSTM rnn{2, width, width, random::key(2)};
  nn::Linear head{width, vocabulary, random::key(3)};
  const NamedVariables all = nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}});
  fill(all);
  optim::SGD sgd(all, {.learning_rate = 0.5, .momentum = 0.9, .clip_norm = 1});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = nn::cross_entropy(head(rnn(embed(x))), y);
    sgd.update(loss);
    return loss;
  });
  for (std::int32_t i = 0; i < 5; ++i) step(ids(i), ids(i + 1));
  std::vector<float> weights;
  for (const auto& [name, variable] : all) {
    const auto values = variable.value().to_vector<float>();
    weights.insert(weights.end(), values.begin(), values.end());
  }
  CHECK(test::hash_of(weights) == 0x9a742482a7a6bfd3);  // with AVX2 and AVX-512
}
