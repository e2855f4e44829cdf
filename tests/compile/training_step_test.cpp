#include "support/allocations.h"
#include "support/catch.h"

#include <sluice/kernels/threads.h>
#include <sluice/sluice.h>

#include <cstring>

using namespace sluice;

namespace {

constexpr Index vocabulary = 11, width = 8, batch = 3, steps = 5;

/// A two-layer LSTM that learns to say the next of a few ids; everything a real training has, but small.
struct Training {
  Tensors keys = random::split(random::key(3), 3);
  nn::Embedding embed{vocabulary, width, keys[0]};
  nn::LSTM rnn{2, width, width, keys[1]};
  nn::Linear head{width, vocabulary, keys[2]};
  nn::CarriedState carried{rnn, batch};
  optim::Adam adam{nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}),
                   {.learning_rate = 1e-2, .clip_norm = 1, .schedule = optim::cosine(1000)}};

  Tensor loss(const Tensor& x, const Tensor& y) {
    const auto run = rnn(embed(x), {.initial = carried.read()});
    carried.assign(run.state);
    const Tensor loss = nn::cross_entropy(head(run), y);
    adam.update(loss);
    return loss;
  }

  /// All bits of all Variables.
  std::string bits() const {
    std::string all;
    const auto append = [&](const NamedVariables& variables) {
      for (const auto& [name, variable] : variables) {
        const Array& value = variable.slot()->value;
        all.append(static_cast<const char*>(value.data()), value.bytes());
      }
    };
    append(nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}, {"carried", carried}}));
    append(adam.variables());
    return all;
  }
};

Tensor ids(std::int32_t first) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(steps * batch));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = (first + static_cast<std::int32_t>(3 * i)) % static_cast<std::int32_t>(vocabulary);
  return tensor(values, {steps, batch});
}

}  // namespace

TEST_CASE("a compiled training step allocates nothing once it runs") {
  Training training;
  const auto step = compile([&](const Tensor& x, const Tensor& y) { return training.loss(x, y); });
  const Tensor x = ids(0);
  const Tensor y = ids(1);
  const auto program = step.program(x, y);
  std::memcpy(program->input(0), x.value().data(), x.value().bytes());
  std::memcpy(program->input(1), y.value().data(), y.value().bytes());
  program->run();
  const float first = program->output<float>(0)[0];
  const std::size_t before = allocations();
  for (int i = 0; i < 200; ++i) program->run();
  CHECK(allocations() == before);
  CHECK(program->output<float>(0)[0] < 0.5f * first);
}

TEST_CASE("a training step does the same compiled and interpreted, to the last bit") {
  Training compiled;
  Training interpreted;
  // Passes and packed products add up in another order; the rest of the lowering changes no bit.
  Program step(trace([&](const Tensors& a) { return Tensors{compiled.loss(a[0], a[1])}; },
                     {ids(0).spec(), ids(0).spec()}),
               PassSet::only({"windows", "fuse"}));
  const Graph graph = trace([&](const Tensors& a) { return Tensors{interpreted.loss(a[0], a[1])}; },
                            {ids(0).spec(), ids(0).spec()});
  for (std::int32_t i = 0; i < 4; ++i) {
    const double loss = step.run({ids(i), ids(i + 1)})[0].item();
    CHECK(evaluate(graph, {ids(i), ids(i + 1)})[0].item() == loss);
  }
  CHECK(compiled.bits() == interpreted.bits());
}

TEST_CASE("a training step gives the same bits for any number of threads", "[threads]") {
  std::string one_thread;
  for (const int threads : {1, 2, 3, 4, 8}) {
    kernels::set_threads(threads);
    Training training;
    const auto step = compile([&](const Tensor& x, const Tensor& y) { return training.loss(x, y); });
    for (std::int32_t i = 0; i < 4; ++i) step(ids(i), ids(i + 1));
    if (one_thread.empty()) one_thread = training.bits();
    CHECK(training.bits() == one_thread);
  }
  kernels::set_threads(0);
}
