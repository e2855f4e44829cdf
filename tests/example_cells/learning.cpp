// The cells of examples/cells learn what they are known for, each in a moment.

#include "example_cells/layers.h"
#include "examples/cells/tasks.h"

#include <sluice/kernels/threads.h>

#include "support/catch.h"

using namespace sluice;

namespace {

const Tensor key = random::key(1);

/// Steps this small gain nothing from a second thread, and lose much where tests run side by side.
struct OneThread {
  OneThread() { kernels::set_threads(1); }
  ~OneThread() { kernels::set_threads(0); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
};

template <class Make>
void train(tasks::Learner& learner, int steps, const Make& batch) {
  const OneThread alone;
  for (int i = 0; i < steps; ++i) learner.train(batch());
}

}  // namespace

TEST_CASE("a Mogrifier LSTM learns which bracket is open") {
  tasks::Draw draw(1), other(2);
  tasks::Learner learner(std::make_shared<nn::Recurrent<MogrifierCell>>(1, 6, 32, key), 32, 6, 0.02);
  train(learner, 300, [&] { return tasks::brackets(3, 6, {24, 16}, draw); });
  // By chance a third is right.
  CHECK(learner.accuracy(tasks::brackets(3, 6, {24, 200}, other)) > 0.9);
}

TEST_CASE("an SRU adds two marked numbers among fifty") {
  tasks::Draw draw(1), other(2);
  tasks::Learner learner(std::make_shared<nn::Recurrent<SRUCell>>(2, 2, 16, key), 16, 1, 0.03);
  train(learner, 150, [&] { return tasks::adding({50, 16}, draw); });
  // Always answering 1 gives 1/6.
  CHECK(learner.loss(tasks::adding({50, 200}, other)) < 0.02);
}

TEST_CASE("a QRNN with a window of two symbols learns what depends on two") {
  tasks::Draw draw(1), other(2);
  tasks::Learner learner(std::make_shared<QRNN>(8, 48, key), 48, 8, 0.02);
  train(learner, 300, [&] { return tasks::pairs(8, {24, 16}, draw); });
  // The entropy of the text is 0.804, and log 8 = 2.079 for who knows one symbol only.
  const double loss = learner.loss(tasks::pairs(8, {24, 200}, other));
  CHECK(loss < 0.87);
  CHECK(loss > 0.75);  // nobody knows more than there is to know
}

TEST_CASE("a CfC tells where a sine will be after any time, which it cannot without the time") {
  const auto learnt = [](bool knows_time) {
    tasks::Draw draw(1), other(2);
    tasks::Learner learner(std::make_shared<nn::Recurrent<CfCCell>>(1, 2, 32, key), 32, 1, 0.01);
    const auto batch = [&](tasks::Draw& from, Index size) {
      tasks::Batch made = tasks::sines({20, size}, from);
      if (!knows_time) made.x = evaluate(made.x * tensor({1.f, 0.f}) + tensor({0.f, 1.1f}));  // the mean
      return made;
    };
    train(learner, 300, [&] { return batch(draw, 16); });
    return learner.loss(batch(other, 200));
  };
  const double with = learnt(true), without = learnt(false);
  CHECK(with < 0.06);
  CHECK(without > 3 * with);  // who says 0 every time has 0.5
}
