// What a function gives does not depend on where its memory lies: it is compiled again and again while other
// memory comes and goes.

#include <sluice/sluice.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace sluice;

namespace {

/// Blocks of memory of all sizes, full of numbers that nobody should read, some of which are freed for others
/// at every call.
class Disturbance {
 public:
  void operator()() {
    for (int i = 0; i < 300; ++i) {
      const std::size_t size = std::size_t{1} << random_() % 17;
      std::vector<float> block(size + random_() % size, std::numeric_limits<float>::quiet_NaN());
      if (blocks_.size() < 1000) {
        blocks_.push_back(std::move(block));
      } else {
        blocks_[random_() % blocks_.size()] = std::move(block);
      }
    }
    std::shuffle(blocks_.begin(), blocks_.end(), random_);
    blocks_.resize(blocks_.size() / 2);
  }

 private:
  std::mt19937 random_{11};
  std::vector<std::vector<float>> blocks_;
};

void append(std::string& bits, const Array& value) {
  bits.append(static_cast<const char*>(value.data()), value.bytes());
}

/// All bits that three steps of training and a sequence after them give.
std::string trained_bits(const Tensor& x) {
  const nn::GRU rnn(2, 5, 19, random::key(1));
  optim::Adam adam(nn::variables({{"rnn", rnn}}), {.learning_rate = 1e-2, .clip_norm = 1});
  const auto step = compile([&](const Tensor& in) {
    const Tensor loss = mean(square(rnn(in) - 0.5));
    adam.update(loss);
    return loss;
  });
  const auto forward = compile([&](const Tensor& in) { return rnn(in).output(); });
  std::string bits;
  for (int i = 0; i < 3; ++i) append(bits, step(x).value());
  append(bits, forward(x).value());
  for (const auto& [name, variable] : nn::variables({{"rnn", rnn}})) append(bits, variable.slot()->value);
  return bits;
}

}  // namespace

TEST_CASE("a GRU that is compiled twenty times has the same bits wherever its memory lies") {
  const Tensor x = evaluate(random::normal(random::key(2), {7, 13, 5}));
  const std::string first = trained_bits(x);
  Disturbance disturb;
  for (int time = 0; time < 20; ++time) {
    disturb();
    const bool same = trained_bits(x) == first;  // not printed where they differ
    CHECK(same);
  }
}
