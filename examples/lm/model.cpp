#include "model.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/text/reading.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lm {
namespace {

namespace nn = sluice::nn;
using sluice::Index;
using sluice::Tensor;

using MakeLayers = nn::RecurrentLayers (*)(const ModelSettings& settings, const Tensor& key);

template <class Cell>
nn::RecurrentLayers layers_of(const ModelSettings& settings, const Tensor& key) {
  nn::RecurrentOptions<Cell> options;
  options.dropout = settings.dropout;
  if (settings.init_range > 0)
    options.cell.init = nn::init::uniform(-settings.init_range, settings.init_range);
  return nn::Recurrent<Cell>(settings.layers, settings.embed, settings.hidden, key, options);
}

struct Choice {
  std::string_view name;
  MakeLayers make;
};
constexpr std::array<Choice, 4> cells{{{"rnn", layers_of<nn::RNNCell>},
                                       {"lstm", layers_of<nn::LSTMCell>},
                                       {"gru", layers_of<nn::GRUCell>},
                                       {"four_gate", layers_of<nn::FourGateCell>}}};

nn::RecurrentLayers make_layers(const ModelSettings& settings, const Tensor& key) {
  const auto choice =
      std::find_if(cells.begin(), cells.end(), [&](const Choice& c) { return c.name == settings.cell; });
  if (choice == cells.end()) throw UserError("no cell is called " + settings.cell);
  return choice->make(settings, key);
}

nn::EmbeddingOptions embedding_options(const ModelSettings& settings) {
  nn::EmbeddingOptions options;
  // A tied matrix also computes the logits, for which vectors of length 1 are a good start.
  if (settings.tie) options.init = nn::init::normal(0, 1 / std::sqrt(static_cast<double>(settings.embed)));
  if (settings.init_range > 0) options.init = nn::init::uniform(-settings.init_range, settings.init_range);
  return options;
}

nn::LinearOptions head_options(const ModelSettings& settings) {
  nn::LinearOptions options;
  if (settings.init_range > 0) options.init = nn::init::uniform(-settings.init_range, settings.init_range);
  options.bias_init = nn::init::constant(0);
  return options;
}

nn::AdaptiveSoftmax adaptive_head(const ModelSettings& settings, Index vocabulary, const Tensor& key) {
  const std::vector<Index> cutoffs = nn::AdaptiveSoftmax::good_cutoffs(vocabulary);
  nn::AdaptiveSoftmaxOptions options;
  if (settings.init_range > 0) options.init = nn::init::uniform(-settings.init_range, settings.init_range);
  if (!cutoffs.empty()) {
    // Vectors of the rarest words keep 8 elements, where the layer has as many.
    const double shrink = std::max(1., static_cast<double>(settings.hidden) / 8);
    options.div_value = std::min(4., std::pow(shrink, 1 / static_cast<double>(cutoffs.size())));
  }
  return nn::AdaptiveSoftmax(settings.hidden, vocabulary, cutoffs, key, options);
}

}  // namespace

std::vector<std::string_view> cell_names() {
  std::vector<std::string_view> names;
  names.reserve(cells.size());
  for (const Choice& choice : cells) names.push_back(choice.name);
  return names;
}

std::string suitable_softmax(const ModelSettings& settings, std::size_t vocabulary) {
  // Where the clusters pay for certain: bench/adaptive_softmax.cpp. Only words are numbered by frequency.
  constexpr std::size_t large = 20000;
  if (settings.softmax != "auto") return settings.softmax;
  return settings.tokens == "word" && vocabulary > large && !settings.tie ? "adaptive" : "full";
}

Model::Model(const ModelSettings& settings, Index vocabulary, std::uint64_t seed)
    : Model(settings, vocabulary, sluice::random::split(sluice::random::key(seed), 3)) {}

Model::Model(const ModelSettings& settings, Index vocabulary, const sluice::Tensors& keys)
    : embed_(vocabulary, settings.embed, keys[0], embedding_options(settings)),
      rnn_(make_layers(settings, keys[1])),
      dropout_(settings.dropout) {
  if (settings.tie) {
    tied_bias_ = sluice::Variable(sluice::zeros({vocabulary}));
  } else if (settings.softmax == "adaptive") {
    adaptive_.emplace(adaptive_head(settings, vocabulary, keys[2]));
  } else {
    head_.emplace(settings.hidden, vocabulary, keys[2], head_options(settings));
  }
}

Tensor Model::logits(const Tensor& h) const {
  if (adaptive_) return adaptive_->log_probabilities(h);
  if (head_) return (*head_)(h);
  return sluice::matmul(h, embed_.weight, {.transpose_b = true}) + tied_bias_;
}

Tensor Model::nats(const Tensor& h, const Tensor& tokens, nn::Reduction reduction) const {
  constexpr std::int32_t ignored = sluice::text::Reading::ignored;
  if (adaptive_) return adaptive_->loss(h, tokens, {.ignore_index = ignored, .reduction = reduction});
  return nn::cross_entropy(logits(h), tokens, {.ignore_index = ignored, .reduction = reduction});
}

Model::Result Model::operator()(const Tensor& ids, const nn::States& initial, nn::Mode mode,
                                const Tensor& key) const {
  const bool drops = mode == nn::Mode::train && dropout_.rate() > 0;
  const sluice::Tensors keys = drops ? sluice::random::split(key, 3) : sluice::Tensors(3);
  const nn::Sequence run =
      rnn_(dropout_(embed_(ids), mode, keys[0]), {.initial = initial, .mode = mode, .key = keys[1]});
  return {dropout_(run.output(), mode, keys[2]), run.state};
}

Model::Result Model::step(const Tensor& ids, const nn::States& states) const {
  const nn::Sequence run = rnn_.step(embed_(ids), states);
  return {run.output(), run.state};
}

void Model::members(const nn::Members& m) const {
  m("embed", embed_);
  m("rnn", rnn_);
  if (head_) m("head", *head_);
  if (adaptive_) m("head", *adaptive_);
  if (tied_bias_.defined()) m("head.bias", tied_bias_);
}

}  // namespace lm
