#pragma once

#include <sluice/graph/tensor.h>

#include <cstdint>

namespace sluice::nn {

/// Labellings that were read from logits.
struct CtcLabels {
  Tensor ids;      ///< i32 [batch, time], or [batch, best, time]; after the end stands the fill
  Tensor lengths;  ///< i32 [batch], or [batch, best]: the number of labels
  Tensor scores;   ///< of the logits' dtype, the same shape: logarithms of probabilities, in nats
};

struct CtcGreedyOptions {
  Index blank = 0;         ///< the class that stands for no label
  std::int32_t fill = -1;  ///< what stands after the labels
};

/// Reads the most likely path: the largest of the logits at each step, the first of equal ones, with repeated
/// classes merged and blanks left out. Its score is the logarithm of the probability of that path alone: a
/// labelling of several paths may be likelier (see ctc_beam_search).
///
/// logits [time, batch, classes] of a floating dtype, or log-probabilities; lengths i32 [batch], the steps that
/// count. One op, which runs compiled; no gradient. A sequence with a step whose logits hold NaN or plus
/// infinity, or are all minus infinity, has no labels and the score NaN. Throws ShapeError for other shapes or
/// dtypes and a blank that is no class and, at run time, Error for a length outside of [0, time].
CtcLabels ctc_greedy(const Operand& logits, const Operand& lengths, const CtcGreedyOptions& options = {});

struct CtcBeamOptions {
  Index beams = 16;        ///< prefixes that are kept after each step
  Index blank = 0;         ///< the class that stands for no label
  Index best = 1;          ///< labellings to return, at most `beams`
  std::int32_t fill = -1;  ///< what stands after the labels
};

/// Reads the most likely labellings, best first, by a prefix beam search: of every prefix the probability of
/// all its paths, those that end in a blank and the others apart, and after each step only the likeliest
/// `beams` of them. With beams enough for all prefixes it is exact; fewer find probabilities that are too
/// small, never too large.
///
/// Arguments as for ctc_greedy. Where there are fewer than `best` labellings, the rest has no labels and the
/// score minus infinity. Computed on logarithms in double, whatever the dtype. One op, which runs compiled and
/// divides the sequences over threads; no gradient. Throws as ctc_greedy does, and Error unless 1 <= best <=
/// beams. Hannun, Maas, Jurafsky, Ng, "First-pass large vocabulary continuous speech recognition using
/// bi-directional recurrent DNNs", 2014.
CtcLabels ctc_beam_search(const Operand& logits, const Operand& lengths, const CtcBeamOptions& options = {});

}  // namespace sluice::nn
