// Claim: a decoder with attention runs forward and backward at the speed of its matrix products alone, those
// of each query with the keys and values of its own sequence included. A dot or general score has nothing
// else to compute; an additive one takes a tanh for each query, key and unit, which the last column counts in.

#include "bench.h"
#include "layers.h"

#include <sluice/kernels/buffer.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/nn/attention_decoder.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

namespace {

namespace sl = sluice;
using sl::Index;

struct AttentionSizes {
  Index hidden, batch, queries, keys;
};

/// A product that is run `times` times, each with other memory of the operands if they have a step.
struct Product {
  bool transpose_a, transpose_b;
  Index m, n, k;
  Index times = 1;
};

/// The products of a decoder forward and backward, and nothing else, each as one call where that can be.
/// Attention multiplies one row by the keys of its sequence, `batch` times a step; their gradients are made
/// after the loop, of all queries at once.
class AttentionProducts {
 public:
  explicit AttentionProducts(const AttentionSizes& s, sl::nn::AttentionScore score) : s_(s) {
    const Index h = s.hidden, rows = s.queries * s.batch, said = s.keys * s.batch;
    const bool additive = score == sl::nn::AttentionScore::additive;
    const auto dense = [&](Index rows_of, Index from, Index to) {  // forward, for x, and for the weights
      once_.push_back({false, false, rows_of, to, from});
      once_.push_back({false, true, rows_of, from, to});
      once_.push_back({true, false, from, to, rows_of});
    };
    const auto in_loop = [&](Index from, Index to) {
      loop_.push_back({false, false, s.batch, to, from});
      loop_.push_back({false, true, s.batch, from, to});
      once_.push_back({true, false, from, to, rows});
    };
    dense(rows, h, 4 * h);                                        // x to the gates
    in_loop(2 * h, 4 * h);                                        // h and what is fed to the gates
    in_loop(2 * h, h);                                            // the output
    if (score != sl::nn::AttentionScore::dot) dense(said, h, h);  // W_k
    if (additive) in_loop(h, h);                                  // W_q
    if (!additive) {                                              // scores
      loop_.push_back({false, true, 1, s.keys, h, s.batch});
      loop_.push_back({false, false, 1, h, s.keys, s.batch});
      once_.push_back({true, false, s.keys, h, s.queries, s.batch});
    } else {
      loop_.push_back({false, false, s.batch * s.keys, 1, h});
      loop_.push_back({true, false, h, 1, s.batch * s.keys});
    }
    loop_.push_back(
        {false, false, 1, h, s.keys, s.batch});  // the context, and the gradients of weights and values
    loop_.push_back({false, true, 1, s.keys, h, s.batch});
    once_.push_back({true, false, s.keys, h, s.queries, s.batch});

    Index most = s.batch * s.keys * h;  // what the tanh reads and writes
    for (const std::vector<Product>* products : {&once_, &loop_}) {
      for (const Product& p : *products)
        most = std::max(most, p.times * std::max({p.m * p.k, p.k * p.n, p.m * p.n}));
    }
    for (std::vector<float>* values : {&a_, &b_, &c_}) values->resize(static_cast<std::size_t>(most));
    for (std::vector<float>* values : {&a_, &b_}) bench::fill(*values, 0.1F);
  }

  void run() {
    for (Index t = 0; t < s_.queries; ++t) {
      for (const Product& p : loop_) multiply(p);
    }
    for (const Product& p : once_) multiply(p);
  }

  /// The tanh of an additive score, and the product with its derivative on the way back.
  void run_tanh() {
    const auto each = static_cast<std::size_t>(s_.batch * s_.keys * s_.hidden);
    for (Index t = 0; t < s_.queries; ++t) {
      sl::kernels::tanh(a_.data(), c_.data(), each);
      for (std::size_t i = 0; i < each; ++i) b_[i] = (1 - c_[i] * c_[i]) * a_[i];
    }
  }

 private:
  void multiply(const Product& p) {
    const int workers = sl::kernels::threads();
    const Index elements =
        sl::kernels::gemm_workspace<float>(p.transpose_a, p.transpose_b, p.m, p.n, p.k) * workers;
    const std::size_t bytes = static_cast<std::size_t>(elements) * sizeof(float);
    if (memory_.size() < bytes) memory_ = sl::kernels::Buffer(bytes);
    for (Index i = 0; i < p.times; ++i) {
      sl::kernels::gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, a_.data() + i * p.m * p.k,
                        p.transpose_a ? p.m : p.k, b_.data() + i * p.k * p.n, p.transpose_b ? p.k : p.n, 0.0F,
                        c_.data() + i * p.m * p.n, p.n, {reinterpret_cast<float*>(memory_.data()), workers});
    }
  }

  AttentionSizes s_;
  std::vector<Product> loop_, once_;
  std::vector<float> a_, b_, c_;
  sl::kernels::Buffer memory_;
};

sl::Program decoder_step(const AttentionSizes& s, sl::nn::AttentionScore score) {
  const Index h = s.hidden;
  const sl::nn::AttentionDecoder attends(std::make_shared<sl::nn::LSTMCell>(2 * h, h, sl::random::key(1)), h,
                                         sl::random::key(2), {.attention = {.score = score}});
  const sl::nn::RecurrentLayers decoder({std::make_shared<sl::nn::AttentionDecoder>(attends)});
  const auto step = sl::compile([=](const sl::Tensor& x, const sl::Tensor& said, const sl::Tensor& dy) {
    sl::Tensors wrt{x, said};
    for (const sl::NamedVariable& v : decoder.variables()) wrt.push_back(v.variable);
    return sl::grad(sl::sum(decoder(x, {.extra = attends.prepare(said)}).output() * dy), wrt);
  });
  const auto spec = [&](Index time) { return sl::Spec{sl::DType::float32, {time, s.batch, h}}; };
  return step.prepare(spec(s.queries), spec(s.keys), spec(s.queries));
}

void measure_attention(const bench::Settings& settings) {
  std::vector<AttentionSizes> all_sizes = {{128, 32, 32, 32}, {256, 32, 32, 32}, {512, 32, 32, 32}};
  if (settings.smoke) all_sizes = {{16, 3, 4, 5}};
  bench::Table table({"score", "H", "threads", "sluice", "its products alone",
                      "speed of the products reached", "of products and tanh"});
  for (const AttentionSizes& s : all_sizes) {
    for (const auto& [name, score] : {std::pair{"dot", sl::nn::AttentionScore::dot},
                                      std::pair{"general", sl::nn::AttentionScore::general},
                                      std::pair{"additive", sl::nn::AttentionScore::additive}}) {
      sl::Program program = decoder_step(s, score);
      for (std::size_t i = 0; i < 3; ++i) bench::fill(program.input<float>(i));
      bench::explain(program, settings);
      AttentionProducts products(s, score);
      std::vector<bench::Work> works{[&] { program.run(); }, [&] { products.run(); }};
      const bool additive = score == sl::nn::AttentionScore::additive;
      if (additive) works.push_back([&] { products.run_tanh(); });
      const std::vector<double> seconds = bench::medians(works, settings);
      const double rest = additive ? seconds[2] : 0;
      table.row({name, std::to_string(s.hidden), std::to_string(settings.threads), bench::time(seconds[0]),
                 bench::time(seconds[1]), fmt::format("{:.0f} %", 100 * seconds[1] / seconds[0]),
                 fmt::format("{:.0f} %", 100 * (seconds[1] + rest) / seconds[0])});
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A decoder with attention forward and backward, beside its matrix products alone");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_attention(settings); });
}
