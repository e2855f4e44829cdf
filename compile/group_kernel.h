#pragma once

#include <sluice/compile/kernel.h>
#include <sluice/ops/elementwise.h>

#include <array>

namespace sluice {

/// A fusion group: elementwise ops over one shape that run tile by tile, all ops on a tile while it is in the
/// L1 cache. Values read only by ops of the group never leave that cache.
class GroupKernel final : public Kernel {
 public:
  /// Limit for the ops of a group: a tile of all their operands should stay in cache.
  static constexpr std::size_t most_instructions = 48;

  /// An operand or result of an op: an outside value (index of reads or writes), or a temporary of the group.
  struct Place {
    enum class Kind { read, written, temporary } kind;
    std::size_t index;
  };
  struct Instruction {
    std::shared_ptr<const Node> node;
    const ElementwiseOp* op;
    std::vector<Place> inputs;
    Place output;
  };

  /// `shape` is that of everything written. Values read broadcast to it.
  GroupKernel(const Shape& shape, std::vector<Instruction> instructions, const std::vector<Value>& read,
              const std::vector<Value>& written, int workers);
  /// The bytes of the temporaries of all workers; if not 0, the memory is temporaries[0].
  std::size_t work_bytes() const { return static_cast<std::size_t>(workers_) * bytes_of_worker(); }

  void bind(const Addresses& at) override;
  void run(const Addresses& at) override;
  bool may_overwrite(std::size_t read, std::size_t written) const override;
  bool may_throw() const override;  ///< true for integer division, for example
  std::string name() const override { return "elementwise"; }
  std::string details() const override;
  double flops() const override { return static_cast<double>(size_) * static_cast<double>(steps_.size()); }

 private:
  static constexpr std::size_t most_operands = ElementwiseOp::max_operands;
  static constexpr std::size_t most_addresses = most_instructions * (most_operands + 2);
  static constexpr std::size_t scratch_bytes = std::size_t{24} << 10;  // of an L1 cache of at least 32 KB
  static constexpr std::size_t line = 64;

  /// The addresses of a tile's operands: the values read, those written, then the temporaries.
  using Table = std::array<std::byte*, most_addresses>;

  /// The strides of an outside value: element (r, c) of the group is at the sum over axes of index * stride,
  /// the last axis being c.
  struct Operand {
    std::size_t value = 0;  // index of reads, or of writes
    Index element = 0;      // bytes
    Index column_stride = 0;
    std::array<Index, Shape::max_rank> row_strides{};  // of the leading axes
    Index row_stride = 0;                              // of consecutive rows, if constant
    bool regular = true;                               // whether row_stride is valid
    bool far = false;                                  // see Value
  };
  /// An operand of a step: its index in a tile's table.
  struct Source {
    std::size_t index = 0;
    Index element = 0;  // bytes
  };
  struct Step {
    const ElementwiseOp* op;
    const Node* node;
    DType dtype;
    std::size_t count;
    std::array<Source, most_operands> inputs;
    Source output;
    std::array<Index, most_operands> strides;
    bool by_row;  // operands are not contiguous across the ends of rows
  };

  struct Tile {
    Index row = 0;
    Index rows = 0;
    Index column = 0;
    Index columns = 0;
  };
  /// The table indices of far operands, each address once: a value computed in place is both read and
  /// written.
  struct Far {
    std::array<std::size_t, most_addresses> entries;
    std::size_t count = 0;
  };

  /// A step of a one-tile group whose addresses do not change.
  struct BoundStep {
    const Step* step;
    std::array<const void*, most_operands> from;
    void* to;
  };

  bool is_one_tile() const { return rows_ == 1 && columns_ <= tile_; }
  std::size_t bytes_of_worker() const {
    return (slots_ * static_cast<std::size_t>(slot_bytes_) + line - 1) / line * line;
  }
  std::byte* scratch(const Addresses& at, int worker) const {
    return temporaries.empty() ? nullptr
                               : at[temporaries[0]] + static_cast<std::size_t>(worker) * bytes_of_worker();
  }
  void plan_temporaries(const std::vector<Instruction>& instructions);
  Operand operand(std::size_t index, const Value& value) const;
  Index row_offset(const Operand& operand, Index row) const;
  std::byte* row_address(std::byte* const* table, const Source& source, Index row, Index r,
                         Index columns) const;
  const Operand& operand_at(std::size_t entry) const {
    return entry < reads_.size() ? reads_[entry] : writes_[entry - reads_.size()];
  }
  Far find_far(const Table& bases) const;
  void fetch(const Table& bases, const Far& far, const Tile& tile, Index begin, Index end) const;
  Table table_of(const Table& bases, const Tile& tile, std::byte* slots) const;
  Table bases_of(const Addresses& at) const;
  void add_slots(Table& table, std::byte* slots) const;
  static void compute(const Step& step, const void* const* from, void* to, Index n);
  void run_step(const Step& step, const Table& table, const Tile& tile) const;

  Shape shape_;
  Index size_;
  Index rows_;
  Index columns_;
  Index tile_ = 0;        // elements
  Index slot_bytes_ = 0;  // of a temporary
  std::size_t slots_ = 0;
  int workers_;
  std::vector<BoundStep> bound_;
  std::vector<Instruction> instructions_;
  std::vector<Operand> reads_;
  std::vector<Operand> writes_;
  std::vector<Step> steps_;
};

}  // namespace sluice
