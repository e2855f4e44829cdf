#include "support/steps.h"

#include <sluice/sluice.h>

#include <cstring>

namespace sluice::test {

namespace {

Step make(std::string name, const TensorFunction& function, const Tensors& arguments,
          std::vector<Variable> variables = {}) {
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  Step step{std::move(name), std::make_shared<Program>(trace(function, specs)), std::move(variables)};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Tensor value = evaluate(arguments[i]);
    std::memcpy(step.program->input(i), value.value().data(), value.value().bytes());
  }
  return step;
}

Tensor numbers(const Shape& shape, std::int32_t seed, DType dtype = DType::float32) {
  return random::uniform(random::key(seed), shape, -1, 1, dtype);
}

Step product(const Shape& a, const Shape& b, MatMulOptions options, DType dtype) {
  return make(a.text() + " " + b.text() + (options.transpose_a ? " a transposed" : "") +
                  (options.transpose_b ? " b transposed" : "") + (dtype == DType::float64 ? " float64" : ""),
              [options](const Tensors& x) { return Tensors{matmul(x[0], x[1], options)}; },
              {numbers(a, 1, dtype), numbers(b, 2, dtype)});
}

Step training(Index hidden, Index batch, Index length) {
  constexpr Index vocabulary = 30;
  const Tensors keys = random::split(random::key(3), 3);
  const nn::Embedding embed(vocabulary, hidden, keys[0]);
  const nn::LSTM rnn(2, hidden, hidden, keys[1]);
  const nn::Linear head(hidden, vocabulary, keys[2]);
  const NamedVariables named = nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}});
  const auto adam =
      std::make_shared<optim::Adam>(named, optim::AdamOptions{.learning_rate = 1e-2, .clip_norm = 1});
  std::vector<std::int32_t> ids(static_cast<std::size_t>(length * batch));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * 7 % vocabulary);
  const Tensor x = tensor(ids, {length, batch});
  std::vector<Variable> variables;
  for (const auto& [name, variable] : named) variables.push_back(variable);
  return make(
      "training step of " + std::to_string(hidden) + " units",
      [=](const Tensors& in) {
        const Tensor loss = nn::cross_entropy(head(rnn(embed(in[0]))), in[1]);
        adam->update(loss);
        return Tensors{loss};
      },
      {x, x}, variables);
}

Step streaming() {
  const nn::LSTM rnn(2, 8, 64, random::key(5));
  const auto carried = std::make_shared<nn::CarriedState>(rnn, 1);
  std::vector<Variable> variables;
  for (const auto& [name, variable] : nn::variables({{"carried", *carried}})) variables.push_back(variable);
  return make(
      "streaming step",
      [=](const Tensors& in) {
        const auto run = rnn(in[0], {.initial = carried->read()});
        carried->assign(run.state);
        return Tensors{run.output()};
      },
      {numbers({1, 1, 8}, 6)}, variables);
}

}  // namespace

std::string Step::bits() const {
  std::string all;
  for (std::size_t i = 0; i < program->output_count(); ++i) {
    const Spec& spec = program->output_spec(i);
    all.append(static_cast<const char*>(program->output(i)),
               static_cast<std::size_t>(spec.shape.size()) * size_of(spec.dtype));
  }
  for (const Variable& variable : variables) {
    const Array& value = variable.slot()->value;
    all.append(static_cast<const char*>(value.data()), value.bytes());
  }
  return all;
}

std::vector<Step> product_steps() {
  std::vector<Step> all;
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Index m : {1, 3, 12, 130})
      for (const Index n : {1, 3, 130})
        for (const Index k : {40, 700})
          for (const bool transpose_a : {false, true})
            for (const bool transpose_b : {false, true})
              all.push_back(product(transpose_a ? Shape{k, m} : Shape{m, k},
                                    transpose_b ? Shape{n, k} : Shape{k, n}, {transpose_a, transpose_b},
                                    dtype));
    all.push_back(product({500, 400}, {400, 300}, {}, dtype));
    all.push_back(product({3, 70, 80}, {3, 80, 90}, {}, dtype));
    all.push_back(product({3, 200, 300}, {3, 200, 90}, {.transpose_a = true}, dtype));
    all.push_back(product({40, 9, 30}, {40, 20, 30}, {.transpose_b = true}, dtype));
  }
  return all;
}

std::vector<Step> all_steps() {
  std::vector<Step> all = product_steps();
  all.push_back(training(24, 5, 7));
  all.push_back(training(96, 40, 12));
  all.push_back(streaming());
  all.push_back(make("elementwise",
                     [](const Tensors& x) {
                       Tensor y = x[0];
                       Tensors kept;
                       for (int i = 0; i < 12; ++i) kept.push_back(y = tanh(y * x[1] + sigmoid(y)));
                       for (const Tensor& k : kept) y = y + k * k;
                       return Tensors{y};
                     },
                     {numbers({300, 700}, 7), numbers({700}, 8)}));
  all.push_back(make("reductions",
                     [](const Tensors& x) {
                       return Tensors{softmax(x[0]), logsumexp(x[0], 0), layer_norm(x[0]), sum(x[0], 0),
                                      max(x[0], 1),  cumsum(x[0], 0),    transpose(x[0]),  argmax(x[0], 1)};
                     },
                     {numbers({300, 700}, 9)}));
  return all;
}

}  // namespace sluice::test
