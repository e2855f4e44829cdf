#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/module.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::nn {

struct AdaptiveSoftmaxOptions {
  double div_value = 4;    ///< by which the vectors of each cluster are shorter than those of the one before
  bool head_bias = false;  ///< adds a bias to the scores of the head
  /// Of all weights; if undefined, U(-1/sqrt(n), 1/sqrt(n)) with n the length of the vectors that they are
  /// multiplied with.
  init::Initializer init = {};
  DType dtype = DType::float32;
};

struct AdaptiveLossOptions {
  /// Rows of this class, such as padding, are excluded from the loss and from the mean's denominator.
  std::optional<std::int32_t> ignore_index = {};
  Tensor mask = {};  ///< which rows count, a bool of the shape of the classes or of their leading axes
  Reduction reduction = Reduction::mean;
};

/// The last layer of a model with so many classes, such as words, that a score for each is too much work.
/// Classes are numbered by falling frequency. Cutoffs divide them into a shortlist, 0..cutoffs[0]-1, and
/// clusters, cutoffs[i]..cutoffs[i+1]-1, the last one up to classes - 1. The head gives a score to each class
/// of the shortlist and to each cluster; the classes of a cluster share its probability, by scores of vectors
/// that are shorter the rarer they are:
///
///   log p(c) = log softmax(h head^T + head_bias)[c]                                    in the shortlist
///   log p(c) = log softmax(h head^T + head_bias)[cutoffs[0] + i]
///              + log softmax((h projections[i]) tails[i]^T)[c - cutoffs[i]]            in cluster i
///
/// Grave et al., "Efficient softmax approximation for GPUs", 2017; torch.nn.AdaptiveLogSoftmaxWithLoss with
/// the same options, whose tail[i][0].weight is projections[i] transposed. The probabilities of all classes
/// sum to one. A row costs the head and its own cluster in training, however many classes there are; the time
/// of the head is a matter of the cutoffs (see good_cutoffs). Without cutoffs it is a linear layer without the
/// scores in memory.
class AdaptiveSoftmax : public Module {
 public:
  /// `in` is the length of the vectors h. Throws Error for sizes below 1, cutoffs that do not rise from
  /// 1 or more to classes - 1 or less, and where the vectors of a cluster, in / div_value^(i + 1) rounded
  /// down, would have no elements.
  AdaptiveSoftmax(Index in, Index classes, std::vector<Index> cutoffs, const Tensor& key,
                  const AdaptiveSoftmaxOptions& options = {}, Location where = Location::current());

  /// Cutoffs that make a training step quick for this many classes with frequencies like those of words (the
  /// n-th has a share of 1/n): a shortlist of 2,000 and clusters up to a tenth of the classes, at least 5,000,
  /// and up to all of them; none for up to 8,000 classes. bench/adaptive_softmax.cpp measures them. More
  /// clusters are quicker still, but the vectors of the last get very short. Throws Error for fewer than 1.
  static std::vector<Index> good_cutoffs(Index classes, Location where = Location::current());

  /// -log p(class) in nats, of each row of h [..., in] at its class, i32 [...], reduced. The mean is over rows
  /// that are not ignored, 0 if all are. Throws ShapeError for other shapes or dtypes and, at run time, Error
  /// for a class that is neither in 0..classes-1 nor left out.
  Tensor loss(const Tensor& h, const Tensor& classes, const AdaptiveLossOptions& options = {},
              Location where = Location::current()) const;

  /// log p of all classes: h [..., in] -> [..., classes], to sample from or to compare. It costs what the
  /// scores of all clusters cost. Throws ShapeError if the last axis of h is not `in` or its dtype is another.
  Tensor log_probabilities(const Tensor& h, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Index in(Location where = Location::current()) const { return head.shape(where)[1]; }
  Index classes() const { return classes_; }
  const std::vector<Index>& cutoffs() const { return cutoffs_; }

  Variable head;                      ///< [shortlist + clusters, in]
  Variable head_bias;                 ///< [shortlist + clusters]; undefined unless options.head_bias is set
  std::vector<Variable> projections;  ///< [in, n], with n = in / div_value^(i + 1), of each cluster
  std::vector<Variable> tails;        ///< [classes of the cluster, n]

 private:
  void require_rows(const Tensor& h, const Tensor* classes) const;
  Index shortlist() const { return cutoffs_.empty() ? classes_ : cutoffs_.front(); }

  Index classes_;
  std::vector<Index> cutoffs_;
};

}  // namespace sluice::nn
