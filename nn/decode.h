#pragma once

#include <sluice/nn/sequence_layer.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace sluice::nn {

/// What a decoder says after it was given ids.
struct DecodeStep {
  Tensor log_probs;  ///< of the next id, [rows, classes], such as log_softmax(head(output))
  States states;     ///< for the step after, as many and of the same shapes as it was given
};

/// Any decoder: gets the last ids, i32[rows], and its states, which have a row for each of them.
///
///     const nn::DecodeFunction step = [&](const Tensor& ids, const nn::States& states) {
///       const nn::Sequence said = decoder.step(embed(ids), states);
///       return nn::DecodeStep{log_softmax(head(said)), said.state};
///     };
///
/// It is called once, inside of a scan, and may use any tensor from outside, such as the memory of an encoder
/// (in a beam search with a row for each beam: see repeat_rows).
using DecodeFunction = std::function<DecodeStep(const Tensor& ids, const States& states)>;

/// The usual decoder, log_softmax(head(layers(embed(ids)))) step by step: `embed` and `head` are modules or
/// functions, and the layers get `extra`, with a row for each beam. Throws Error for an empty function
/// and a null pointer.
DecodeFunction decode_function(Part<SequenceLayer> layers, std::function<Tensor(const Tensor&)> embed,
                               std::function<Tensor(const Tensor&)> head, Tensors extra = {},
                               Location where = Location::current());
template <std::derived_from<SequenceLayer> L>
DecodeFunction decode_function(const L& layers, std::function<Tensor(const Tensor&)> embed,
                               std::function<Tensor(const Tensor&)> head, Tensors extra = {},
                               Location where = Location::current()) {
  return decode_function(Part<SequenceLayer>(std::make_shared<const L>(layers)), std::move(embed),
                         std::move(head), std::move(extra), where);
}

struct GreedyOptions {
  std::int32_t start = 0;  ///< the id that the first step is given
  std::int32_t end = 1;    ///< the id that ends a sequence
  Index most = 0;          ///< how many ids a sequence has at most, its end included; needed
};

/// How the sum of the log probabilities of n ids, the end included, becomes a score: it is divided by
enum class LengthPenalty {
  simple,  ///< n^alpha
  gnmt     ///< ((5 + n) / 6)^alpha: Wu et al., "Google's neural machine translation system", 2016
};

struct BeamOptions {
  std::int32_t start = 0;  ///< the id that the first step is given
  std::int32_t end = 1;    ///< the id that ends a sequence
  Index most = 0;          ///< how many ids a sequence has at most, its end included; needed
  Index beams = 4;         ///< how many sequences are kept
  /// 0 scores by the sum, which prefers short sequences; 1 with the simple penalty by the mean.
  double alpha = 0;
  LengthPenalty penalty = LengthPenalty::gnmt;
};

/// Sequences that were found.
struct Decoded {
  Tensor ids;      ///< i32[batch, beams, most], without the start; from the end on, `end`
  Tensor lengths;  ///< i32[batch, beams]: ids before the end; `most` if it did not come
  Tensor scores;   ///< [batch, beams], the best first
};

/// Takes the most probable id at each step, the first of equal ones, until the end. The result has no axis
/// for beams: ids i32[batch, most], lengths i32[batch], and as scores [batch] the sums of log probabilities.
/// The batch is that of the first state; a decoder without any carries a tensor [batch, 1] along.
///
/// A scan of `most` steps: in a compiled function, the search is compiled. Throws Error for no states, a
/// `most` below 1 and ids outside of the classes, ShapeError for results of `step` that do not fit.
Decoded greedy_search(const DecodeFunction& step, const States& initial, const GreedyOptions& options,
                      Location where = Location::current());

/// Beam search: keeps at each step the best `beams` sequences of those kept so far, each with every next id.
/// One that has ended stays, with its score, as long as it is among the best. Sequences of different lengths
/// are compared by their scores, with the penalty for length. Where `beams` are enough for all sequences that
/// there are, it finds the best, and usually with far fewer. With one beam it is greedy_search, but for the
/// axis of beams.
///
/// `step` gets batch * beams rows, the beams of a sequence one behind the other; `initial` has one row per
/// sequence. A beam without a sequence, where fewer are possible, has a score of minus infinity, ids that are
/// all `end`, and length 0. A scan of
/// `most` steps and another one back over the choices: everything is a tensor, so in a compiled function the
/// search is compiled. Throws as greedy_search does, Error for fewer than one beam or a negative alpha.
Decoded beam_search(const DecodeFunction& step, const States& initial, const BeamOptions& options,
                    Location where = Location::current());

/// Each row of each tensor `times` times in a row: what a decoder reads from outside, for as many beams. The
/// batch is axis 0, as in what Attention::prepare returns. Throws ShapeError for scalars.
Tensors repeat_rows(const Tensors& xs, Index times, Location where = Location::current());

}  // namespace sluice::nn
