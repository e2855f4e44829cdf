#include <sluice/nn/adaptive_softmax.h>
#include <sluice/nn/init.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/linear_cross_entropy.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/random.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/where.h>
#include <sluice/nn/reduce.inl>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace sluice::nn {

namespace {

void require_cutoffs(Index classes, const std::vector<Index>& cutoffs) {
  Index before = 0;
  for (const Index cutoff : cutoffs) {
    if (cutoff <= before || cutoff >= classes) {
      throw Error(
          fmt::format("[adaptive_softmax] cutoffs rise, from 1 or more to {} at most: got {} for {} classes; "
                      "take AdaptiveSoftmax::good_cutoffs({})",
                      classes - 1, cutoffs, classes, classes));
    }
    before = cutoff;
  }
}

/// The length of the vectors of cluster i.
Index length_in_cluster(Index in, double div_value, std::size_t i) {
  const double length = std::floor(static_cast<double>(in) / std::pow(div_value, static_cast<double>(i + 1)));
  if (div_value >= 1 && length >= 1) return static_cast<Index>(length);
  throw Error(fmt::format(
      "[adaptive_softmax] div_value is at least 1, and in / div_value^{} too, which is the length "
      "of the vectors of cluster {}: got div_value {} and in {}; choose a smaller one or fewer "
      "cutoffs",
      i + 1, i, div_value, in));
}

}  // namespace

AdaptiveSoftmax::AdaptiveSoftmax(Index in, Index classes, std::vector<Index> cutoffs, const Tensor& key,
                                 const AdaptiveSoftmaxOptions& options, Location where)
    : classes_(classes), cutoffs_(std::move(cutoffs)) {
  const sluice::detail::Call call("adaptive_softmax", where);
  if (in < 1 || classes < 1) {
    throw Error(
        fmt::format("[adaptive_softmax] sizes are at least 1: got {} in and {} classes; pass positive sizes",
                    in, classes));
  }
  require_cutoffs(classes, cutoffs_);
  int uses = 0;
  const auto first = [&](const Shape& shape, Index length) {
    const double bound = 1 / std::sqrt(static_cast<double>(length));
    const Tensor own = random::fold_in(key, uses++);
    const init::Initializer rule = options.init ? options.init : init::uniform(-bound, bound);
    return Variable(init::first_value(rule, shape, own, options.dtype));
  };
  const Index scores = shortlist() + static_cast<Index>(cutoffs_.size());
  head = first(Shape({scores, in}, where), in);
  if (options.head_bias) head_bias = first({scores}, in);
  for (std::size_t i = 0; i < cutoffs_.size(); ++i) {
    const Index end = i + 1 < cutoffs_.size() ? cutoffs_[i + 1] : classes_;
    const Index length = length_in_cluster(in, options.div_value, i);
    projections.push_back(first(Shape({in, length}, where), in));
    tails.push_back(first(Shape({end - cutoffs_[i], length}, where), length));
  }
}

std::vector<Index> AdaptiveSoftmax::good_cutoffs(Index classes, Location where) {
  const sluice::detail::Call call("good_cutoffs", where);
  if (classes < 1)
    throw Error(fmt::format("[good_cutoffs] there is at least 1 class: got {}; pass their number", classes));
  if (classes <= 8000) return {};
  if (classes <= 100000) return {2000, std::max<Index>(5000, classes / 10)};
  return {2000, classes / 10, 2 * (classes / 5)};
}

void AdaptiveSoftmax::require_rows(const Tensor& h, const Tensor* classes) const {
  detail::require_made("adaptive_softmax", head);
  const bool fits = h.defined() && h.rank() > 0 && h.dim(-1) == in() && h.dtype() == head.dtype();
  const bool classes_fit =
      classes == nullptr || (fits && classes->defined() && classes->dtype() == DType::int32 &&
                             classes->shape() == h.shape().erased(h.rank() - 1));
  if (fits && classes_fit) return;
  const auto text = [](const Tensor& t) { return t.defined() ? t.spec().text() : "an undefined tensor"; };
  const std::string got = text(h) + (classes == nullptr ? "" : " and " + text(*classes));
  throw ShapeError(
      fmt::format("[adaptive_softmax] takes h {}[..., {}]{}: got {}; reshape or cast {}, or make the module "
                  "with the length and dtype of h",
                  name_of(head.dtype()), in(), classes == nullptr ? "" : " and a class i32[...] for each row",
                  got, classes == nullptr ? "it" : "one of them"));
}

