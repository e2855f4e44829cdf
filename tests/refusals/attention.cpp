#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

namespace {

using enum nn::AttentionScore;
const nn::DecodeFunction markov = [](const Tensor& ids, const nn::States& states) {
  return nn::DecodeStep{log_softmax(zeros({ids.dim(0), 3})), states};
};

}  // namespace

TEST_CASE("what attention refuses") {
  const Tensor key = random::key(1);
  const Tensor none;
  const nn::Attention attention(4, 3, key);
  const Tensor q = ones({5, 2, 4}), k = ones({6, 2, 3}), bits = ones({6, 2}, DType::boolean);
  const Tensors memory = attention.prepare(k, k);
  refuses("attention", "got queries of 0, keys of 3 and 0 units", [&] { nn::Attention(0, 3, key); });
  refuses("attention", "got queries of 4, keys of 3 and -1 units",
          [&] { nn::Attention(4, 3, key, {.units = -1}); });
  refuses("attention", "got queries of 4 and keys of 3", [&] { nn::Attention(4, 3, key, {.score = dot}); });
  refuses("attention", "units are those of an additive score: got 5",
          [&] { nn::Attention(4, 3, key, {.score = general, .units = 5}); });
  refuses("attention", "got `scaled` for an additive one",
          [&] { nn::Attention(4, 3, key, {.scaled = true}); });
  refuses("attention", "undefined Tensor", [&] { nn::Attention(4, 3, none); });
  refuses("attention", "takes queries [time, batch, 4]: got f32[6, 2, 3]", [&] { attention(k, k, k); });
  refuses("attention", "takes keys [time, batch, 3]: got f32[5, 2, 4]", [&] { attention(q, q, q); });
  refuses("attention", "got an undefined tensor", [&] { attention(q, k, none); });
  refuses("attention", "got keys f32[6, 2, 3] and values f32[5, 2, 4]", [&] { attention(q, k, q); });
  refuses("attention", "got queries f64[5, 2, 4]", [&] { attention(cast(q, DType::float64), k, k); });
  refuses("attention", "bool[6, 2] for keys f32[6, 2, 3]: got f32[6, 2]", [&] {
    attention(q, k, k, {.mask = ones({6, 2})});
  });
  refuses("attention", "i32[2] for keys f32[6, 2, 3]: got i32[3]", [&] {
    attention(q, k, k, {.lengths = tensor({1, 2, 3})});
  });
  refuses("attention", "a length is in [0, 6], the padded time: got 7", [&] {
    evaluate(attention(q, k, k, {.lengths = tensor({1, 7})}));
  });
  refuses("attention", "as many keys as queries", [&] { attention(q, k, k, {.causal = true}); });
  refuses("attention", "got `causal` in prepare", [&] { attention.prepare(k, k, {.causal = true}); });
  refuses("attention", "takes a query [batch, 4]", [&] { attention.attend(ones({2, 3}), memory); });
  refuses("attention", "got nothing; pass what prepare returns", [&] { attention.attend(ones({2, 4}), {}); });
  refuses("attention", "a memory for queries f32[1, 3, 4] is keys [3, time, 4]", [&] {
    attention.attend(ones({3, 4}), memory);
  });
  refuses("attention", "moved from", [&] {
    nn::Attention robbed = attention;
    const nn::Attention taken = std::move(robbed);
    robbed(q, k, k);  // NOLINT: what is left of it
  });
}

