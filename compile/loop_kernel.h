#pragma once

#include <sluice/compile/schedule.h>
#include <sluice/ops/scan_op.h>

namespace sluice {

/// The loop of a scan. Its body is a schedule of its own, one for each range of rows that a thread computes.
/// Pairs of values are (number outside, number inside the body).
class LoopKernel final : public Kernel {
 public:
  struct Binding {
    std::size_t outside;
    std::size_t inside;
    Index step_bytes;  ///< increment of the address per time step; 0 for captures
    Index row_bytes;   ///< of one row, if threads divide its rows; else 0
  };
  /// A carry is in `final` while the loop runs, unless its values at all steps are wanted: then they are
  /// computed in the stack, and a step reads what the previous one has written there.
  struct Carry {
    std::size_t initial = Value::none;  ///< none: it begins with zeros, and is not stacked
    std::size_t final = Value::none;
    std::size_t inside = Value::none;
    std::size_t next = Value::none;       ///< inside; only if stacked
    std::size_t stack_in = Value::none;   ///< outside: stack of the incoming carry
    std::size_t stack_out = Value::none;  ///< outside: stack of the outgoing carry
    Index bytes = 0;
    Index row_bytes = 0;

    bool stacked() const { return stack_in != Value::none || stack_out != Value::none; }
  };
  struct Pack {
    std::size_t source;
    std::size_t packed;  ///< outside
    std::size_t inside;
    bool transpose;
    Index inner;
    Index columns;
    Value value;  ///< of the source
  };
  struct Chunk {
    Schedule body;
    Index first = 0;  ///< row
    Index rows = 1;
    std::size_t scratch = Value::none;
  };

  LoopKernel(std::shared_ptr<const Node> node, const ScanOp& scan);
  void run(const Addresses& at) override;
  bool may_overwrite(std::size_t read, std::size_t written) const override;
  std::string name() const override { return "loop"; }
  std::string details() const override;
  double flops() const override;
  void set_profiling(bool on) override;
  void add_lines(Profile& profile, int depth, double calls) const override;

  std::vector<Binding> captures;
  std::vector<Binding> moving;  ///< xs and ys
  std::vector<Carry> carries;
  std::vector<Pack> packs;
  std::vector<Chunk> chunks;

 private:
  void run_chunk(Chunk& chunk, const Addresses& at, const detail::LoopStep* outer);
  void begin_carries(const Chunk& chunk, const Addresses& at) const;
  void end_carries(const Chunk& chunk, const Addresses& at) const;
  void bind_carries(Chunk& chunk, Index step, const Addresses& at) const;

  std::shared_ptr<const Node> node_;
  const ScanOp& scan_;
};

}  // namespace sluice
