// The training step of training_step.cpp with libtorch, PyTorch's C++ library: the same model, the same
// options, the same answers to lines on standard input. LSTM only.

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

struct Model : torch::nn::Module {
  Model(long layers, long hidden, long vocabulary)
      : embed(register_module("embed", torch::nn::Embedding(vocabulary, hidden))),
        rnn(register_module("rnn",
                            torch::nn::LSTM(torch::nn::LSTMOptions(hidden, hidden).num_layers(layers)))),
        head(register_module("head", torch::nn::Linear(hidden, vocabulary))) {}

  torch::Tensor forward(const torch::Tensor& ids) { return head(std::get<0>(rnn(embed(ids)))); }

  torch::nn::Embedding embed;
  torch::nn::LSTM rnn;
  torch::nn::Linear head;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, long> option;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals != std::string::npos && argument != "--cell=lstm") {
      option[argument.substr(2, equals - 2)] = std::stol(argument.substr(equals + 1));
    }
  }
  torch::set_num_threads(static_cast<int>(option.at("threads")));
  const double before = peak_mib();
  const long length = option.at("length"), batch = option.at("batch"), vocabulary = option.at("vocabulary");
  Model model(option.at("layers"), option.at("hidden"), vocabulary);
  torch::optim::Adam adam(model.parameters(), torch::optim::AdamOptions(1e-3));
  const auto ids_from = [&](long first) {
    return ((torch::arange(length * batch) + first) * 7919 % vocabulary).reshape({length, batch});
  };
  const torch::Tensor ids = ids_from(0), next = ids_from(1);

  const auto step = [&] {
    adam.zero_grad();
    const torch::Tensor logits = model.forward(ids);
    torch::nn::functional::cross_entropy(logits.reshape({length * batch, vocabulary}),
                                         next.reshape({length * batch}))
        .backward();
    torch::nn::utils::clip_grad_norm_(model.parameters(), 5.0);
    adam.step();
  };
  for (std::string line; std::getline(std::cin, line);) {
    step();
    std::vector<double> samples;
    for (double total = 0; total < 0.1; total += samples.back()) {
      const auto start = std::chrono::steady_clock::now();
      step();
      samples.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(samples.begin(), samples.begin() + static_cast<long>(samples.size() / 2), samples.end());
    std::printf("%g %g %g\n", samples[samples.size() / 2], before, peak_mib());
    std::fflush(stdout);
  }
}
