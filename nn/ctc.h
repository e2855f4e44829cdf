#pragma once

#include <sluice/nn/loss.h>
#include <sluice/ops/ctc_loss.h>

namespace sluice::nn {

using sluice::Infeasible;

struct CtcOptions {
  Index blank = 0;  ///< the class that stands for no label, any of 0..classes-1
  /// The loss of sequences that are too short for their targets: infinity, or 0, which skips them. Their
  /// gradient is 0 either way.
  Infeasible infeasible = Infeasible::infinity;
  Reduction reduction = Reduction::mean;
};

/// Connectionist temporal classification: how unlikely each target is, whichever steps its labels are at, in
/// nats.
///
///   loss_b = -log sum_path prod_t softmax(logits[t, b])[path[t]]
///
/// over the paths that become the target once repeated classes are merged and blanks are left out: ctc_loss of
/// ops/ctc_loss.h, which says more. logits [time, batch, classes]; log-probabilities, which PyTorch asks for,
/// are logits too, and give the same loss. targets i32 [batch, most], padded with anything; input_lengths
/// and target_lengths i32 [batch].
///
/// The mean is PyTorch's: each loss is divided by the length of its target, at least 1, then the mean is
/// taken over the batch, skipped sequences included; the sum and none are of the losses as they are. Throws as
/// ctc_loss does. Graves, Fernandez, Gomez, Schmidhuber, "Connectionist temporal classification: labelling
/// unsegmented sequence data with recurrent neural networks", 2006.
Tensor ctc_loss(const Operand& logits, const Operand& targets, const Operand& input_lengths,
                const Operand& target_lengths, const CtcOptions& options = {});

}  // namespace sluice::nn
