#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "support/check_op.h"

namespace sluice::test {

using Labels = std::vector<std::int32_t>;

/// All paths of one sequence of logits [time, batch, classes], one by one, in long double: what CTC is by
/// definition.
class Paths {
 public:
  Paths(const Values& logits, Index b, Index steps, std::int32_t blank) : classes_(logits.shape[2]) {
    for (Index t = 0; t < steps; ++t) {
      long double total = 0;
      for (Index c = 0; c < classes_; ++c) total += std::exp(static_cast<long double>(logits.at({t, b, c})));
      for (Index c = 0; c < classes_; ++c)
        p_.push_back(std::exp(static_cast<long double>(logits.at({t, b, c}))) / total);
    }
    Labels path(static_cast<std::size_t>(steps), 0);
    do {
      add(path, blank);
    } while (advance(path));
  }

  /// -log of the probability of a labelling.
  double loss(const Labels& labels) const {
    const auto found = labellings_.find(labels);
    return found == labellings_.end() ? INFINITY : static_cast<double>(-std::log(found->second.probability));
  }

  /// Its gradient with respect to the logits [steps, classes]; zeros if there is no path.
  std::vector<double> slope(const Labels& labels) const {
    std::vector<double> slope(p_.size(), 0);
    const auto found = labellings_.find(labels);
    for (std::size_t i = 0; found != labellings_.end() && i < p_.size(); ++i)
      slope[i] = static_cast<double>(p_[i] - found->second.through[i] / found->second.probability);
    return slope;
  }

  /// The likeliest labelling.
  Labels best() const {
    Labels best;
    long double most = -1;
    for (const auto& [labels, found] : labellings_) {
      if (found.probability > most) best = labels, most = found.probability;
    }
    return best;
  }

  std::size_t count() const { return labellings_.size(); }

 private:
  struct Labelling {
    long double probability = 0;
    std::vector<long double> through;  ///< of paths through a class at a step, [steps, classes]
  };

  void add(const Labels& path, std::int32_t blank) {
    Labels labels;
    long double p = 1;
    std::int32_t before = blank;
    for (std::size_t t = 0; t < path.size(); ++t) {
      p *= p_[place(t, path[t])];
      if (path[t] != blank && path[t] != before) labels.push_back(path[t]);
      before = path[t];
    }
    Labelling& found = labellings_[labels];
    found.probability += p;
    found.through.resize(p_.size());
    for (std::size_t t = 0; t < path.size(); ++t) found.through[place(t, path[t])] += p;
  }

  /// The next path, in the order of numbers; false after the last one.
  bool advance(Labels& path) const {
    for (std::int32_t& c : path) {
      if (++c < classes_) return true;
      c = 0;
    }
    return false;
  }

  std::size_t place(std::size_t t, std::int32_t c) const {
    return t * static_cast<std::size_t>(classes_) + static_cast<std::size_t>(c);
  }

  Index classes_;
  std::vector<long double> p_;
  std::map<Labels, Labelling> labellings_;
};

/// All labellings of up to `most` labels.
inline std::vector<Labels> all_labellings(std::int32_t classes, std::int32_t blank, std::int32_t most) {
  std::vector<Labels> all = {{}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == static_cast<std::size_t>(most)) break;
    for (std::int32_t c = 0; c < classes; ++c) {
      if (c == blank) continue;
      Labels longer = all[i];
      longer.push_back(c);
      all.push_back(longer);
    }
  }
  return all;
}

}  // namespace sluice::test
