#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

#include <cstring>

using namespace sluice;

TEST_CASE("what compiled functions and programs refuse") {
  const Tensor i = tensor({1, 2});
  const Tensor f = ones({2});
  const auto twice = [](const Tensor& x) { return x + x; };
  const auto robbed = [&](auto function) {
    const auto taken = std::move(function);
    return function;  // NOLINT: what is left of it
  };
  const auto doubled = compile(twice);
  const auto program = doubled.program(f);
  // A call with any arguments cannot know its own line: these name that of compile().
  refuses("compile", "moved from", [&] { robbed(compile(twice))(f); });
  refuses("compile", "moved from", [&] { robbed(compile(twice)).program(f); });
  refuses("compile", "moved from", [&] { robbed(compile(twice)).program_count(); });
  refuses("compile", "undefined Tensor", [&] { compile(twice)(Tensor()); });
  refuses("compile", "undefined Tensor", [&] { compile([](const Tensor&) { return Tensor(); })(f); });
  refuses("add", "got [2] and [3]", [&] { compile([](const Tensor& x) { return x + ones({3}); })(f); });
  refuses("divide", "divided by 0: got 0", [&] { compile([](const Tensor& x) { return x / (x - x); })(i); });
  refuses("divide", "divided by 0: got 0", [&] {
    compile([](const Tensor& x) { return tensor({1, 2}) / x; })(i - 1);
  });
  refuses("take", "got 2 at [1]", [&] { compile([](const Tensor& x) { return take(ones({2}), x); })(i); });
  refuses("take", "got 2 at [1]", [&] {
    compile([](const Tensor& x) {
      const Tensor t = ones({2});
      return grad(sum(square(take(t, x))), t);
    })(i);
  });
  refuses("cross_entropy", "classes must lie in 0..1: got 2 at [1]", [&] {
    compile([](const Tensor& x) { return nn::cross_entropy(ones({2, 2}), x); })(i);
  });
  // A law leaves of this gradient what throws, and nothing else.
  refuses("cross_entropy", "classes must lie in 0..1: got 2 at [1]", [&] {
    const Variable v(ones({2}));
    compile([&](const Tensor& x) { return grad(nn::cross_entropy(ones({2, 2}) + v, x), v); })(i);
  });
  refuses("program", "got 0 for 1 inputs", [&] { program->run({}); });
  refuses("program", "got f32[3] for f32[2]", [&] { program->run({ones({3})}); });
  refuses("program", "inputs count from 0: got 1 of 1", [&] { program->input(1); });
  refuses("program", "outputs count from 0: got 1 of 1", [&] { program->output(1); });
  refuses("program", "inputs count from 0: got 1 of 1", [&] { program->input_spec(1); });
  refuses("program", "outputs count from 0: got 1 of 1", [&] { program->output_spec(1); });
  refuses("find_nonfinite", "got 0 for 1 inputs", [&] { find_nonfinite(*program, {}); });
  refuses("find_nonfinite", "got f32[3] for f32[2]", [&] { find_nonfinite(*program, {ones({3})}); });
  refuses("find_nonfinite", "undefined Tensor", [&] { find_nonfinite(*program, {Tensor()}); });
  // Raw memory: the line of the op, which is what there is to mend.
  const auto picks = compile([](const Tensor& x) { return take(ones({2}), x); }).program(i);
  refuses("take", "got 2 at [1]", [&] {
    const int ids[] = {1, 2};
    std::memcpy(picks->input(0), ids, sizeof ids);
    picks->run();
  });
  refuses("passes", "got 'nonsense'", [&] { PassSet::only({"nonsense"}); });
  refuses("passes", "got 'nonsense'", [&] { PassSet::without({"nonsense"}); });
  refuses("passes", "got 'nonsense'", [&] { PassSet::parse("nonsense"); });
  refuses("passes", "got '-share,simplify'", [&] { PassSet::parse("-share,simplify"); });
}