Tensor AdaptiveSoftmax::loss(const Tensor& h, const Tensor& classes, const AdaptiveLossOptions& options,
                             Location where) const {
  const sluice::detail::Call call("adaptive_softmax", where);
  require_rows(h, &classes);
  const Tensor mask = detail::mask_of("adaptive_softmax", options.mask, classes.shape());
  // Rows that do not count have the ignored class, or a number that no class of the others has.
  std::optional<std::int32_t> ignored = options.ignore_index;
  Tensor ids = classes;
  if (mask.defined()) {
    constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
    if (!ignored) ids = maximum(ids, lowest + 1);
    if (!ignored) ignored = lowest;
    ids = sluice::where(mask, ids, *ignored);
  }
  sluice::detail::ClassPart part;
  part.total = classes_;
  part.ignored = ignored;
  part.names = {
      "adaptive_softmax", "classes",
      "correct it, make the module with more classes, or leave such rows out by ignore_index or a mask"};
  Tensor losses;
  Tensor entries = ids;  // in the head
  for (std::size_t i = 0; i < tails.size(); ++i) {
    part.first = cutoffs_[i];
    const Tensor of_cluster =
        sluice::detail::linear_cross_entropy(matmul(h, projections[i]), tails[i], ids, Tensor(), part);
    losses = i == 0 ? of_cluster : losses + of_cluster;
    entries = sluice::where(ids < cutoffs_[i], entries, shortlist() + static_cast<Index>(i));
  }
  // The head, too, refuses what is no class: its gradient may be all that is computed.
  if (!tails.empty()) entries = sluice::where(ids < classes_, entries, ids);
  part.first = 0;
  Tensor counted;
  if (ignored) {
    counted = not_equal(ids, *ignored);
    // An entry of the head may have the number of the ignored class; none has that of the entry behind all. If
    // that is no class, clusters have one class each: entries are numbered as the classes are.
    if (head.shape()[0] < classes_) {
      part.ignored = static_cast<std::int32_t>(head.shape()[0]);
      entries = sluice::where(counted, entries, *part.ignored);
    }
  }
  const Tensor of_head = sluice::detail::linear_cross_entropy(
      h, head, entries, head_bias.defined() ? Tensor(head_bias) : Tensor(), part);
  losses = losses.defined() ? of_head + losses : of_head;
  return detail::reduce(losses, counted, options.reduction);
}

Tensor AdaptiveSoftmax::log_probabilities(const Tensor& h, Location where) const {
  const sluice::detail::Call call("adaptive_softmax", where);
  require_rows(h, nullptr);
  const Tensor scores = matmul(h, head, {.transpose_b = true});
  const Tensor of_head = log_softmax(head_bias.defined() ? scores + head_bias : scores);
  if (tails.empty()) return of_head;
  Tensors parts{slice(of_head, -1, 0, shortlist())};
  for (std::size_t i = 0; i < tails.size(); ++i) {
    const Tensor own = log_softmax(matmul(matmul(h, projections[i]), tails[i], {.transpose_b = true}));
    const Index entry = shortlist() + static_cast<Index>(i);
    parts.push_back(own + slice(of_head, -1, entry, entry + 1));
  }
  return concat(parts, -1);
}

void AdaptiveSoftmax::members(const Members& m) const {
  m("head", head);
  if (head_bias.defined()) m("head_bias", head_bias);
  m("projections", projections);
  m("tails", tails);
}

}  // namespace sluice::nn
