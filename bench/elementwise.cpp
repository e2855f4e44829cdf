// Claims: a chain of elementwise ops, compiled, takes at most 1.25 times the time of one loop written by hand; an op of
// one's own with that chain as its formula takes at most 1.2 times the time of the chain.

#include "by_hand/elementwise.h"
#include "bench.h"
#include "layers.h"

#include <sluice/ops/ops.h>
#include <sluice/optim/adam.h>

#include <cmath>

namespace {

namespace sl = sluice;
using sl::Index;

void row(bench::Table& table, const std::string& name, const std::vector<double>& seconds) {
  table.row({name, bench::time(seconds[0]), bench::time(seconds[1]), bench::ratio(seconds[0] / seconds[1])});
}

/// Throws unless both are approximately equal.
void check(std::span<const float> ours, const std::vector<float>& theirs) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!(std::abs(ours[i] - theirs[i]) < 1e-5F)) {
      throw std::runtime_error(fmt::format("element {} is {} and by hand {}", i, ours[i], theirs[i]));
    }
  }
}

void lstm(bench::Table& table, Index batch, Index units, const bench::Settings& settings) {
  const auto compiled = sl::compile([](const sl::Tensor& gates, const sl::Tensor& c) {
    const sl::Tensors g = sl::split(gates, 4, -1);
    const sl::Tensor next = sl::sigmoid(g[0]) * c + sl::sigmoid(g[1]) * sl::tanh(g[2]);
    return sl::Tensors{next, sl::sigmoid(g[3]) * sl::tanh(next)};
  });
  const auto program = compiled.program(sl::zeros({batch, 4 * units}), sl::zeros({batch, units}));
  const std::span<float> gates = program->input<float>(0), c = program->input<float>(1);
  bench::explain(*program, settings);
  bench::fill(gates, 4);
  bench::fill(c);
  std::vector<float> next_c(c.size()), next_h(c.size());
  const auto seconds = bench::medians(
      {[&] { program->run(); },
       [&] {
         bench::by_hand::lstm_forward(gates.data(), c.data(), next_c.data(), next_h.data(),
                                      static_cast<std::size_t>(batch), static_cast<std::size_t>(units));
       }},
      settings);
  check(program->output<float>(0), next_c);
  check(program->output<float>(1), next_h);
  row(table, fmt::format("LSTM forward B={} H={}", batch, units), seconds);
}

void adam(bench::Table& table, Index size, const bench::Settings& settings) {
  const sl::Variable parameter(sl::full({size}, 0.5));
  sl::optim::Adam adam({{"parameter", parameter}}, {.learning_rate = 1e-3});
  const auto compiled = sl::compile([&](const sl::Tensor& gradient) { adam.apply({gradient}); });
  const auto program = compiled.program(sl::zeros({size}));
  const std::span<float> gradient = program->input<float>(0);
  bench::fill(gradient);
  const auto n = static_cast<std::size_t>(size);
  std::vector<float> p(n, 0.5F), m(n), v(n);
  double step = 0;
  const auto by_hand = [&] {
    ++step;
    bench::by_hand::adam(p.data(), m.data(), v.data(), gradient.data(), n,
                         static_cast<float>(1e-3 / (1 - std::pow(0.9, step))),
                         static_cast<float>(1 / (1 - std::pow(0.999, step))));
  };
  for (int i = 0; i < 10; ++i) {
    program->run();
    by_hand();
  }
  check(parameter.value().value().values<float>(), p);
  bench::explain(*program, settings);
  row(table, fmt::format("Adam, {} parameters", size),
      bench::medians({[&] { program->run(); }, by_hand}, settings));
}

sl::Tensor gelu_chain(const sl::Tensor& x) { return x * sl::sigmoid(1.702 * x); }
sl::Tensor softplus_chain(const sl::Tensor& x) { return sl::maximum(x, 0) + sl::log1p(sl::exp(-sl::abs(x))); }

struct GeluFormula : sl::Formula<GeluFormula, 1> {
  static constexpr std::string_view id = "gelu_formula";
  static sl::Tensor formula(const sl::Tensor& x) { return gelu_chain(x); }
};
struct SoftplusFormula : sl::Formula<SoftplusFormula, 1> {
  static constexpr std::string_view id = "softplus_formula";
  static sl::Tensor formula(const sl::Tensor& x) { return softplus_chain(x); }
};

