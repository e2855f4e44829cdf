// Programs on several threads that share Variables which they only read: they run at once, and each gives
// what it gives alone.

#include <sluice/sluice.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "support/catch.h"

using namespace sluice;

namespace {

/// Waits until `count` threads are here. False when they do not come, which takes a minute: long enough for
/// any machine, and a test that fails ends.
class Meeting {
 public:
  explicit Meeting(int count) : count_(count) {}

  bool wait() {
    ++here_;
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (here_ < count_) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  int count_;
  std::atomic<int> here_ = 0;
};

/// x, in the middle of a run where another one is in the middle of its own.
struct Meet final : Op {
  Meet(Meeting* meeting, std::atomic<int>* met) : meeting(meeting), met(met) {}
  std::string_view name() const override { return "meet"; }
  void members(Attributes& a) const override { a("meeting", meeting), a("met", met); }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
    *met += meeting->wait() ? 1 : 0;
  }
  Meeting* meeting;
  std::atomic<int>* met;
};

/// What differs in how it uses weights: packed in a loop, by rows, with gradients, merged once for all runs.
struct Model {
  nn::LSTM rnn{2, 7, 24, random::key(1)};
  nn::Linear head{24, 5, random::key(2)};

  std::vector<Variable> variables() const {
    std::vector<Variable> all;
    for (const auto& [name, variable] : nn::variables({{"rnn", rnn}, {"head", head}}))
      all.push_back(variable);
    return all;
  }
  Tensors stream(const Tensors& x) const {
    const nn::Sequence next = rnn.step(x[0], rnn.initial(1));
    return {head(next.output())};
  }
  Tensors sequence(const Tensors& x) const { return {softmax(head(rnn(x[0]).output()))}; }
  Tensors gradients(const Tensors& x) const {
    const std::vector<Variable> all = variables();
    return grad(sum(square(head(rnn(x[0]).output()))), Tensors(all.begin(), all.end()));
  }
};

struct Case {
  std::function<Tensors(const Tensors&)> function;
  Tensor x;
};

std::vector<Case> cases_of(const Model& model) {
  const auto numbers = [](const Shape& shape, std::uint64_t seed) {
    return evaluate(random::normal(random::key(seed), shape));
  };
  return {
      {[&](const Tensors& x) { return model.stream(x); }, numbers({1, 7}, 3)},
      {[&](const Tensors& x) { return model.sequence(x); }, numbers({6, 37, 7}, 4)},
      {[&](const Tensors& x) { return model.gradients(x); }, numbers({5, 3, 7}, 5)},
      {[&](const Tensors& x) { return model.sequence(x); }, numbers({9, 1, 7}, 6)},
  };
}

std::string bits_of(const Tensors& tensors) {
  std::string all;
  for (const Tensor& tensor : tensors) {
    const Array& value = tensor.value();
    all.append(static_cast<const char*>(value.data()), value.bytes());
  }
  return all;
}

void on_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("programs that only read the Variables they share are in the middle of a run at once",
          "[threads]") {
  constexpr int count = 3;
  const Variable shared(full({4}, 2));
  Meeting meeting(count);
  std::atomic<int> met = 0;
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 0; i < count; ++i) {
    const auto function = [&](const Tensors& x) {
      return Tensors{make(std::make_shared<Meet>(&meeting, &met), {x[0] * shared}) + shared};
    };
    programs.push_back(std::make_unique<Program>(trace(function, {Spec{DType::float32, {4}}})));
  }
  std::vector<Tensors> results(count);
  on_threads(count, [&](std::size_t i) { results[i] = programs[i]->run({full({4}, 1.0 + i)}); });
  CHECK(met == count);
  for (std::size_t i = 0; i < count; ++i)
    CHECK(results[i][0].to_vector() == std::vector<float>(4, 4 + 2 * static_cast<float>(i)));
}

TEST_CASE("programs on threads that share weights give the bits that they give alone", "[threads]") {
  const Model model;
  const std::vector<Case> cases = cases_of(model);
  std::vector<std::unique_ptr<Program>> programs;
  for (const Case& c : cases) {  // two of each, for what programs of one function could share
    for (int i = 0; i < 2; ++i)
      programs.push_back(std::make_unique<Program>(trace(c.function, {c.x.spec()})));
  }
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> alone;
    for (const Case& c : cases) alone.push_back(bits_of(Program(trace(c.function, {c.x.spec()})).run({c.x})));
    std::atomic<int> others = 0;
    on_threads(programs.size(), [&](std::size_t i) {
      for (int run = 0; run < 20; ++run)
        others += bits_of(programs[i]->run({cases[i / 2].x})) == alone[i / 2] ? 0 : 1;
    });
    CHECK(others == 0);
    // What is made once of the weights is made anew, on all threads at once.
    for (const Variable& variable : model.variables()) variable.assign(variable * 0.9);
  }
}

TEST_CASE("functions compiled on threads, of Variables that they share, give what they give alone",
          "[threads]") {
  const Model model;
  const std::vector<Case> cases = cases_of(model);
  std::vector<std::string> alone;
  for (const Case& c : cases) alone.push_back(bits_of(Program(trace(c.function, {c.x.spec()})).run({c.x})));
  std::atomic<int> others = 0;
  on_threads(2 * cases.size(), [&](std::size_t i) {
    const Case& c = cases[i % cases.size()];
    for (int time = 0; time < 3; ++time) {
      const auto compiled = compile([&](const Tensor& x) { return c.function({x}); });
      for (int run = 0; run < 3; ++run) others += bits_of(compiled(c.x)) == alone[i % cases.size()] ? 0 : 1;
    }
  });
  CHECK(others == 0);
}
