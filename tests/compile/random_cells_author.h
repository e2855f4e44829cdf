#pragma once

#include <sluice/ops/scan.h>

#include <random>
#include <vector>

namespace sluice::test {

/// A tensor and how large its elements can be. Keeps what is written from growing out of the range where
/// numbers can be compared.
struct Bounded {
  Tensor tensor;
  double bound = 1;
};
using Pool = std::vector<Bounded>;

/// Writes the equations of cells: each line takes values of a pool and adds what it computes to it. Values
/// are [batch, n]; weights are what the cell captures.
class CellAuthor {
 public:
  /// `jumps`: whether relu, max, comparisons and the like may be used, whose results or derivatives jump: in
  /// float32 another order of adding could be seen there. `table` is what ids are rows of.
  CellAuthor(unsigned seed, Tensors weights, Tensor table, bool jumps)
      : random_(seed), weights_(std::move(weights)), table_(std::move(table)), jumps_(jumps) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  /// A number in (-1, 1) that nothing else will be equal to.
  double number() { return (static_cast<double>(random_()) + 0.37) / 2147483648.0 - 1; }
  Tensor numbers(const Shape& shape, DType dtype);

  const Bounded& pick(const Pool& pool);
  /// Something of this shape, no larger than `bound`.
  Bounded like(const Pool& pool, const Spec& spec, double bound);
  /// `lines` more values. `depth`: how deeply scans may nest.
  void write(Pool& pool, std::size_t lines, int depth);
  /// The body of a scan, the same whenever it is called. Carries and xs are bounded by 2.
  ScanBody body(std::size_t lines, std::size_t ys, int depth, const Pool& outside);
  /// The body of a cell as most are: gates over x and h, and a state {h, c} made of them.
  ScanBody gated_body(std::size_t gates);
  /// x W for some weight that fits, or x itself.
  Bounded linear(const Bounded& x);
  /// The loop that scan is, with or without checkpoints, or written out step by step.
  Carried loop(const ScanBody& body, const Tensors& carry, const Tensors& xs, Index length);

 private:
  Tensor weight(Tensor w);
  Bounded unary(const Bounded& x);
  Bounded jumping(const Bounded& x, const Bounded& y);
  Bounded binary(const Bounded& x, const Bounded& y);
  Bounded reduced(const Bounded& x);
  Bounded moved(const Bounded& x, const Bounded& y);
  Bounded normalised(const Bounded& x);
  Bounded attended(const Bounded& query, const Bounded& value);
  Bounded nested(const Pool& pool, int depth);
  void gates(Pool& pool);
  Bounded tamed(Bounded x, double bound);

  std::mt19937 random_;
  Tensors weights_;  // the one used longest ago first, more or less
  Tensor table_;
  bool jumps_;
};

}  // namespace sluice::test