/// The same with the functions of the standard library.
struct GeluValue : sl::Elementwise<GeluValue, 1> {
  static constexpr std::string_view id = "gelu_value";
  static auto value(auto x) { return x / (1 + std::exp(decltype(x)(-1.702) * x)); }
  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    const sl::Tensor s = sl::sigmoid(1.702 * y.input(0));
    return {dy * (s + 1.702 * y * (1 - s))};
  }
};
struct SoftplusValue : sl::Elementwise<SoftplusValue, 1> {
  static constexpr std::string_view id = "softplus_value";
  static auto value(auto x) { return std::max(x, decltype(x)(0)) + std::log1p(std::exp(-std::abs(x))); }
  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    return {dy * sl::sigmoid(y.input(0))};
  }
};

using Function = sl::Tensor (*)(const sl::Tensor&);
template <class O>
sl::Tensor op(const sl::Tensor& x) {
  return sl::make<O>(x);
}

sl::Tensor in_loop(Function f, const sl::Tensor& x) {
  const auto step = [f](const sl::Tensors& carry, const sl::Tensors& now) {
    const sl::Tensor h = f(now[0] + carry[0]);
    return sl::Carried{{h}, {h}};
  };
  return sl::scan(step, {sl::zeros(x.shape().erased(0))}, {x}).ys[0];
}

/// One program for each of the functions, which are the same.
void own_op(bench::Table& table, const std::string& name, const sl::Shape& shape,
            const std::vector<Function>& functions,
            const std::function<sl::Tensors(Function, sl::Tensor, sl::Tensor)>& of,
            const bench::Settings& settings) {
  std::vector<std::shared_ptr<sl::Program>> programs;
  std::vector<bench::Work> works;
  for (const Function f : functions) {
    const auto compiled =
        sl::compile([&of, f](const sl::Tensor& x, const sl::Tensor& dy) { return of(f, x, dy); });
    programs.push_back(compiled.program(sl::zeros(shape), sl::zeros(shape)));
    bench::fill(programs.back()->input<float>(0), 8);
    bench::fill(programs.back()->input<float>(1));
    bench::explain(*programs.back(), settings);
    works.push_back([program = programs.back()] { program->run(); });
  }
  const auto seconds = bench::medians(works, settings);
  for (const auto& program : programs) {
    for (std::size_t i = 0; i < program->output_count(); ++i) {
      const auto first = programs.front()->output<float>(i);
      check(program->output<float>(i), {first.begin(), first.end()});
    }
  }
  table.row({name, bench::time(seconds[0]), bench::time(seconds[1]), bench::time(seconds[2]),
             bench::ratio(seconds[1] / seconds[0]), bench::ratio(seconds[2] / seconds[0])});
}

void own_ops(const bench::Settings& settings) {
  bench::Table table({"op of one's own", "chain of ops", "Formula",
                      "Elementwise with std::", "Formula / chain", "std:: / chain"});
  const auto forward = [](Function f, const sl::Tensor& x, const sl::Tensor& dy) {
    return sl::Tensors{f(x) * dy};
  };
  const auto both = [](Function f, const sl::Tensor& x, const sl::Tensor& dy) {
    const sl::Tensor y = f(x);
    return sl::Tensors{y, sl::vjp({y}, {dy}, {x})[0]};
  };
  const auto loop = [](Function f, const sl::Tensor& x, const sl::Tensor& dy) {
    const sl::Tensor y = in_loop(f, x);
    return sl::Tensors{y, sl::vjp({y}, {dy}, {x})[0]};
  };
  const sl::Shape shape = settings.smoke ? sl::Shape{2, 3, 4} : sl::Shape{32, 64, 128};
  const std::vector<Function> gelu{gelu_chain, op<GeluFormula>, op<GeluValue>};
  const std::vector<Function> softplus{softplus_chain, op<SoftplusFormula>, op<SoftplusValue>};
  own_op(table, "x sigmoid(1.702 x), forward", shape, gelu, forward, settings);
  own_op(table, "x sigmoid(1.702 x), forward and backward", shape, gelu, both, settings);
  own_op(table, "the same in a loop", shape, gelu, loop, settings);
  own_op(table, "softplus, forward", shape, softplus, forward, settings);
  own_op(table, "softplus, forward and backward", shape, softplus, both, settings);
  own_op(table, "the same in a loop", shape, softplus, loop, settings);
}

void by_hand(const bench::Settings& settings) {
  bench::Table table({"what", "sluice", "one loop by hand", "sluice / by hand"});
  if (settings.smoke) {
    lstm(table, 2, 16, settings);
    adam(table, 100, settings);
    return;
  }
  lstm(table, 50, 128, settings);
  lstm(table, 64, 512, settings);
  adam(table, 65536, settings);
  adam(table, 4194304, settings);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Elementwise work, beside one loop written by hand");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] {
    by_hand(settings);
    own_ops(settings);
  });
}
