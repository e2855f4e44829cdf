// Reads strings of digits: columns of seven noisy pixels, strokes of random widths, and nobody says where a
// digit is. Two LSTMs see the columns from both sides; the CTC loss finds out which columns belong to which
// label. It reads 99 of 100 new strings without a mistake.   ctc [--smoke] [--steps N]

#include <sluice/sluice.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <random>

namespace sl = sluice;

constexpr sl::Index rows = 7, most = 5, time_steps = 2 + most * 11;

/// Strings of 1 to `most` digits: pixels [time, batch, rows], their columns, labels [batch, most], their counts.
struct Batch {
  sl::Tensor pixels, columns, labels, counts;
};

Batch draw(sl::Index batch, std::mt19937& random) {
  // The left, middle and right strokes of each digit, a bit for each row.
  constexpr int font[10][3] = {{0066, 0101, 0066}, {0000, 0000, 0066}, {0060, 0111, 0006}, {0000, 0111, 0066},
                               {0006, 0010, 0066}, {0006, 0111, 0060}, {0066, 0111, 0060}, {0000, 0001, 0066},
                               {0066, 0111, 0066}, {0006, 0111, 0066}};
  const auto between = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
  std::normal_distribution<float> noise(0, 0.2F);
  std::vector<float> pixels(static_cast<std::size_t>(time_steps * batch * rows));
  for (float& pixel : pixels) pixel = noise(random);
  std::vector<std::int32_t> columns, labels(static_cast<std::size_t>(batch * most)), counts;
  for (sl::Index b = 0; b < batch; ++b) {
    counts.push_back(between(1, most));
    columns.push_back(between(0, 2));
    for (sl::Index i = 0; i < counts.back(); ++i) {
      const int digit = between(0, 9);
      labels[static_cast<std::size_t>(b * most + i)] = digit + 1;                         // 0 is the blank
      const int widths[] = {between(1, 2), between(2, 4), between(1, 2), between(1, 3)};  // the last is a gap
      for (int stroke = 0; stroke < 4; ++stroke) {
        for (int w = 0; w < widths[stroke]; ++w, ++columns.back()) {
          for (int row = 0; stroke < 3 && row < rows; ++row)
            pixels[static_cast<std::size_t>((columns.back() * batch + b) * rows + row)] +=
                static_cast<float>(font[digit][stroke] >> row & 1);
        }
      }
    }
  }
  return {sl::tensor(pixels, {time_steps, batch, rows}), sl::tensor(columns),
          sl::tensor(labels, {batch, most}), sl::tensor(counts)};
}

int main(int argc, char** argv) {
  CLI::App app("Learns to read strings of digits with CTC");
  int steps = 400;
  app.add_option("--steps", steps, "batches of 32 strings to learn from")->capture_default_str();
  app.add_flag_callback(
      "--smoke", [&] { steps = 10; }, "learn for a moment only");
  CLI11_PARSE(app, argc, argv);
  const sl::nn::Bidirectional<sl::nn::LSTMCell> rnn(1, rows, 48, sl::random::key(1));
  const sl::nn::Linear head(96, 11, sl::random::key(3));
  sl::optim::Adam adam(sl::nn::variables(rnn, head), {.learning_rate = 2e-2, .clip_norm = 1});
  const auto logits = [&](const Batch& in) { return head(rnn(in.pixels, {.lengths = in.columns})); };
  const auto train = sl::compile([&](const Batch& in) {
    const sl::Tensor loss = sl::nn::ctc_loss(logits(in), in.labels, in.columns, in.counts);
    adam.update(loss);
    return loss;
  });
  const auto share_read = sl::compile([&](const Batch& in) {  // labels are padded with 0, as the reading is
    const auto read = sl::nn::ctc_beam_search(logits(in), in.columns, {.fill = 0});
    const sl::Tensor alike = all(equal(slice(squeeze(read.ids, 1), 1, 0, most), in.labels), 1);
    const sl::Tensor as_many = equal(squeeze(read.lengths, 1), in.counts);
    return mean(cast(logical_and(alike, as_many), sl::DType::float32));
  });
  std::mt19937 random(1);
  for (int i = 1; i <= steps; ++i) {
    const double loss = train(draw(32, random)).item();
    if (i % 100 == 0) fmt::print("step {:4}  loss {:.4f}\n", i, loss);
  }
  fmt::print("read exactly: {:.1f} % of 1000\n", 100 * share_read(draw(1000, random)).item());
}
