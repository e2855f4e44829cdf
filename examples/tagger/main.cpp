// A tagger that reads sentences in both directions. "light" is a noun in "the light fades", an adjective in
// "the light lamp fades" and a verb in "they light lamps": its tag depends on words before it and after it,
// with any number of adverbs between them. It learns to set more than 99 of 100 tags: tagger [--smoke]

#include <sluice/sluice.h>

#include <fmt/format.h>

#include <array>
#include <random>
#include <string_view>

namespace sl = sluice;

/// Words are numbers; each kind begins at the number here and ends before the next. 0 is the padding.
enum Word : std::int32_t { the = 1, they, adverb, light = 6, lamp = 14, fade = 22, words = 30 };
enum Tag : std::int32_t { padding, other, noun, verb, adjective, tags };

/// {words, tags} of one to four clauses.
sl::Tensors sentence(std::mt19937& random) {
  std::vector<std::int32_t> said, meant;
  const auto say = [&](Word first, Word end, Tag tag) {
    said.push_back(first + static_cast<std::int32_t>(random() % static_cast<unsigned>(end - first)));
    meant.push_back(tag);
  };
  for (auto clauses = 1 + random() % 4; clauses > 0; --clauses) {
    const Tag kind = std::array{noun, verb, adjective}[random() % 3];
    kind == verb ? say(they, adverb, other) : say(the, they, other);
    while (random() % 2 == 0) say(adverb, light, other);
    say(light, lamp, kind);
    while (random() % 2 == 0) say(adverb, light, other);
    if (kind != noun) say(lamp, fade, noun);
    if (kind != verb) say(fade, words, verb);
  }
  return {sl::tensor(said), sl::tensor(meant)};
}

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::string_view(argv[1]) == "--smoke";
  std::mt19937 random(1);
  std::vector<sl::Tensors> known(smoke ? 1000 : 8000), held_out(smoke ? 200 : 2000);
  for (sl::Tensors& example : known) example = sentence(random);
  for (sl::Tensors& example : held_out) example = sentence(random);
  sl::data::Sequences training(known), test(held_out, {.shuffle = false});

  const sl::Tensors keys = sl::random::split(sl::random::key(1), 3);
  const sl::nn::Embedding embed(words, 16, keys[0]);
  const sl::nn::Bidirectional<sl::nn::LSTMCell> rnn(1, 16, 32, keys[1]);
  const sl::nn::Linear head(64, tags, keys[2]);
  sl::optim::Adam adam(sl::nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}),
                       {.learning_rate = 1e-2});

  const auto scores = [&](const sl::Tensor& x, const sl::Tensor& lengths) {
    return head(rnn(embed(x), {.lengths = lengths}));
  };
  const auto train =
      sl::compile([&](const sl::Tensors& batch, const sl::Tensor& lengths, const sl::Tensor& mask) {
        adam.update(sl::nn::cross_entropy(scores(batch[0], lengths), batch[1], {.mask = mask}));
      });
  const auto hits =
      sl::compile([&](const sl::Tensors& batch, const sl::Tensor& lengths, const sl::Tensor& mask) {
        const sl::Tensor right = sl::argmax(scores(batch[0], lengths)) == batch[1];
        return sl::sum(sl::cast(sl::logical_and(right, mask), sl::DType::int32));
      });
  for (int epoch = 1; epoch <= 4; ++epoch) {
    for (sl::Index i = 0; i < training.batches_per_epoch(); ++i) {
      const auto batch = training.next();
      train(batch.values, batch.lengths, batch.mask);
    }
    double right = 0;
    for (sl::Index i = 0; i < test.batches_per_epoch(); ++i) {
      const auto batch = test.next();
      right += hits(batch.values, batch.lengths, batch.mask).item();
    }
    fmt::print("epoch {}: {:.4f} of the tags of held-out sentences are right\n", epoch,
               right / static_cast<double>(test.steps()));
  }
}
