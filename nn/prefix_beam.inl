#pragma once

#include <sluice/graph/shape.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sluice::nn::detail {

/// The prefix beam search of one sequence, step by step, on memory from the caller.
///
/// Prefixes are the nodes of a tree, one for each that was ever kept, so that a prefix that is reached in two
/// ways is found to be one. A kept prefix has two numbers: the probability of its paths that end in a blank,
/// and of those that end in its last label.
class PrefixBeam {
 public:
  /// Begins with the empty prefix. `memory` has bytes() bytes, aligned like a double.
  PrefixBeam(Index time, Index classes, Index beams, Index blank, std::byte* memory)
      : classes_(classes), beams_(beams), blank_(blank) {
    const Memory own = divide(time, classes, beams, memory);
    nodes_ = own.nodes;
    kept_ = own.kept;
    stayed_ = own.stayed;
    choices_ = own.choices;
    reach_ = own.reach;
    scores_ = own.scores;
    nodes_[node_count_++] = Node{};
    nodes_[0].place = 0;
    kept_[count_++] = {0, 0.0, none};
  }

  static std::size_t bytes(Index time, Index classes, Index beams) {
    return divide(time, classes, beams, nullptr).bytes;
  }

  /// Where the caller writes the logarithms of the probabilities of all classes before a step.
  double* scores() { return scores_; }

  void step() {
    extend();
    const Index chosen = choose();
    for (Index i = 0; i < count_; ++i) nodes_[kept_[i].node].place = -1;
    for (Index i = 0; i < chosen; ++i) {
      const Choice& choice = choices_[i];
      const Prefix& from = stayed_[choice.from];
      kept_[i] = choice.label < 0 ? from : Prefix{child(from.node, choice.label), none, choice.score};
      nodes_[kept_[i].node].place = static_cast<std::int32_t>(i);
    }
    count_ = chosen;
  }

  /// Of the kept prefixes, the likeliest first.
  Index count() const { return count_; }
  double score(Index i) const { return kept_[i].total(); }
  Index length(Index i) const { return nodes_[kept_[i].node].length; }
  void labels(Index i, std::int32_t* to) const {
    std::int32_t node = kept_[i].node;
    for (Index at = length(i); at > 0; node = nodes_[node].parent) to[--at] = nodes_[node].label;
  }

 private:
  static constexpr double none = -std::numeric_limits<double>::infinity();

  struct Node {
    std::int32_t parent = -1;
    std::int32_t label = -1;
    std::int32_t length = 0;
    std::int32_t first_child = -1;
    std::int32_t sibling = -1;
    std::int32_t place = -1;  ///< among those that are kept
  };

  static double add(double a, double b) {
    const double most = std::max(a, b);
    return most == none ? none : most + std::log1p(std::exp(std::min(a, b) - most));
  }

  struct Prefix {
    std::int32_t node;
    double blank;  ///< logarithms, as all probabilities here
    double label;
    double total() const { return add(blank, label); }
  };

  /// A kept prefix that stays, or goes on by a label.
  struct Choice {
    double score;
    std::int32_t from;
    std::int32_t label;  ///< -1: stays

    /// The likelier comes first; equal ones in a fixed order.
    bool operator<(const Choice& other) const {
      if (score != other.score) return score > other.score;
      return from != other.from ? from < other.from : label < other.label;
    }
  };

  struct Memory {
    Node* nodes = nullptr;
    Prefix* kept = nullptr;
    Prefix* stayed = nullptr;
    Choice* choices = nullptr;
    double* reach = nullptr;
    double* scores = nullptr;
    std::size_t bytes = 0;
  };

  static Memory divide(Index time, Index classes, Index beams, std::byte* memory) {
    Memory own;
    const auto take = [&]<class T>(T*& to, Index count) {
      if (memory != nullptr) to = reinterpret_cast<T*>(memory + own.bytes);
      own.bytes += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    };
    take(own.nodes, 1 + time * beams);
    take(own.kept, beams);
    take(own.stayed, beams);
    take(own.choices, beams * (classes + 1));
    take(own.reach, beams * classes);
    take(own.scores, classes);
    return own;
  }

  /// Writes what prefixes that stay have after the step to stayed_, of each that goes on by a label to reach_.
  /// One that goes on to a prefix that is kept adds to it.
  void extend() {
    for (Index i = 0; i < count_; ++i) {
      const Prefix& prefix = kept_[i];
      const std::int32_t last = nodes_[prefix.node].label;
      const double total = prefix.total();
      stayed_[i] = {prefix.node, total + scores_[blank_], last < 0 ? none : prefix.label + scores_[last]};
      double* reach = reach_ + i * classes_;
      for (Index c = 0; c < classes_; ++c) reach[c] = total + scores_[c];
      if (last >= 0) reach[last] = prefix.blank + scores_[last];
      reach[blank_] = none;
    }
    for (Index i = 0; i < count_; ++i) {
      const Node& node = nodes_[kept_[i].node];
      const std::int32_t from = node.parent < 0 ? -1 : nodes_[node.parent].place;
      if (from < 0) continue;
      double& reached = reach_[from * classes_ + node.label];
      stayed_[i].label = add(stayed_[i].label, reached);
      reached = none;
    }
  }

  /// Sorts the likeliest choices to the front; returns how many there are.
  Index choose() {
    Index all = 0;
    for (Index i = 0; i < count_; ++i) {
      const auto from = static_cast<std::int32_t>(i);
      const double stays = stayed_[i].total();
      if (stays > none) choices_[all++] = {stays, from, -1};
      for (Index c = 0; c < classes_; ++c) {
        const double score = reach_[i * classes_ + c];
        if (score > none) choices_[all++] = {score, from, static_cast<std::int32_t>(c)};
      }
    }
    const Index chosen = std::min(all, beams_);
    std::partial_sort(choices_, choices_ + chosen, choices_ + all);
    return chosen;
  }

  /// The prefix that goes on by a label, which may have been there before.
  std::int32_t child(std::int32_t node, std::int32_t label) {
    for (std::int32_t at = nodes_[node].first_child; at >= 0; at = nodes_[at].sibling) {
      if (nodes_[at].label == label) return at;
    }
    const std::int32_t made = node_count_++;
    nodes_[made] = {node, label, nodes_[node].length + 1, -1, nodes_[node].first_child, -1};
    nodes_[node].first_child = made;
    return made;
  }

  const Index classes_;
  const Index beams_;
  const Index blank_;
  Node* nodes_;
  Prefix* kept_;
  Prefix* stayed_;  ///< the same prefixes after the step
  Choice* choices_;
  double* reach_;   ///< [kept prefixes, classes]
  double* scores_;  ///< [classes]
  std::int32_t node_count_ = 0;
  Index count_ = 0;
};

}  // namespace sluice::nn::detail
