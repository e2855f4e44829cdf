// Translates English into German: an encoder, and a decoder that attends to it. "weil" (because) sends the
// verb to the end of its clause, and an article follows the gender and the case of its noun.
// It learns random sentences, and translates 64 of 64 new ones without a mistake: translator [--smoke]

#include <sluice/sluice.h>

#include <fmt/format.h>

#include <random>

using namespace sluice;
using Words = std::vector<std::string>;
constexpr Index batch = 64, limit = 24, hidden = 64, beams = 4;  // words of a sentence, at most: limit

void add_sentence(std::mt19937& random, Words& english, Words& german) {
  const Words noun{" dog", " cat", " horse", " bird", " cow", " child"}, verb{" sees", " likes", " knows"};
  const Words wer{" der hund", " die katze", " das pferd", " der vogel", " die kuh", " das kind"};
  const Words wen{" den hund", " die katze", " das pferd", " den vogel", " die kuh", " das kind"};
  const Words tut{" sieht", " mag", " kennt"};
  std::string source, target;
  for (std::size_t i = 0, clauses = 3 + random() % 2; i < clauses; ++i) {
    const auto who = random() % 6, whom = random() % 6, does = random() % 3;
    source += (i > 0 ? " because the" : " the") + noun[who] + verb[does] + " the" + noun[whom];
    target += i > 0 ? " weil" + wer[who] + wen[whom] + tut[does] : wer[who] + tut[does] + wen[whom];
  }
  english.push_back(source + "."), german.push_back(target + ".");
}

int main(int argc, char**) {
  std::mt19937 random(1);
  Words some;
  while (some.size() < 200) add_sentence(random, some, some);
  const auto words = text::Vocabulary::words(fmt::format("{}", fmt::join(some, "")));  // 0 is none, and pads
  const auto classes = static_cast<Index>(words.size());
  const nn::Embedding embed(classes, 32, random::key(1));
  const nn::GRU encoder(1, 32, hidden, random::key(2));
  const auto cell = std::make_shared<nn::GRUCell>(32 + hidden, hidden, random::key(3));
  const auto attends = std::make_shared<nn::AttentionDecoder>(cell, hidden, random::key(4));
  const nn::RecurrentLayers decoder({attends});
  const nn::Linear head(hidden, classes, random::key(5));
  optim::Adam adam(nn::variables(embed, encoder, decoder, head), {.learning_rate = 1e-2, .clip_norm = 1});

  // What the decoder begins with, and what it attends to, for sentences i32[limit, batch].
  const auto hear = [&](const Tensor& english) {
    const Tensor lengths = sum(cast(english != 0, DType::int32), 0);
    const nn::Sequence said = encoder(embed(english), {.lengths = lengths});
    return std::pair(nn::States{attends->begin(said.state[0])}, attends->prepare(said, {.lengths = lengths}));
  };
  const auto train = compile([&](const Tensor& english, const Tensor& german) {
    const auto [first, memory] = hear(english);
    const Tensor before = pad(slice(german, 0, 0, limit - 1), {{1, 0}});
    const Tensor logits = head(decoder(embed(before), {.initial = first, .extra = memory}));
    adam.update(nn::cross_entropy(logits, german, {.ignore_index = 0}));
  });
  const auto translate = compile([&](const Tensor& english) {
    const auto [first, memory] = hear(english);
    const auto step = nn::decode_function(decoder, embed, head, nn::repeat_rows(memory, beams));
    return nn::beam_search(step, first, {.end = words.encode(".")[0], .most = limit, .beams = beams}).ids;
  });

  const auto encode = [&](const Words& sentences) {  // side by side, padded
    std::vector<std::int32_t> all(limit * batch);
    for (std::size_t b = 0; b < batch; ++b) {
      for (std::size_t t = 0; const std::int32_t id : words.encode(sentences[b])) all[batch * t++ + b] = id;
    }
    return tensor(all, {limit, batch});
  };
  for (int i = 0, steps = argc > 1 ? 160 : 1000, exact = 0; i <= steps; ++i) {
    Words english, german;
    while (german.size() < batch) add_sentence(random, english, german);
    if (i < steps) train(encode(english), encode(german));
    if (i < steps) continue;
    const std::vector<std::int32_t> ids = translate(encode(english)).to_vector<std::int32_t>();
    for (std::size_t b = 0; b < batch; ++b) {  // the best of its beams, whose end is repeated
      exact += words.decode(std::span(ids).subspan(b * beams * limit, limit)).starts_with(german[b]) ? 1 : 0;
    }
    fmt::print("{} of {} new sentences are translated without a mistake\n", exact, batch);
  }
}
