#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// What the loss of a sequence is whose target cannot be aligned with it, or has the probability zero. Its
/// gradient is zero either way.
enum class Infeasible {
  infinity,
  zero,  ///< such sequences are skipped
};

struct CtcLossOptions {
  Index blank = 0;  ///< the class that stands for no label, any of 0..classes-1
  Infeasible infeasible = Infeasible::infinity;
};

/// Connectionist temporal classification: how unlikely a labelling is, in nats, if nobody knows at which step
/// which label is. One number for each sequence of a batch:
///
///   y[b] = -log sum_path prod_t p[t, b, path[t]],   p = softmax(logits) over the classes
///
/// The sum is over all paths of input_lengths[b] classes that become the target once repeated classes are
/// merged and blanks are left out. So labels that repeat need a blank between them, and a target of m labels,
/// r of them equal to the one before, needs m + r steps. An empty target is all blanks; without any step it
/// costs 0.
///
/// logits [time, batch, classes] of a floating dtype, targets i32 [batch, most] of which the first
/// target_lengths[b] count, input_lengths and target_lengths i32 [batch] -> y [batch]. Log-probabilities are
/// logits too: log_softmax leaves them as they are. What stands beyond the lengths, in logits (NaN too) and
/// in targets, changes nothing.
///
/// Gradient: dy (p - q), where q is the probability of each class at each step given the target, from the
/// forward-backward algorithm. It is exactly zero beyond the lengths, for infeasible targets and where dy is
/// zero. There is no second derivative: asking for it is an Error. Computed on logarithms, in units of the
/// most likely state at each step, over the states that lie between the beginning and the end: no logit is
/// too large, and one of minus infinity forbids a class. A step whose logits hold NaN or plus infinity, or are
/// all minus infinity, makes the loss of its sequence NaN, and its gradient, unless it is infeasible by then. The bits are the same for any
/// number of threads, which divide the sequences.
///
/// Throws ShapeError for other shapes or dtypes, no classes and a blank that is none of them and, at run time,
/// Error for a label that is not in 0..classes-1 or is the blank, and for lengths that exceed their axis or are
/// negative. Graves, Fernandez, Gomez, Schmidhuber, "Connectionist temporal classification: labelling
/// unsegmented sequence data with recurrent neural networks", 2006.
Tensor ctc_loss(const Operand& logits, const Operand& targets, const Operand& input_lengths,
                const Operand& target_lengths, const CtcLossOptions& options = {});

}  // namespace sluice