TEST_CASE("what a decoder with attention refuses") {
  const Tensor key = random::key(1);
  const auto lstm = std::make_shared<nn::LSTMCell>(5, 4, key);
  const nn::AttentionDecoder decoder(lstm, 3, key);
  const Tensors memory = decoder.prepare(ones({6, 2, 3}));
  refuses("attention_decoder", "got a null pointer", [&] { nn::AttentionDecoder(nullptr, 3, key); });
  refuses("attention_decoder", "x and the 4 numbers that are fed back: got a cell of 4 inputs",
          [&] { nn::AttentionDecoder(std::make_shared<nn::LSTMCell>(4, 4, key), 3, key); });
  refuses("attention_decoder", "a key must be i32[2]", [&] { nn::AttentionDecoder(lstm, 3, tensor({1})); });
  refuses("attention", "got queries of 4 and keys of 3",
          [&] { nn::AttentionDecoder(lstm, 3, key, {.attention = {.score = dot}}); });
  refuses("attention", "takes keys [time, batch, 3]", [&] { decoder.prepare(ones({6, 2, 4})); });
  refuses("attention_decoder", "[batch, 4], [batch, 4]: got f32[2, 4]", [&] {
    decoder.begin({ones({2, 4})});
  });
  refuses("cell", "got nothing; pass what prepare returns", [&] {
    decoder(ones({2, 1}), decoder.initial(2), {});
  });
  refuses("recurrent", "a memory for queries f32[1, 3, 4]", [&] {
    nn::RecurrentLayers({std::make_shared<nn::AttentionDecoder>(decoder)})(ones({7, 3, 1}),
                                                                           {.extra = memory});
  });
  nn::AttentionDecoder robbed = decoder;
  const nn::AttentionDecoder taken = std::move(robbed);
  // NOLINTBEGIN: what is left of it
  refuses("attention_decoder", "moved from", [&] { robbed.begin(nn::State{ones({2, 4})}); });
  refuses("attention_decoder", "moved from", [&] { robbed.inner(); });
  refuses("cell", "moved from", [&] { robbed.initial(2); });
  CHECK_THROWS_WITH(robbed.recurrent_weights(), contains("[attention_decoder]") && contains("moved from"));
  CHECK_THROWS_AS(robbed.start(2, DType::float32), Error);
  // NOLINTEND
}

TEST_CASE("what searches refuse") {
  const nn::States states{nn::State{zeros({2, 1})}};
  refuses("greedy_search", "got nothing; pass initial(batch)",
          [&] { nn::greedy_search(markov, {}, {.most = 3}); });
  refuses("greedy_search", "got most = 0", [&] { nn::greedy_search(markov, states, {}); });
  refuses("greedy_search", "ids are in [0, 3), the classes of the decoder: got end = 3",
          [&] { nn::greedy_search(markov, states, {.end = 3, .most = 2}); });
  refuses("beam_search", "got start = -1",
          [&] { nn::beam_search(markov, states, {.start = -1, .most = 2}); });
  refuses("beam_search", "got 0 beams and alpha 0",
          [&] { nn::beam_search(markov, states, {.most = 3, .beams = 0}); });
  refuses("beam_search", "got 4 beams and alpha -1",
          [&] { nn::beam_search(markov, states, {.most = 3, .alpha = -1}); });
  refuses("beam_search", "got f32[2, 1], f32[3, 1]", [&] {
    nn::beam_search(markov, {nn::State{zeros({2, 1}), zeros({3, 1})}}, {.most = 3});
  });
  refuses("beam_search", "f32[8, classes], of the dtype of the states and a row for each id: got f32[2, 3]",
          [&] {
            nn::beam_search(
                [](const Tensor&, const nn::States& s) {
                  return nn::DecodeStep{zeros({2, 3}), s};
                },
                states, {.most = 3});
          });
  refuses("greedy_search", "states like those it is given, f32[2, 1]: got nothing", [&] {
    nn::greedy_search(
        [](const Tensor&, const nn::States&) {
          return nn::DecodeStep{zeros({2, 3}), {}};
        },
        states, {.most = 3});
  });
  const nn::Embedding embed(3, 2, random::key(1));
  refuses("decode_function", "got an empty function as head",
          [&] { nn::decode_function(nn::GRU(1, 2, 3, random::key(1)), embed, nullptr); });
  refuses("decode_function", "got a null pointer",
          [&] { nn::decode_function(nn::Part<nn::SequenceLayer>(), embed, embed); });
  refuses("repeat_rows", "got", [&] { nn::repeat_rows({ones({})}, 2); });
}
